/** Agents that misbehave: each ends in the right state, with nothing of it left running, and none of it reaches the terminal. All in one repository at once. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { agent, kill, processesOf, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const nasty = suite("nasty agents");
const kinds = ["deaf", "setsid", "server", "long-lines", "bytes", "nothing", "liar", "signal", "mute", "chatter", "waits"];
let box: Sandbox;
let deafStop: Promise<unknown> | undefined;

nasty.before(async () => {
  box = await sandbox();
  Object.assign(box.env, { COPSE_LIMIT: "20", COPSE_IDLE_SECONDS: "60" });
  for (const kind of ["gigabyte", ...kinds]) {
    const ran = await box.copse(["run", "-b", "-l", kind, "--exec", "--", agent("nasty.mjs"), kind]);
    assert.is(ran.code, 0, ran.stderr);
  }
  await box.copse(["run", "-b", "-l", "missing", "--exec", "--", "./not-there.sh"]);
  // The one that hears no signal takes the whole ladder; it is told to stop now and looked at last.
  await waitFor(async () => (await box.task("deaf")).activity === "deaf", "the deaf one");
  deafStop = box.copse(["stop", "deaf", "--json"]);
});

nasty.after(async () => {
  await box.close();
});

const over = async (label: string) => {
  await box.copse(["wait", label, "--timeout", "60s"]);
  return await box.task(label);
};
const left = (id: string): number[] =>
  processesOf(box.dir).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`COPSE_RUN=${id}.`);
    } catch {
      return false;
    }
  });
/** Nothing that could steer a terminal: no control characters but newline, no direction marks. */
const clean = (text: string) => assert.not.match(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);

nasty("a child in a session of its own and a server in the background are ended with the run, and told", async () => {
  for (const label of ["setsid", "server"]) {
    const task = await over(label);
    assert.is(task.state, "completed");
    assert.is(task.result.outcome, "changes");
    assert.equal(left(task.id), []);
    assert.match(task.notes.join("\n"), /1 process it left running was ended/);
  }
});

nasty("an agent that did nothing, and one that says it did, are both reported as no changes", async () => {
  assert.is((await over("nothing")).result.outcome, "no-changes");
  const liar = await over("liar");
  assert.is(liar.state, "completed");
  assert.is(liar.result.outcome, "no-changes");
  assert.is(liar.verify.status, "none");
  assert.match(readFileSync(liar.result.report, "utf8"), /Finished, no changes/);
});

nasty("an end by a signal is said as such", async () => {
  const task = await over("signal");
  assert.is(task.state, "failed");
  assert.is(task.failure.code, "COMMAND_KILLED");
  assert.match(task.failure.message, /signal 6 \(exit code 134\)/);
});

nasty("one that closes its output is waited for all the same", async () => {
  const task = await over("mute");
  assert.is(task.state, "completed");
  assert.is(box.git(["show", "copse/mute:done.txt"]), "done\n");
});

nasty("a command that is not there fails with its name", async () => {
  const task = await over("missing");
  assert.is(task.state, "failed");
  assert.is(task.failure.code, "COMMAND_NOT_FOUND");
});

nasty("broken bytes and terminal codes reach no terminal", async () => {
  const task = await over("bytes");
  assert.is(task.state, "completed");
  clean((await box.copse(["logs", "bytes"])).stdout);
  clean((await box.copse(["tasks"])).stdout);
  clean((await box.copse(["show", "bytes"])).stdout);
  clean(readFileSync(task.result.report, "utf8"));
  assert.match((await box.copse(["logs", "bytes", "--raw"])).stdout, /\x1b\[2J/, "--raw is the bytes as they came");
});

nasty("lines of 1 MB and 20 MB are survived, and what comes behind them is read", async () => {
  const task = await over("long-lines");
  assert.is(task.state, "completed");
  assert.is(task.result.summary, "behind the long lines");
  assert.match((await box.copse(["logs", "long-lines", "--tail", "3"])).stdout, /a line of 20000000 bytes is left out/);
});

nasty("a hundred thousand activities do not make the index grow", async () => {
  const activity = await waitFor(async () => {
    const task = await box.task("chatter");
    const shown = (await box.json(["tasks", "--all"])).tasks.find((one: any) => one.id === task.id);
    return shown.activity === "100000 files processed" ? shown : undefined;
  }, "the last activity");
  assert.is(activity.state, "running");
  const { worktree } = await box.task("chatter");
  await import("node:fs").then(({ writeFileSync }) => writeFileSync(join(worktree, "go-on"), ""));
  assert.is((await over("chatter")).state, "completed");
  const size = statSync(join(box.state, "index.jsonl")).size;
  assert.ok(size < 1_000_000, `the index has ${size} bytes`);
  const events = readFileSync(
    join(box.state, "repos", (await repoId()) as string, "tasks", (await box.task("chatter")).id, "events.jsonl"),
    "utf8",
  );
  assert.ok(events.split("\n").length < 40, "an activity is no event");
});

const repoId = async () => (await import("node:fs")).readdirSync(join(box.state, "repos"))[0];

nasty("an agent that is killed from outside has failed, and says by what", async () => {
  const task = await waitFor(async () => {
    const seen = await box.task("waits");
    return seen.activity === "waits" ? seen : undefined;
  }, "the waiting one");
  const [program] = left(task.id).filter((pid) => pid !== task.pid);
  kill(program as number);
  const after = await over("waits");
  assert.is(after.state, "failed");
  assert.match(after.failure.message, /signal 9/);
  assert.equal(left(task.id), []);
});

nasty("a gigabyte of output costs the runner little memory, and is cut in the log", async () => {
  const task = await over("gigabyte");
  assert.is(task.state, "completed", JSON.stringify(task.failure));
  assert.is(task.result.summary, "said a gigabyte");
  const status = readFileSync(`/proc/${runnerPid(box.state)}/status`, "utf8");
  const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  assert.ok(peakMb < 200, `the runner's memory went up to ${Math.round(peakMb)} MB`);
  const run = join(box.state, "repos", (await repoId()) as string, "tasks", task.id, "run1", "out");
  assert.ok(statSync(run).size < 65 * 1024 * 1024);
  assert.match(task.notes.join("\n"), /its output was 1000 MB/);
});

nasty("one that hears neither SIGINT nor SIGTERM is killed in the end", async () => {
  await deafStop;
  const task = await box.task("deaf");
  assert.is(task.state, "stopped");
  assert.match(JSON.stringify(await box.json(["show", "deaf"])), /SIGKILL/);
  assert.equal(left(task.id), []);
  assert.ok(existsSync(task.worktree));
});

nasty("nothing of any of them is left running but the runner", () => {
  assert.equal(
    processesOf(box.dir).filter((pid) => pid !== runnerPid(box.state)),
    [],
  );
});

nasty.run();
