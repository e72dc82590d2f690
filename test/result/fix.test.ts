/** `--fix N`: work whose checks fail goes back to its agent with what they said, and no further than N times. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sandbox } from "../support/sandbox.ts";

const agent = [
  "--exec",
  "--",
  "sh",
  "-c",
  'if [ -n "$COPSE_ANSWER" ]; then printf "%s" "$COPSE_ANSWER" > told.txt; echo "$WISH" > f.txt; else echo bad > f.txt; fi',
];
const verify = ["--verify", 'echo "expected good, found $(cat f.txt)"; grep -q good f.txt'];

for (const [name, wish, fix, status, attempts] of [
  ["mended at the first try: verified", "good", "2", "verified", 2],
  ["never mended: completed with failed checks, after N rounds", "worse", "2", "failed", 3],
  ["without --fix it is as it was", "good", "0", "failed", 1],
] as const)
  test(name, async () => {
    const box = await sandbox();
    try {
      const ran = await box.copse(["run", "-l", "docs", "--fix", fix, ...verify, ...agent], { env: { WISH: wish } });
      assert.is(ran.code, status === "verified" ? 0 : 1, ran.stdout + ran.stderr);
      const task = await box.task("docs");
      assert.equal([task.state, task.verify.status, task.attempt], ["completed", status, attempts]);
      assert.is(task.notes.length, attempts - 1, task.notes.join("\n"));
      if (attempts > 1) {
        assert.match(task.notes[0], /grep -q good f\.txt` failed and was sent back to its agent \(1 of 2\)/);
        const told = box.git(["show", "copse/docs:told.txt"]);
        assert.match(told, /exited 1\. The end of what it printed:\n\n```text\nexpected good, found (?:bad|worse)\n```/);
        assert.is(told.includes("found bad"), attempts === 2, "the last one is told of the last check");
        assert.match((await box.copse(["show", "docs"])).stdout, /its agent is asked to mend it/);
      }
    } finally {
      await box.close();
    }
  });

test("a number that is none is refused", async () => {
  const box = await sandbox();
  try {
    for (const n of ["-1", "many"]) assert.is((await box.copse(["run", "-b", "--fix", n, ...agent])).code, 2);
  } finally {
    await box.close();
  }
});

test.run();
