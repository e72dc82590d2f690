import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, sandbox } from "./support/sandbox.ts";

test("a task in the background ends on its branch, with a report", async () => {
  const box = await sandbox();
  try {
    const run = await box.copse(["run", "-b", "-l", "first", "--exec", "--", agent("works.sh")]);
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stdout, /first/);
    assert.is((await box.copse(["wait", "first"])).code, 0);
    const task = await box.task("first");
    assert.is(task.state, "completed");
    assert.is(task.result.outcome, "changes");
    assert.is(box.git(["show", "copse/first:result.md"]), "by first\n");
    assert.is(box.git(["status", "--porcelain"]), "");
    assert.ok(existsSync(task.result.report));
    assert.match(readFileSync(task.result.report, "utf8"), /Completed/);
  } finally {
    await box.close();
  }
});

test.run();
