import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decide } from "../../src/core/decide.ts";
import type { Fact, TaskEvent } from "../../src/core/events.ts";
import { evolve, foldEvents } from "../../src/core/evolve.ts";
import { type Ending, judge } from "../../src/core/judge.ts";
import type { Needs, Request, Task } from "../../src/core/task.ts";
import { answersTo, ask, type PendingRequest, rulesOf } from "../../src/session/agents/claude-needs.ts";
import { answerLine } from "../../src/session/agents/claude-talk.ts";
import { kill, runnerPid, sandbox, waitFor } from "../support/sandbox.ts";

/** Asks once, and says on its branch what it was told. */
const asker = `if [ -z "$COPSE_ANSWER" ]; then
  echo '{"copse":"question","text":"Which db?","options":["Postgres","SQLite"]}'; exit 5
fi
printf '%s\\n' "$COPSE_ANSWER" >> answer.txt`;
const asking = (label: string) => ["run", "-b", "-l", label, "--exec", "--", "sh", "-c", asker];

test("a command asks, is shown in the inbox, and runs again with the answer", async () => {
  const box = await sandbox();
  try {
    assert.is((await box.copse(["inbox"])).stderr, "Nobody needs you.\n");
    for (const label of ["one", "two"]) await box.copse(asking(label));
    assert.is((await box.copse(["wait", "one", "two"])).code, 5);
    const { tasks } = await box.json(["inbox"]);
    assert.equal(
      tasks.map(({ label, needs }: any) => [label, needs.kind, needs.text, needs.options]).sort(),
      ["one", "two"].map((label) => [label, "question", "Which db?", ["Postgres", "SQLite"]]),
    );
    const ids = tasks.map(({ id }: any) => `${id}\n`).join("");
    assert.is((await box.copse(["inbox", "-q"])).stdout, ids);
    const pipe = (await box.copse(["inbox"], { cwd: box.dir })).stdout;
    assert.match(pipe, /^one repo, question, \d+ s\nWhich db\?\n {2}1\. Postgres\n {2}2\. SQLite\n {2}copse send one "…"\n$/m);

    const refused = await box.copse(["approve", "one"]);
    assert.is(refused.code, 4);
    assert.match(refused.stderr, /asks a question; it cannot be approved[\s\S]*copse send one/);
    assert.match((await box.copse(["send", "one", "2"])).stdout, /^one is answered and goes on\n$/);
    assert.is((await box.copse(["deny", "two", "neither"])).code, 0);
    assert.is((await box.copse(["wait", "one", "two"])).code, 0);
    assert.is(box.git(["show", "copse/one:answer.txt"]), "SQLite\n");
    assert.is(box.git(["show", "copse/two:answer.txt"]), "neither\n");
    assert.equal((await box.json(["inbox"])).tasks, []);
    assert.is((await box.copse(["send", "one", "more"])).code, 4);
    assert.is((await box.copse(["send", "nobody", "more"])).code, 3);
    assert.is((await box.copse(["send", "one", " "])).code, 2);
  } finally {
    await box.close();
  }
});

test("a question outlives its runner and a restart of the machine; the answer is there for the next", async () => {
  const box = await sandbox();
  try {
    box.env["COPSE_BOOT_ID"] = "first";
    for (const label of ["dead", "boot"]) await box.copse(asking(label));
    await box.copse(["wait", "dead", "boot"]);
    kill(runnerPid(box.state) as number);
    await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
    assert.is((await box.copse(["send", "dead", "Postgres"])).code, 0);
    assert.is((await box.copse(["wait", "dead"])).code, 0);
    kill(runnerPid(box.state) as number);
    await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
    box.env["COPSE_BOOT_ID"] = "second";
    assert.is((await box.task("boot")).needs.text, "Which db?");
    assert.is((await box.copse(["send", "boot", "1"])).code, 0);
    assert.is((await box.copse(["wait", "boot"])).code, 0);
    for (const label of ["dead", "boot"]) {
      assert.is(box.git(["show", `copse/${label}:answer.txt`]), "Postgres\n", label);
      assert.is((await box.task(label)).attempt, 2);
    }
  } finally {
    await box.close();
  }
});

test("an answer that waits for a slot is not lost with the runner", async () => {
  const box = await sandbox();
  try {
    box.env["COPSE_LIMIT"] = "1";
    const go = join(box.dir, "go");
    await box.copse(asking("asks"));
    await box.copse(["wait", "asks"]);
    await box.copse(["run", "-b", "-l", "busy", "--exec", "--", "sh", "-c", `until [ -e '${go}' ]; do sleep 0.1; done`]);
    await waitFor(async () => (await box.task("busy")).state === "running", "the slot to be taken");
    assert.is((await box.copse(["send", "asks", "late"])).code, 0);
    const waiting = await box.task("asks");
    assert.equal([waiting.state, waiting.needs, waiting.waitingFor.kind], ["queued", null, "slot"]);
    assert.is((await box.copse(["send", "asks", "again"])).code, 4);
    assert.is((await box.copse(["send", "busy", "hello"])).code, 4, "a command listens only while it asks");
    kill(runnerPid(box.state) as number);
    await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
    writeFileSync(go, "");
    assert.is((await box.copse(["wait", "asks", "busy"])).code, 0);
    assert.is(box.git(["show", "copse/asks:answer.txt"]), "late\n");
  } finally {
    await box.close();
  }
});

const at = "2026-11-20T10:00:00.000Z";
const needs: Needs = { kind: "permission", text: "Bash: ls", rules: ["Bash(ls)"], requestId: "r1", since: at, source: "stream" };
function taskAfter(...facts: readonly Fact[]): Task {
  const request = { exec: null, command: null, retries: 0 } as unknown as Request;
  const added = { type: "added", format: 1, id: "t", label: "t", slug: "t", repo: "/r", repoId: "r", cwd: "/r", request } as const;
  return foldEvents([added, ...facts].map((fact, i): TaskEvent => ({ ...fact, seq: i + 1, at, epoch: 1 })));
}
const begun: readonly Fact[] = [
  { type: "slot-taken" },
  { type: "run-starting", run: 1, sessionId: "s" },
  { type: "run-started", run: 1, identity: { pid: 1, start: "1", boot: "b" } },
  { type: "session-named", sessionId: "s" },
];
const done: Ending = { kind: "done" };
const now = new Date(at);

test("words are for the question they were said to", () => {
  const asks = taskAfter(...begun, { type: "blocked", needs });
  const yes = { ask: "answer", answer: { kind: "allow", always: false }, by: "x" } as const;
  assert.ok("facts" in decide(asks, { ...yes, asked: at }));
  assert.match(JSON.stringify(decide(asks, { ...yes, asked: "2026-11-20T09:00:00.000Z" })), /answered already/);
  assert.match(JSON.stringify(decide(asks, { ask: "send", text: "go on", by: "x", asked: null })), /has just asked something/);
  const answered = evolve(asks, { type: "answered", answer: yes.answer, by: "x", seq: 9, at, epoch: 0 });
  for (const wish of [yes, { ...yes, asked: at }, { ask: "send", text: "no", by: "x", asked: at } as const])
    assert.match(JSON.stringify(decide(answered, wish)), /answered already/);
});

test("a run that ends with something unsaid is followed by another", () => {
  const asks = taskAfter(...begun, { type: "blocked", needs });
  const answered = evolve(asks, { type: "answered", answer: { kind: "text", text: "x" }, by: "x", seq: 9, at, epoch: 0 });
  assert.is(judge(answered, done, { code: 0 }, { by: "park" }, undefined, now).to, "queue", "answered while it was being parked");
  assert.is(judge(asks, { kind: "failed", code: "X", message: "", hint: null }, { code: 1 }, { by: "park" }, undefined, now).to, "block");
  assert.is(judge(taskAfter(...begun), done, { code: 0 }, { by: "park" }, undefined, now).to, "queue", "settled while it was being parked");
  const sent = taskAfter(...begun, { type: "messaged", text: "also this", by: "x" });
  assert.is(judge(sent, done, { code: 0 }, null, undefined, now).to, "queue");
  assert.is(judge(sent, done, { code: 0 }, { by: "stop", how: "" }, undefined, now).to, "deliver");
});

test("an approved plan stays approved", () => {
  const plan: Needs = { kind: "plan", text: "1.", since: at, source: "stream" };
  const planned = (answer: Extract<Fact, { type: "answered" }>["answer"]) =>
    taskAfter(
      ...begun,
      { type: "blocked", needs: plan },
      { type: "answered", answer, by: "x" },
      { type: "answer-given", run: 1, requestId: "r", granted: [] },
      { type: "run-starting", run: 2, sessionId: "s" },
    ).planApproved;
  assert.equal([planned({ kind: "allow", always: false }), planned({ kind: "deny", why: "" })], [true, false]);
});

const questions = [
  { question: "Which db?", options: [{ label: "Postgres" }, { label: "SQLite" }] },
  { question: "Which port?", options: [] },
];
const request = (tool: string, input: object, suggestions: readonly unknown[] = []): PendingRequest => ({
  requestId: "r1",
  toolUseId: "t1",
  tool,
  input: input as never,
  needs: ask(tool, input as never, ["/repo"]),
  suggestions,
});
const response = (line: string) => {
  assert.ok(line.endsWith("}\n"));
  const { type, response } = JSON.parse(line);
  assert.equal([type, response.subtype, response.request_id], ["control_response", "success", "r1"]);
  return response.response;
};

test("several questions are asked in one text and answered line by line", () => {
  assert.is(ask("AskUserQuestion", { questions } as never, []).text, "1. Which db? (Postgres · SQLite)\n2. Which port?");
  assert.equal(answersTo({ questions } as never, "1. SQLite\n\n2) 5432\n"), { "Which db?": "SQLite", "Which port?": "5432" });
  assert.equal(answersTo({ questions } as never, "as you like"), { "Which db?": "as you like", "Which port?": "as you like" });
  assert.equal(answersTo({ questions } as never, "1\n5432"), { "Which db?": "Postgres", "Which port?": "5432" }, "an option by its number");
  assert.equal(answersTo({ questions: questions.slice(0, 1) } as never, "two\nlines"), { "Which db?": "two\nlines" });
  const { behavior, updatedInput } = response(answerLine(request("AskUserQuestion", { questions }), { kind: "text", text: "a\nb" }).text);
  assert.equal([behavior, updatedInput], ["allow", { questions, answers: { "Which db?": "a", "Which port?": "b" } }]);
  assert.is(response(answerLine(request("AskUserQuestion", { questions }), { kind: "deny", why: "later" }).text).message, "later");
});

test("permissions and plans are answered as they were asked", () => {
  const rule = { type: "addRules", behavior: "allow", destination: "localSettings", rules: [{ toolName: "Bash", ruleContent: "ls -l" }] };
  const bash = request("Bash", { command: "ls -l" }, [rule, { type: "setMode", mode: "acceptEdits" }]);
  assert.equal(rulesOf([rule, { ...rule, behavior: "deny" }, { ...rule, rules: [{ toolName: "WebFetch" }, null] }, null, 1]), [
    "Bash(ls -l)",
    "WebFetch",
  ]);
  const once = answerLine(bash, { kind: "allow", always: false });
  assert.equal([response(once.text), once.granted], [{ behavior: "allow", updatedInput: { command: "ls -l" } }, []]);
  const always = answerLine(bash, { kind: "allow", always: true });
  assert.equal(always.granted, ["Bash(ls -l)"]);
  assert.equal(response(always.text).updatedPermissions[0], { ...rule, destination: "session" });
  assert.equal(response(answerLine(bash, { kind: "text", text: "use find" }).text), { behavior: "deny", message: "use find" });
  const plan = response(answerLine(request("ExitPlanMode", { plan: "1." }), { kind: "allow", always: false }).text);
  assert.equal(plan.updatedPermissions, [{ type: "setMode", mode: "acceptEdits", destination: "session" }]);
});

test.run();
