/** What is said of a chain: its steps, the words about them, and what a person's hand or a failed delivery makes of it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chainText, isAnswered, nextFollowUp, stepsOf, stepToGive, wordsOf } from "../../src/core/chain.ts";
import type { Fact, TaskEvent } from "../../src/core/events.ts";
import { evolve } from "../../src/core/evolve.ts";
import { type Failure, noProgress, type Request, type Task } from "../../src/core/task.ts";
import { taskJson } from "../../src/core/task-json.ts";
import { someTask } from "../support/task-made.ts";

const failure: Failure = { stage: "run", code: "COMMAND_FAILED", message: "it failed", hint: null };
const failed = { kind: "failed", failure } as const;
const stopped = { kind: "stopped", how: "asked" } as const;
const chain = (more: Partial<Task>): Task => someTask(more, { title: "write", followUps: ["tests", "changelog"] });
const states = (task: Task) => stepsOf(task).map(({ state }) => state);

const table: [string, Partial<Task>, string, string[]][] = [
  ["at its prompt", { state: "running", stepBegun: true }, "2 follow-ups to come", ["current", "waiting", "waiting"]],
  ["between two", { state: "queued", said: ["a"] }, "follow-up 1 of 2", ["completed", "current", "waiting"]],
  ["asked in the last", { state: "blocked", said: ["a", "b"] }, "follow-up 2 of 2", ["completed", "completed", "current"]],
  ["being delivered", { state: "delivering", said: ["a", "b", "c"], outcome: { kind: "completed" } }, "", Array(3).fill("completed")],
  ["failed at its prompt", { state: "failed", outcome: failed }, "2 follow-ups not run", ["failed", "not-run", "not-run"]],
  [
    "failed in a follow-up",
    { state: "failed", outcome: failed, said: ["a"] },
    "in follow-up 1 of 2, 1 not run",
    ["completed", "failed", "not-run"],
  ],
  [
    "failed in the last",
    { state: "failed", outcome: failed, said: ["a", "b"] },
    "in follow-up 2 of 2",
    ["completed", "completed", "failed"],
  ],
  [
    "stopped in the last",
    { state: "stopped", outcome: stopped, said: ["a", "b"], stepBegun: true },
    "in follow-up 2 of 2",
    ["completed", "completed", "stopped"],
  ],
  [
    "stopped between two",
    { state: "stopped", outcome: stopped, said: ["a", "b"] },
    "1 follow-up not run",
    ["completed", "completed", "not-run"],
  ],
];
for (const [name, more, text, wanted] of table)
  test(`${name}: ${text || "nothing"}`, () => {
    assert.is(chainText(chain(more)), text);
    assert.equal(states(chain(more)), wanted);
  });

test("the agent's words are those of every step; of one that was cut off, what there is", () => {
  assert.is(wordsOf(someTask({ summary: "alone" })), "alone");
  const done = chain({ state: "completed", said: ["a", null, "c"], summary: "c" });
  assert.is(wordsOf(done), "a\n\n[follow-up 2 of 2: changelog]\nc");
  const cut = chain({ state: "failed", outcome: failed, said: ["a"], summary: "half" });
  assert.is(wordsOf(cut), "a\n\n[follow-up 1 of 2, not finished]\nhalf");
  assert.is(wordsOf(chain({ state: "failed", outcome: failed, said: ["a"], summary: "a" })), "a");
});

test("a task of an earlier version, which knows of no follow-ups, has none", () => {
  const { said: _, stepBegun: __, ...task } = someTask();
  const { followUps: ___, ...request } = task.request;
  const old = { ...task, request: request as Request } as Task;
  assert.equal([chainText(old), stepsOf(old), isAnswered(old), nextFollowUp(old), stepToGive(old)], ["", [], false, undefined, undefined]);
  assert.is(taskJson(old)["chain"], null);
});

function lived(task: Task, facts: readonly Fact[]): Task {
  return facts.reduce(
    (now, fact, i) => evolve(now, { seq: now.seq + 1, at: `2026-01-01T00:00:0${i}.000Z`, epoch: 1, ...fact } as TaskEvent),
    task,
  );
}
const begun = chain({ state: "running", said: ["a"], stepBegun: true, run: 2, runStarted: true });

test("a step that a person took to its end by hand is done; what follows is run by a retry only", () => {
  const visited = lived(begun, [
    { type: "run-ended", run: 2, exitCode: 143, summary: null, progress: noProgress, after: { to: "attach" } },
    { type: "detached", to: "deliver" },
  ]);
  assert.equal([visited.state, states(visited)], ["delivering", ["completed", "completed", "not-run"]]);
  const handed = lived(visited, [
    {
      type: "delivered",
      result: { outcome: "no-changes", summary: null, commits: 0, diff: { files: 0, insertions: 0, deletions: 0 }, pr: null, report: "/r" },
      failure: null,
    },
  ]);
  assert.is(chainText(handed), "1 follow-up not run");
  assert.is(stepToGive(lived(handed, [{ type: "retried", by: "a person" }])), 2);
});

test("stopped while a person visits, a task is not begun again by their leaving", () => {
  for (const to of ["queue", "deliver", "same"] as const) {
    const left = lived(begun, [
      { type: "attached", by: { pid: 1, start: "1", boot: "b" } },
      { type: "run-ended", run: 2, exitCode: 143, summary: null, progress: noProgress, after: { to: "attach" } },
      { type: "stop-asked", by: "a person" },
      { type: "stopped", how: "stopped by a person" },
      { type: "detached", to },
    ]);
    assert.equal([left.state, left.outcome?.kind, left.attachedBy], ["stopped", "stopped", null]);
  }
});

test("a delivery that failed is delivered again and no step is run again; a completed chain tried again is at its last step", () => {
  const run: Fact = {
    type: "run-ended",
    run: 3,
    exitCode: 0,
    summary: "c",
    progress: noProgress,
    after: { to: "deliver", outcome: { kind: "completed" } },
  };
  const result = {
    outcome: "changes",
    summary: null,
    commits: 1,
    diff: { files: 1, insertions: 1, deletions: 0 },
    pr: null,
    report: "/r",
  } as const;
  const last = { ...begun, said: ["a", "b"] };
  const broken = lived(last, [
    run,
    { type: "delivered", result, failure: { ...failure, stage: "deliver" } },
    { type: "retried", by: "a person" },
  ]);
  assert.equal([broken.state, broken.said], ["delivering", ["a", "b", "c"]]);
  const again = lived(last, [run, { type: "delivered", result, failure: null }, { type: "retried", by: "a person" }]);
  assert.equal([again.state, again.said, stepToGive(again)], ["queued", ["a", "b"], undefined]);
});

test.run();
