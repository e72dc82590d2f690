/** What the runner tells the line: how long a task is likely to take by what is on record, and the way behind it. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Request, Task } from "../../src/core/task.ts";
import { Order } from "../../src/runner/order.ts";
import { noteInIndex } from "../../src/store/index-file.ts";
import { indexFile } from "../../src/store/paths.ts";
import type { TaskRecord } from "../../src/store/record.ts";
import { someTask, stateFolder } from "../support/task-made.ts";

const start = Date.UTC(2026, 0, 1);
const took = (id: string, label: string, ms: number, wanted: Partial<Request> = {}, more: Partial<Task> = {}): Task =>
  someTask(
    {
      id,
      label,
      state: "completed",
      startedAt: new Date(start).toISOString(),
      endedAt: new Date(start + ms).toISOString(),
      ...more,
    },
    wanted,
  );
const open = (id: string, label: string, wanted: Partial<Request> = {}): [string, TaskRecord] => [
  id,
  { task: someTask({ id, label }, wanted) } as TaskRecord,
];

test("a task takes as long as the middle one of its label, else of its batch, else ten minutes", () => {
  const { state, remove } = stateFolder();
  try {
    mkdirSync(dirname(indexFile(state)), { recursive: true });
    const past = [
      took("a1", "build", 1000),
      took("a2", "build", 9000),
      took("a3", "build", 2000),
      took("a4", "build", 1, {}, { state: "failed" }),
      took("a5", "build", 1, {}, { repoId: "other" }),
      took("a6", "part-1", 400, { batch: "nightly" }),
    ];
    for (const task of past) noteInIndex(state, task, 1);
    const records = new Map([open("b", "build"), open("c", "docs", { after: [{ id: "b", label: "build" }] })]);
    const order = new Order(state, records);
    assert.equal([order.weightOf("b")?.ownMs, order.weightOf("c")?.ownMs], [2000, 600_000]);
    assert.is(order.weightOf("b")?.pathMs, 602_000);
    const [id, record] = open("d", "part-2", { batch: "nightly" });
    records.set(id, record);
    assert.is(order.weightOf("d"), undefined, "it is not told of it yet");
    order.changed(record.task);
    assert.is(order.weightOf("d")?.ownMs, 400);
    order.changed(took("e", "docs", 5000));
    assert.is(order.weightOf("b")?.pathMs, 7000, "what ends now counts from now on");
    const plain = new Order(state, new Map([open("x", "build")]));
    assert.is(plain.weightOf("x"), undefined, "alone, whoever came first goes first");
  } finally {
    remove();
  }
});

test.run();
