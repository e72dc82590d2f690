/** What cannot be done as things are: not found, taken, ambiguous, not here. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, refused, sleeps, writes } from "./support.ts";

inBox("what does not exist ends with 3", async (box) => {
  assert.is((await box.copse(["run", "-b", "-l", "docs", ...writes])).code, 0);
  for (const verb of ["show", "logs", "stop", "retry", "wait", "attach"])
    refused(await box.copse([verb, "dosc"]), 3, /no task is named "dosc"/, /Did you mean docs\?/);
  refused(await box.copse(["show", "zzzzzz"]), 3, /no task is named/, /copse tasks --all/);
  refused(await box.copse(["logs", "docs", "--run", "9"]), 3, /no run 9/, /copse show docs/);
  refused(await box.copse(["run", "--base", "nowhere", ...writes]), 3, /nowhere/);
  refused(await box.copse(["run", "--prompt-file", "missing.md"]), 3, /missing\.md/);
  refused(await box.copse(["run", "--agent", "gpt-99", "do it"]), 3, /no agent is named "gpt-99"/, /agents\.gpt-99\.command/);
  refused(await box.copse(["run", "--exec", "--", "no-such-program"]), 3, /"no-such-program" is not on your PATH/);
});

inBox("a label or a branch that is taken, and a beginning that fits several, end with 4", async (box) => {
  assert.is((await box.copse(["run", "-b", "-l", "docs-a", ...sleeps])).code, 0);
  refused(await box.copse(["run", "-b", "-l", "docs-a", ...sleeps]), 4, /docs-a/);
  assert.is((await box.copse(["run", "-b", "-l", "docs-b", ...sleeps])).code, 0);
  refused(await box.copse(["show", "docs"]), 4, /could be any of docs-a, docs-b/, /its id/);
  assert.is((await box.copse(["show", "docs-b"])).code, 0);
  box.git(["branch", "copse/taken"]);
  refused(await box.copse(["run", "-b", "-l", "taken", ...sleeps]), 4, /copse\/taken/);
  assert.is((await box.copse(["stop", "docs-a", "docs-b"])).code, 0);
  refused(await box.copse(["stop", "docs-a"]), 4, /docs-a/);
  assert.is((await box.copse(["run", "-b", "-l", "docs-c", ...sleeps])).code, 0);
  const part = await box.copse(["stop", "docs-c", "nothing", "--json"]);
  assert.is(part.code, 3, "one bad name does not keep the other from being stopped");
  const { tasks, error } = JSON.parse(part.stdout);
  assert.equal([tasks[0].label, tasks[0].state, error.code], ["docs-c", "stopped", "TASK_NOT_FOUND"]);
});

inBox("a wish that does not fit the state ends with 4", async (box) => {
  assert.is((await box.copse(["run", "-b", "-l", "long", ...sleeps])).code, 0);
  refused(await box.copse(["retry", "long"]), 4, /./);
  assert.is((await box.copse(["stop", "long"])).code, 0);
});

inBox("outside of a repository, and in one without a commit, commands that need one end with 3", async (box) => {
  const outside = join(box.dir, "outside");
  mkdirSync(outside);
  for (const words of [["run", "do it"], ["tasks"], ["init"], ["wait"], ["config", "trust"]])
    refused(await box.copse(words, { cwd: outside }), 3, /not inside a git repository/);
  assert.is((await box.copse(["tasks", "--all"], { cwd: outside })).code, 0);
  assert.is((await box.copse(["config"], { cwd: outside })).code, 0);
  const empty = join(box.dir, "empty");
  mkdirSync(empty);
  box.git(["init", "-q"], empty);
  refused(await box.copse(["run", "-b", ...writes], { cwd: empty }), 3, /commit/);
});

test.run();
