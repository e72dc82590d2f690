/** What is broken under the runner's feet: a record, the index, the configuration, the whole folder; and what it costs to have many tasks. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, TaskEvent } from "../../src/core/events.ts";
import { noProgress } from "../../src/core/task.ts";
import { kill, processesOf, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { runnersOf } from "../support/start-race.ts";
import { request } from "../support/task-made.ts";

async function inBox(work: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "60";
  try {
    await work(box);
  } finally {
    await box.close();
  }
}
const submit = async (box: Sandbox, label: string, script = "exit 0"): Promise<string> => {
  const ran = await box.copse(["run", "-b", "-q", "-l", label, "--exec", "--", "/bin/sh", "-c", script]);
  assert.is(ran.code, 0, ran.stderr);
  return ran.stdout.trim();
};
const tasksDir = (box: Sandbox) => join(box.state, "repos", readdirSync(join(box.state, "repos"))[0] as string, "tasks");
const running = (box: Sandbox, label: string) =>
  waitFor(async () => {
    const seen = await box.task(label);
    return seen.state === "running" ? seen : undefined;
  }, `${label} to run`);
const untilGo = "while [ ! -e go ]; do sleep 0.05; done; echo x > x.txt";
const log = (box: Sandbox) => readFileSync(join(box.state, "runner", "log"), "utf8");

test("one record that is damaged while its task runs: it is left alone and said, the others go on", () =>
  inBox(async (box) => {
    const id = await submit(box, "damaged", "sleep 1");
    await running(box, "damaged");
    const other = await submit(box, "other", untilGo);
    const { worktree } = await running(box, "other");
    const file = join(tasksDir(box), id, "events.jsonl");
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(10));
    await waitFor(() => /cannot be read and is left alone/.test(log(box)), "the runner to say so");
    writeFileSync(join(worktree, "go"), "");
    assert.is((await box.copse(["wait", "other"])).code, 0);
    assert.is((await box.task("other")).id, other);
    assert.is((await box.copse(["tasks"])).code, 0);
    const doctor = await box.copse(["doctor"]);
    assert.is(doctor.code, 1);
    assert.match(doctor.stdout, /1 of 2 task records cannot be read.*events\.jsonl:1/);
    assert.is(readFileSync(file).length, whole.length - 10, "nobody writes to it");
    const lines = log(box).split("\n").length;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.ok(log(box).split("\n").length < lines + 3, "it is not said at every tick");
    // Made whole again, the task is taken up and ends.
    writeFileSync(file, whole);
    await box.copse(["retry", "damaged"]);
    kill(runnerPid(box.state) as number);
    assert.is((await box.copse(["wait", "damaged", "--timeout", "30s"])).code, 0);
  }));

test("a step that throws what it should not: the task is taken up again and says so", () =>
  inBox(async (box) => {
    const id = await submit(box, "thrown", untilGo);
    const { worktree } = await running(box, "thrown");
    const prompt = join(tasksDir(box), id, "prompt");
    renameSync(prompt, `${prompt}.away`);
    writeFileSync(join(worktree, "go"), "");
    await waitFor(() => /taken up again in 1 s/.test(log(box)), "the first failure");
    assert.match(log(box), /ENOENT/);
    assert.is((await box.task("thrown")).state, "delivering");
    await waitFor(() => /taken up again in 2 s/.test(log(box)), "the second, later");
    renameSync(`${prompt}.away`, prompt);
    assert.is((await box.copse(["wait", "thrown", "--timeout", "30s"])).code, 0);
  }));

test("the folder of a task is taken away while it runs: the runner forgets it and serves the others", () =>
  inBox(async (box) => {
    const id = await submit(box, "gone", "sleep 1.5");
    await running(box, "gone");
    renameSync(join(tasksDir(box), id), join(box.dir, "gone"));
    await submit(box, "other");
    assert.is((await box.copse(["wait", "other"])).code, 0);
    await waitFor(
      async () => JSON.parse((await box.copse(["runner", "status", "--json"])).stdout).runner.open === 0,
      "the runner to have nothing open",
    );
  }));

test("the run folder is taken away while the agent works: it is never started a second time", () =>
  inBox(async (box) => {
    const marks = join(box.dir, "marks");
    const id = await submit(box, "once", `echo started >> '${marks}'; sleep 30`);
    await running(box, "once");
    rmSync(join(tasksDir(box), id, "run1"), { recursive: true });
    await box.copse(["wait", "once", "--timeout", "30s"]);
    const task = await box.task("once");
    assert.is(task.state, "failed");
    assert.is(task.failure.code, "RUN_LOST");
    assert.is(readFileSync(marks, "utf8"), "started\n");
    kill(runnerPid(box.state) as number);
    await submit(box, "next");
    await box.copse(["wait", "next"]);
    assert.is(readFileSync(marks, "utf8"), "started\n");
  }));

test("the whole state folder is removed: the runner leaves, the next command starts afresh", () =>
  inBox(async (box) => {
    await submit(box, "lost", untilGo);
    const { worktree } = await running(box, "lost");
    rmSync(box.state, { recursive: true });
    await waitFor(() => runnersOf(box.dir).length === 0, "the runner to leave", 10_000);
    assert.match((await box.copse(["tasks"])).stderr, /No tasks/);
    writeFileSync(join(worktree, "go"), "");
    await waitFor(() => processesOf(box.dir).length === 0, "the agent and its wrapper to end by themselves");
    assert.ok(existsSync(join(worktree, "x.txt")), "its work is kept");
    await submit(box, "next");
    assert.is((await box.copse(["wait", "next"])).code, 0);
  }));

test("an index that is removed or filled with garbage is made good by the runner", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    appendFileSync(join(box.state, "index.jsonl"), `${"\0".repeat(100)}\ngarbage\t\t\t\t\t{\n`);
    assert.match((await box.copse(["tasks"])).stdout, /first/);
    rmSync(join(box.state, "index.jsonl"));
    kill(runnerPid(box.state) as number);
    await submit(box, "second");
    await box.copse(["wait", "second"]);
    assert.match((await box.copse(["tasks"])).stdout, /first/);
  }));

test("a configuration that becomes wrong while the runner is up changes nothing until it is right", () =>
  inBox(async (box) => {
    const dir = join(box.dir, "home", ".config", "copse");
    mkdirSync(dir, { recursive: true });
    await submit(box, "first", untilGo);
    const { worktree } = await running(box, "first");
    writeFileSync(join(dir, "config.json"), "{ not json");
    await waitFor(() => /the configuration stays as it was/.test(log(box)), "the runner to say so");
    writeFileSync(join(dir, "config.json"), '{"limit": 7}');
    await waitFor(async () => JSON.parse((await box.copse(["runner", "status", "--json"])).stdout).runner.limit === 7, "the new limit");
    writeFileSync(join(worktree, "go"), "");
    assert.is((await box.copse(["wait", "first"])).code, 0);
  }));

/** Writes a task's folder as it would be after these facts. */
function writeTask(box: Sandbox, repoId: string, id: string, facts: readonly Fact[]): void {
  const dir = join(box.state, "repos", repoId, "tasks", id);
  mkdirSync(dir, { recursive: true });
  const added: Fact = { type: "added", format: 1, id, label: id, slug: id, repo: box.repo, repoId, cwd: box.repo, request: request() };
  const events = [added, ...facts].map((fact, i) => ({ seq: i + 1, at: new Date().toISOString(), epoch: 0, ...fact }) as TaskEvent);
  writeFileSync(join(dir, "events.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  writeFileSync(join(dir, "prompt"), "");
}
const blockedFacts: Fact[] = [
  { type: "slot-taken" },
  { type: "run-starting", run: 1, sessionId: null },
  { type: "run-started", run: 1, identity: { pid: 1, start: "1", boot: "b" } },
  {
    type: "run-ended",
    run: 1,
    exitCode: 5,
    summary: null,
    progress: noProgress,
    after: { to: "block", needs: { kind: "question", text: "?", since: new Date().toISOString(), source: "stream" } },
  },
];
const endedFacts: Fact[] = [
  ...blockedFacts.slice(0, 3),
  { type: "run-ended", run: 1, exitCode: 0, summary: null, progress: noProgress, after: { to: "deliver", outcome: { kind: "completed" } } },
  {
    type: "delivered",
    result: { outcome: "no-changes", summary: null, commits: 0, diff: { files: 0, insertions: 0, deletions: 0 }, pr: null, report: "/r" },
    failure: null,
  },
];
/** Processor time a process has used, in ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

test("fifty blocked tasks and nothing else to do cost next to nothing", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    const repoId = readdirSync(join(box.state, "repos"))[0] as string;
    for (let i = 0; i < 50; i++) writeTask(box, repoId, `blocked${i}`, blockedFacts);
    await waitFor(
      async () => JSON.parse((await box.copse(["runner", "status", "--json"])).stdout).runner.open === 50,
      "all of them to be seen",
    );
    const pid = runnerPid(box.state) as number;
    const [before, at] = [cpuMs(pid), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const share = (cpuMs(pid) - before) / (performance.now() - at);
    console.log(`\n  50 blocked tasks: ${(share * 100).toFixed(2)} % of a core`);
    assert.ok(share < 0.05, `${(share * 100).toFixed(1)} % of a core`);
  }));

test("ten thousand tasks on disk: the runner is up in time and its ticks are cheap", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    await box.copse(["runner", "stop"]);
    const repoId = readdirSync(join(box.state, "repos"))[0] as string;
    for (let i = 0; i < 10_000; i++) writeTask(box, repoId, `t${i}`, endedFacts);
    // The first time every log is read and the index written; the second time the index is known.
    const start = async () => {
      const at = performance.now();
      await submit(box, `probe-${Math.round(at)}`);
      return performance.now() - at;
    };
    const cold = await start();
    await box.copse(["wait"]);
    await box.copse(["runner", "stop"]);
    const warm = await start();
    await box.copse(["wait"]);
    const pid = runnerPid(box.state) as number;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const [before, at] = [cpuMs(pid), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const tick = (cpuMs(pid) - before) / ((performance.now() - at) / 1000);
    console.log(
      `\n  10,000 tasks: submit with a cold runner ${Math.round(cold)} ms, with a known index ${Math.round(warm)} ms, ${tick.toFixed(0)} ms of processor a tick`,
    );
    assert.ok(cold < 20_000 && warm < 10_000, `${cold} and ${warm} ms`);
    assert.ok(tick < 100, `${tick} ms a tick`);
    assert.is((await box.json(["tasks", "--all"])).tasks.length, 10_003);
  }));

test.run();
