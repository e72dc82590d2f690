import { test } from "uvu";
import * as assert from "uvu/assert";
import type { After } from "../../src/core/events.ts";
import { type Cut, type Ending, type Exit, judge, type Pending, retryDelayMs } from "../../src/core/judge.ts";
import { ordinal, waitingFor } from "../../src/core/line.ts";
import type { Task } from "../../src/core/task.ts";
import { request, someTask } from "../support/task-made.ts";

const now = new Date("2026-01-01T00:00:00.000Z");
const taskWith = (more: Partial<Task> = {}, retries = 0): Task => someTask(more, { retries });
const done: Ending = { kind: "done" };
const failed: Ending = { kind: "failed", code: "COMMAND_FAILED", message: "the command exited with code 3", hint: null };
const question: Ending = { kind: "question", needs: { kind: "question", text: "Which?" } };
const limited = (until: string | null): Ending => ({ kind: "limited", until, text: "a limit" });
const pending: Pending = { kind: "permission", text: "May I?" };
const killed: Exit = { code: null, why: "killed" };
const rebooted: Exit = { code: null, why: "rebooted" };
const say = (after: After): string =>
  after.to === "deliver"
    ? after.outcome.kind === "failed"
      ? `failed ${after.outcome.failure.code}`
      : after.outcome.kind
    : after.to === "queue"
      ? `queue ${after.kind} ${after.counts ? "counts" : "free"} ${after.at}`
      : after.to === "block"
        ? `block ${after.needs.kind}`
        : after.to;

const table: [string, Ending, Exit, Cut, Pending | undefined, number, string][] = [
  ["well", done, { code: 0 }, null, undefined, 0, "completed"],
  ["failed", failed, { code: 3 }, null, undefined, 0, "failed COMMAND_FAILED"],
  ["failed, may try again", failed, { code: 3 }, null, undefined, 1, "queue time counts 2026-01-01T00:00:02.000Z"],
  ["lost", failed, killed, null, undefined, 0, "failed RUN_LOST"],
  ["lost, may try again", failed, killed, null, undefined, 2, "queue time counts 2026-01-01T00:00:02.000Z"],
  ["lost although it said done", done, killed, null, undefined, 0, "failed RUN_LOST"],
  ["rebooted, never again by itself", failed, rebooted, null, undefined, 5, "failed INTERRUPTED"],
  ["asked by protocol", question, { code: 5 }, null, undefined, 0, "block question"],
  ["left with an open permission", failed, { code: 1 }, null, pending, 0, "block permission"],
  ["killed with an open permission", failed, killed, null, pending, 0, "block permission"],
  ["rebooted with an open permission", failed, rebooted, null, pending, 0, "block permission"],
  ["done in spite of an open question", done, { code: 0 }, null, pending, 0, "completed"],
  ["limit with a time", limited("2026-01-01T05:00:00.000Z"), { code: 75 }, null, undefined, 0, "queue limit free 2026-01-01T05:00:00.000Z"],
  ["limit without a time", limited(null), { code: 75 }, null, undefined, 0, "queue limit free 2026-01-01T00:15:00.000Z"],
  ["stopped", failed, { code: 143 }, { by: "stop", how: "asked" }, undefined, 3, "stopped"],
  ["stopped with an open question", failed, { code: 130 }, { by: "stop", how: "asked" }, pending, 0, "stopped"],
  ["out of time, not again", failed, { code: 143 }, { by: "timeout", afterMs: 1000 }, undefined, 3, "failed TIMED_OUT"],
  ["a person takes over", failed, { code: 143 }, { by: "attach" }, undefined, 0, "attach"],
];
for (const [name, ending, exit, cut, open, retries, expected] of table)
  test(`the end of a run: ${name}`, () => assert.is(say(judge(taskWith({}, retries), ending, exit, cut, open, now)), expected));

test("attempts come to an end, with growing pauses", () => {
  assert.is(say(judge(taskWith({ failures: 2 }, 2), failed, { code: 3 }, null, undefined, now)), "failed COMMAND_FAILED");
  assert.equal([0, 1, 2, 7, 20].map(retryDelayMs), [2000, 4000, 8000, 256_000, 300_000]);
});

test("every failure names the next step", () => {
  for (const [, ending, exit, cut, open] of table) {
    const after = judge(taskWith(), ending, exit, cut, open, now);
    if (after.to === "deliver" && after.outcome.kind === "failed") assert.match(after.outcome.failure.hint ?? "", /copse /);
  }
});

test("who waits says for what, and where in the line", () => {
  const queued = (id: string, priority: number, createdAt: string, notBefore: Task["notBefore"] = null): Task => ({
    ...taskWith({ id, createdAt, notBefore }),
    request: request({ priority }),
  });
  const tasks = [
    queued("late", 0, "3"),
    queued("early", 0, "1"),
    queued("urgent", 9, "4"),
    queued("limit", 0, "0", { at: "2026-01-01T01:00:00.000Z", kind: "limit", text: "until one" }),
    queued("no-room", 0, "0", { at: null, kind: "limit", text: "no room" }),
    queued("over", 0, "2", { at: "2025-01-01T00:00:00.000Z", kind: "time", text: "long ago" }),
    taskWith({ id: "running", state: "running" }),
  ];
  const waiting = waitingFor(tasks, now.toISOString());
  assert.equal(
    ["urgent", "early", "over", "late"].map((id) => waiting.get(id)?.position),
    [1, 2, 3, 4],
  );
  assert.is(waiting.get("over")?.text, "3rd in line");
  assert.equal(waiting.get("limit"), { kind: "limit", text: "until one", until: "2026-01-01T01:00:00.000Z" });
  assert.equal(waiting.get("no-room"), { kind: "limit", text: "no room" });
  assert.not(waiting.has("running"));
  assert.equal([1, 2, 3, 4, 11, 12, 13, 21, 22, 111].map(ordinal), [
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "22nd",
    "111th",
  ]);
});

test.run();
