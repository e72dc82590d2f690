/** Bounds: a run that costs too much or takes too long is ended with everything it started, and what it did is kept on its branch. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, processesOf, sandbox } from "../support/sandbox.ts";

for (const [flag, value, code, exit] of [
  ["--max-cost", "0.35", "COST_LIMIT", 1],
  ["--timeout", "2s", "TIMED_OUT", 124],
] as const) {
  test(`${flag} ends the agent's whole process group, and its changes are on the branch`, async () => {
    const box = await sandbox();
    try {
      const ran = await box.copse(["run", "-l", "bounded", flag, value, "--exec", "--", agent("spends.sh")]);
      assert.is(ran.code, exit, ran.stdout + ran.stderr);
      const task = await box.task("bounded");
      assert.is(task.state, "failed");
      assert.is(task.failure.code, code);
      assert.match(task.failure.message, /its changes are kept/);
      assert.match(box.git(["show", "copse/bounded:work.txt"]), /^begun\n1\n2\n/);
      assert.is(box.git(["status", "--porcelain"], task.worktree), "");
      const left = processesOf(box.dir).filter((pid) => pid !== 0);
      assert.ok(left.length <= 1, `only the runner may live, found ${left.length} processes`);
    } finally {
      await box.close();
    }
  });
}

test("an amount or a time that is none is refused before anything is written", async () => {
  const box = await sandbox();
  try {
    for (const args of [
      ["--max-cost", "much"],
      ["--max-cost", "0"],
      ["--timeout", "soon"],
      ["--notify", "sometimes"],
    ]) {
      const ran = await box.copse(["run", "-b", ...args, "a prompt for nobody"]);
      assert.is(ran.code, 2, args.join(" "));
      assert.match(ran.stderr, /Example/);
    }
    assert.equal((await box.json(["tasks"])).tasks, []);
  } finally {
    await box.close();
  }
});

test.run();
