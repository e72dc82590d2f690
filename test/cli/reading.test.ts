/** Looking starts nothing: tasks, show, logs and report-like commands answer with no runner alive. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { processesOf, runnerPid } from "../support/sandbox.ts";
import { asks, inBox, writes } from "./support.ts";

inBox("tasks, show, logs, runner status, doctor and config answer without a runner and start none", async (box) => {
  await box.copse(["run", "-l", "done", ...writes]);
  await box.copse(["run", "-l", "asks", ...asks]);
  assert.is((await box.copse(["runner", "stop"])).code, 0);
  assert.is(runnerPid(box.state), undefined);
  const looks = [
    ["tasks"],
    ["ls"],
    ["list", "--all"],
    ["tasks", "--json"],
    ["show", "done"],
    ["show", "asks", "--json"],
    ["logs", "done"],
    ["logs", "done", "--raw"],
  ]
    .concat([
      ["runner", "status"],
      ["runner", "logs"],
      ["config"],
      ["doctor"],
      ["completion", "bash"],
      ["--help"],
      ["--version"],
      ["help", "show"],
    ])
    .concat([["--get-yargs-completions", "copse", "show", "d"]]);
  for (const words of looks) {
    const ran = await box.copse(words);
    assert.ok(ran.code === 0 || words[0] === "doctor", `${words.join(" ")}: ${ran.code} ${ran.stderr}`);
    assert.equal(processesOf(box.dir), [], `copse ${words.join(" ")} left a process`);
  }
});

inBox("before the first task there is nothing, and it says how to begin", async (box) => {
  const ran = await box.copse(["tasks"]);
  assert.is(ran.code, 0);
  assert.is(ran.stdout, "");
  assert.match(ran.stderr, /No tasks in this repository\. Start one: copse -w -b/);
  assert.equal((await box.json(["tasks"])).tasks, []);
  assert.is((await box.copse(["wait"])).code, 0);
  assert.match((await box.copse(["runner", "status"])).stdout, /No runner is up/);
  assert.not.ok(existsSync(join(box.state, "runner")), "a look writes no state");
});

inBox("tasks lists what is open and what ended lately, and filters", async (box) => {
  await box.copse(["run", "-l", "done", "--tag", "t1", "--tag", "t2", "--group", "g", ...writes]);
  await box.copse(["run", "-l", "asks", "--tag", "t1", ...asks]);
  const labels = async (...words: string[]) => (await box.json(["tasks", ...words])).tasks.map(({ label }: { label: string }) => label);
  assert.equal(await labels(), ["asks", "done"], "who needs a person stands before what has ended");
  assert.equal(await labels("--state", "completed"), ["done"]);
  assert.equal(await labels("--state", "completed", "--state", "blocked"), ["asks", "done"]);
  assert.equal(await labels("--tag", "t1", "--tag", "t2"), ["done"]);
  assert.equal(await labels("--group", "g"), ["done"]);
  assert.equal(await labels("--group", "other"), []);
  const text = (await box.copse(["tasks"])).stdout;
  assert.match(text, /^✗ asks blocked {4}\(.*waiting for input: Which db\?$/m);
  assert.match(text, /^✓ done completed {2}\(.* ago\).*1 file, \+1 −0$/m);
  assert.match((await box.copse(["tasks", "--all"])).stdout, /asks repo/);
});

inBox("show tells a task's life in sentences and ends with what can be done", async (box) => {
  await box.copse(["run", "-l", "life", "--verify", "test -f made.txt", "--verify", "false", ...writes]);
  const { stdout } = await box.copse(["show", "life"]);
  for (const part of [
    /^✓ life \(\w+\) completed/,
    /asked .*sh -c/,
    /agent +command/,
    /branch +copse\/life from/,
    /test -f made\.txt → 0/,
    /false → 1/,
    /was queued/,
    /got a slot/,
    /attempt 1 started \(pid \d+\)/,
    /exit code 0/,
    /check `false` exited 1/,
    /delivered: 1 commits?/,
    /copse merge life/,
  ])
    assert.match(stdout, part);
  const id = (await box.task("life")).id;
  assert.is((await box.copse(["show", id])).stdout.split(" completed")[0], stdout.split(" completed")[0], "by id");
  assert.is((await box.copse(["show", id.slice(0, 6)])).code, 0, "by the beginning of the id");
  assert.is((await box.copse(["show", "li"])).code, 0, "by the beginning of the label");
});

inBox("logs show what the agent did, of one run or all, raw or readable", async (box) => {
  const script =
    'echo "run $COPSE_ATTEMPT"; echo \'{"copse":"activity","text":"working"}\'; echo "to err" >&2; for i in 1 2 3 4 5; do echo "line $i"; done';
  await box.copse(["run", "-l", "log", "--exec", "--", "sh", "-c", script]);
  const { stdout } = await box.copse(["logs", "log"]);
  for (const part of [/run 1/, /working/, /to err/, /line 5/]) assert.match(stdout, part);
  assert.not.match(stdout, /"copse"/);
  assert.match((await box.copse(["logs", "log", "--raw"])).stdout, /^run 1\n\{"copse":"activity","text":"working"\}\nline 1\n/);
  assert.is((await box.copse(["logs", "log", "--tail", "1"])).stdout.trimEnd().split("\n").length, 1);
  await box.copse(["retry", "log"]);
  await box.copse(["wait", "log"]);
  const both = (await box.copse(["logs", "log"])).stdout;
  assert.match(both, /── run 1 ──[\s\S]*run 1[\s\S]*── run 2 ──[\s\S]*run 2/);
  assert.not.match((await box.copse(["logs", "log", "--run", "2"])).stdout, /^run 1$/m);
  assert.match((await box.copse(["logs", "-f", "log"])).stderr, /log is completed/, "following something that has ended ends");
});

test.run();
