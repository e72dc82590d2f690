import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CopseError } from "../../src/core/errors.ts";
import type { Fact } from "../../src/core/events.ts";
import { waitingFor } from "../../src/core/line.ts";
import { noProgress } from "../../src/core/task.ts";
import { taskJson } from "../../src/core/task-json.ts";
import { append } from "../../src/store/append.ts";
import { readIndex } from "../../src/store/index-file.ts";
import { appendEvents, number, readLog } from "../../src/store/log.ts";
import { eventsFile, taskDir } from "../../src/store/paths.ts";
import { readTask } from "../../src/store/tasks.ts";
import { newTask, repoId, stateFolder } from "../support/task-made.ts";

const { state, remove } = stateFolder();
const dirOf = (id: string) => taskDir(state, repoId, id);

/** A task with one of every fact that a life has. */
async function lived() {
  const task = newTask(state);
  const facts: Fact[] = [
    { type: "slot-taken" },
    { type: "worktree-planned", path: "/w", branch: "copse/x", base: "a".repeat(40), baseRef: "HEAD" },
    { type: "worktree-made", path: "/w", branch: "copse/x", base: "a".repeat(40) },
    { type: "run-starting", run: 1, sessionId: null },
    { type: "run-started", run: 1, identity: { pid: 1, start: "1", boot: "b" } },
    { type: "blocked", needs: { kind: "question", text: "which?", since: "2026-01-01T00:00:00.000Z", source: "stream" } },
    { type: "unblocked" },
    { type: "noted", text: "a note with ünïcode 🌳" },
    {
      type: "run-ended",
      run: 1,
      exitCode: 0,
      summary: "done",
      progress: noProgress,
      after: { to: "deliver", outcome: { kind: "completed" } },
    },
    { type: "checked", checks: [], status: "none" },
    {
      type: "delivered",
      result: { outcome: "changes", summary: "done", commits: 1, diff: { files: 1, insertions: 1, deletions: 0 }, pr: null, report: "/r" },
      failure: null,
    },
  ];
  await append(state, repoId, task.id, 1, () => facts);
  return task;
}

test("a torn last line is left out, and cut off by the next append", async () => {
  const task = newTask(state);
  const file = eventsFile(dirOf(task.id));
  const whole = readFileSync(file, "utf8");
  appendFileSync(file, '{"seq":2,"at":"2026');
  assert.is(readLog(file).events.length, 1);
  assert.is(readLog(file).bytes, Buffer.byteLength(whole));
  await append(state, repoId, task.id, 0, () => [{ type: "stop-asked", by: "a person" }]);
  const events = readLog(file).events;
  assert.equal(
    events.map((event) => event.seq),
    [1, 2],
  );
  assert.is(readFileSync(file, "utf8").split("\n").length, 3);
});

test("a gap, a repeated number, garbage and a foreign line are damage, with file and line named", async () => {
  const task = await lived();
  const file = eventsFile(dirOf(task.id));
  const lines = readFileSync(file, "utf8").split("\n");
  for (const bad of [
    [...lines.slice(0, 3), ...lines.slice(4)],
    [...lines.slice(0, 3), lines[2], ...lines.slice(3)],
    [...lines.slice(0, 3), "garbage", ...lines.slice(3)],
    [...lines.slice(0, 3), "null", ...lines.slice(3)],
    [...lines.slice(0, 3), '{"seq":4,"at":"2026-01-01T00:00:00.000Z","epoch":1}', ...lines.slice(4)],
  ]) {
    writeFileSync(file, bad.join("\n"));
    try {
      readTask(dirOf(task.id));
      assert.unreachable();
    } catch (error) {
      assert.instance(error, CopseError);
      assert.match((error as Error).message, /events\.jsonl:4:/);
    }
  }
});

test("an event of a type to come changes nothing", async () => {
  const task = newTask(state);
  appendFileSync(eventsFile(dirOf(task.id)), '{"seq":2,"at":"2027-01-01T00:00:00.000Z","epoch":9,"type":"hugged","by":"a friend"}\n');
  assert.equal({ ...readTask(dirOf(task.id)).task, seq: 1 }, task);
});

test("a log of a newer format is not touched", () => {
  const task = newTask(state);
  const file = eventsFile(dirOf(task.id));
  writeFileSync(file, readFileSync(file, "utf8").replace('"format":1', '"format":2'));
  assert.throws(
    () => readTask(dirOf(task.id)),
    (error: CopseError) => error.code === "NEWER_STATE",
  );
});

test("whole lines of somebody else are never cut off: a lock that was lost costs no fact", () => {
  const task = newTask(state);
  const file = eventsFile(dirOf(task.id));
  const { bytes } = readLog(file);
  appendEvents(file, number([{ type: "stop-asked", by: "somebody else" }], 1, new Date().toISOString(), 0), bytes);
  const before = readFileSync(file, "utf8");
  assert.throws(
    () => appendEvents(file, number([{ type: "slot-taken" }], 1, new Date().toISOString(), 1), bytes),
    (error: CopseError) => error.code === "BUSY",
  );
  assert.is(readFileSync(file, "utf8"), before);
});

test("whatever happens to one log, reading it gives a task that can be shown, or says it is damaged; others are as they were", async () => {
  const [task, other] = [await lived(), await lived()];
  const file = eventsFile(dirOf(task.id));
  const good = readFileSync(file);
  const before = JSON.stringify(readTask(dirOf(other.id)).task);
  const change = fc.record({
    at: fc.nat({ max: good.length - 1 }),
    how: fc.constantFrom("flip", "cut", "insert", "zero", "drop"),
    byte: fc.nat({ max: 255 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let data = Buffer.from(good);
      for (const { at, how, byte } of changes) {
        const i = at % Math.max(1, data.length);
        if (how === "flip") data[i] = (data[i] ?? 0) ^ (1 << (byte % 8));
        else if (how === "zero") data.fill(0, i, Math.min(data.length, i + (byte % 64)));
        else if (how === "cut") data = data.subarray(0, i);
        else if (how === "drop") data = Buffer.concat([data.subarray(0, i), data.subarray(i + 1 + (byte % 40))]);
        else data = Buffer.concat([data.subarray(0, i), Buffer.from([byte]), data.subarray(i)]);
      }
      writeFileSync(file, data);
      try {
        const { task: read } = readTask(dirOf(task.id));
        JSON.stringify(taskJson(read, { waiting: waitingFor([read], "2026-01-01T00:00:00.000Z").get(read.id) }));
        assert.type(read.label, "string");
        assert.ok(Array.isArray(read.request.tags));
      } catch (error) {
        if (!(error instanceof CopseError)) throw error;
      }
    }),
    { numRuns: 600, includeErrorInReport: true },
  );
  writeFileSync(file, good);
  assert.is(JSON.stringify(readTask(dirOf(other.id)).task), before);
  assert.is(readIndex(state).get(other.id)?.state, "completed");
});

test("a decision is taken on the log as it is then, also with twenty at once", async () => {
  const task = newTask(state);
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => append(state, repoId, task.id, 0, (now) => [{ type: "noted", text: `${now.seq}-${i}` }])),
  );
  const { events } = readLog(eventsFile(dirOf(task.id)));
  assert.is(events.length, 21);
  for (const event of events.slice(1)) assert.is(event.type === "noted" ? event.text.split("-")[0] : "", String(event.seq - 1));
});

test.after(remove);
test.run();
