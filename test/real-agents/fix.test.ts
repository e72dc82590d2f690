/** Claude Code's work whose checks fail goes back to the same session, with what they said. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { text, toolUse, turn, userTexts } from "../support/messages-api.ts";
import { world } from "./world.ts";

test("the failing output is the session's next prompt, and the mended work is verified", async () => {
  const box = await world((body) => {
    const told = userTexts(body).at(-1) ?? "";
    const content = told.includes("expected good, found bad") ? "good\n" : "bad\n";
    return turn(body) % 2 === 0
      ? toolUse("Write", { file_path: join(box.tree("docs"), `${content.trim()}.txt`), content })
      : text(`Wrote ${content}`);
  });
  try {
    await box.copse([
      "run",
      "-b",
      "-l",
      "docs",
      "--fix",
      "1",
      "--verify",
      'echo "expected good, found bad"; test -f good.txt',
      "Write the file",
    ]);
    const done = await box.until("docs", "completed");
    assert.equal([done.verify.status, done.attempt], ["verified", 2], JSON.stringify(done.notes));
    assert.match(done.notes.join(), /sent back to its agent \(1 of 1\)/);
    assert.is(box.git(["show", "copse/docs:good.txt"]), "good\n");
  } finally {
    await box.close();
  }
});

test.run();
