/** `copse deps` from outside, with the real npm, as far as it is quick; campaigns of some length are in test/soak/. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sandbox } from "../support/sandbox.ts";
import { outdated } from "../support/updates.ts";

test("it lists what a target allows, tries nothing, and says why the rest is not tried; a red baseline stops it", async () => {
  const box = await outdated({ names: ["one", "zero"], conflicts: [[]] });
  try {
    box.registry.add("one", "2.0.0");
    box.registry.add("zero", "1.1.1-beta.1");
    const { updates, left } = await box.json(["deps", "--dry-run", "--ignore", "z*"]);
    assert.equal(
      updates.map(({ name, from, to, kind, link }: any) => [name, from, to, kind, link]),
      [["one", "1.0.0", "1.1.0", "minor", "https://example.com/one"]],
    );
    assert.equal(
      left.map(({ name, why }: any) => [name, why]),
      [
        ["zero", "ignored"],
        ["one", "2.0.0 is beyond what minor allows"],
      ],
    );
    const red = await box.copse(["deps"]);
    assert.is(red.code, 1);
    assert.match(red.stderr, /the project's own checks fail without any update: `npm test` exited 1; nothing was kept\n {2}not ok/);
    const tested = readFileSync(box.tested, "utf8").split("\n").slice(0, -1);
    assert.is(tested.filter((line) => line === "").length, 1, "the test ran once with nothing new");
    assert.ok(
      tested.every((line) => ["", "one,zero"].includes(line)),
      "nothing but all at once was begun beside it",
    );
    assert.is(box.git(["branch", "--list", "copse/*"]), "");
    assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1);
  } finally {
    await box.close();
  }
});

test("what it cannot do is refused, with what to do instead", async () => {
  const box = await sandbox({ "a.txt": "a\n" });
  try {
    const none = await box.json(["deps"]);
    assert.is(none.error.code, "FILE_NOT_FOUND");
    const commit = (files: Record<string, string>) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(box.repo, name), text);
      box.git(["add", "-A"]);
      box.git(["commit", "-q", "-m", "more"]);
    };
    commit({ "package.json": '{"name":"x","version":"1.0.0"}\n' });
    const unchecked = await box.json(["deps"]);
    assert.is(unchecked.error.code, "USAGE");
    assert.match(unchecked.error.hint, /--verify/);
    commit({ "bun.lock": "" });
    const bun = await box.json(["deps"]);
    assert.is(bun.error.code, "NOT_YET");
    assert.match(bun.error.message, /managed by bun, which copse deps does not know yet/);
    assert.is((await box.copse(["deps", "--limit", "x"])).code, 2);
  } finally {
    await box.close();
  }
});

test.run();
