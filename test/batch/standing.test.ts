/** How a batch stands: what needs a person comes first, with the next command; where the time went; what of the budget. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { attentionText, parallelism, standingOf, timeText } from "../../src/batch/standing.ts";
import { skippedCode } from "../../src/core/prerequisites.ts";
import type { Request, Task } from "../../src/core/task.ts";
import { someTask } from "../support/task-made.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const made = (key: string, from: number | null, to: number | null, more: Partial<Task> = {}, wanted: Partial<Request> = {}): Task =>
  someTask(
    {
      id: `id-${key}`,
      label: key,
      state: "completed",
      startedAt: from === null ? null : at(from),
      endedAt: to === null ? null : at(to),
      ...more,
    },
    { batch: "b", batchKey: key, batchNeeds: [], ...wanted },
  );
const about = { batch: "b", budgetUsd: null, spentUsd: 0, leftOut: [], now: new Date(at(100)) };
const failure = (code: string, message: string) => ({ stage: "run" as const, code, message, hint: null });

test("the way that took longest, how long in all, and how many at once", () => {
  const tasks = [
    made("a", 0, 10),
    made("b", 2, 12),
    made("c", 12, 42, {}, { batchNeeds: ["a", "b"] }),
    made("d", 10, 20, {}, { batchNeeds: ["a"] }),
    made("e", null, null, { state: "queued" }),
  ];
  const standing = standingOf(tasks, about);
  assert.equal(
    standing.path.tasks.map(({ label }) => label),
    ["a", "c"],
  );
  assert.equal([standing.path.ms, standing.wallMs, standing.workMs, parallelism(standing)], [40_000, 42_000, 60_000, 1.4]);
  assert.is(
    timeText(standing, about.now),
    "Took 42 s for 1 min of work, 1.4 at once on average. Critical path: `a` 10 s → `c` 30 s; 40 s together.",
  );
  assert.equal([standing.attention, attentionText(standing)], [[], ""]);
  const running = standingOf([made("a", 90, null, { state: "running" })], about);
  assert.is(running.wallMs, 10_000, "what runs counts to now");
  const none = standingOf([made("a", null, null, { state: "queued" })], about);
  assert.equal([none.wallMs, none.workMs, parallelism(none), timeText(none, about.now)], [0, 0, null, ""]);
});

test("what needs a person, the most urgent first, each with the next command", () => {
  const needs = (kind: "question" | "permission", text: string) => ({ kind, text, since: at(0), source: "stream" as const });
  const tasks = [
    made("skipped", null, 1, {
      state: "stopped",
      failure: { ...failure(skippedCode, "skipped: bad failed"), hint: "copse retry bad skipped" },
    }),
    made("rival", 0, 1),
    made("red", 0, 1, { verify: { status: "failed", checks: [{ command: "npm test", exitCode: 2, durationMs: 1 }] } }),
    made("bad", 0, 1, { state: "failed", failure: failure("COMMAND_FAILED", "it exited | with `3`") }),
    made("held", null, null, {
      state: "queued",
      notBefore: { at: null, kind: "task", text: "held: bad failed; copse retry bad", needsPerson: true },
    }),
    made("asks", 0, null, { state: "blocked", needs: needs("question", "Which db?") }),
    made("may I", 0, null, { state: "blocked", needs: needs("permission", "rm -rf x") }),
    made("later", null, null, { state: "queued" }, { exec: null }),
    made("fine", 0, 1),
    made("stopped", 0, 1, { state: "stopped" }),
  ];
  const standing = standingOf(tasks, {
    ...about,
    budgetUsd: 2,
    spentUsd: 2.5,
    leftOut: [{ id: "id-rival", why: "it conflicts with fine in a.ts" }],
  });
  assert.equal(
    standing.attention.map(({ label, what, next }) => [label, what, next]),
    [
      ["asks", "blocked", 'copse send asks "…"'],
      ["may I", "blocked", "copse approve id-may I"],
      ["held", "held", "copse retry bad"],
      ["b", "budget", "start it again with a higher budget"],
      ["bad", "failed", "copse logs bad; copse retry bad"],
      ["red", "checks-failed", "copse diff red; copse retry red"],
      ["rival", "left-out", "copse diff rival; copse pr rival"],
      ["skipped", "skipped", "copse retry bad skipped"],
    ],
  );
  const text = attentionText(standing);
  assert.match(text, /^## What needs you\n\n- \*\*asks\*\* asks: `Which db\?`\. Next: `copse send asks "…"`\n/);
  assert.match(text, /- \*\*bad\*\* failed: ``it exited \| with `3` ``|- \*\*bad\*\* failed: `` it exited \| with `3` ``/);
  assert.match(timeText(standing, about.now), /Cost: \$2\.50 of \$2\.00\.$/);
  assert.is(
    standingOf([made("later", null, null, { state: "queued" })], { ...about, budgetUsd: 1, spentUsd: 2 }).attention.length,
    0,
    "commands are not held",
  );
});

test.run();
