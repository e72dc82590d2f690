/** Batches in pretended time through the real line: text of a batch file, plan, places, p-queue, order and turns are Copse's own; only the agents' work is pretended, and every start and end is kept. */
import { placeOf } from "../../src/core/line.ts";
import { afterOf, weighBefore } from "../../src/core/prerequisites.ts";
import type { OnFailure, Task } from "../../src/core/task.ts";
import { memoryQueue } from "../../src/queue/memory.ts";
import { Order } from "../../src/runner/order.ts";
import type { TaskRecord } from "../../src/store/record.ts";
import { readBatch } from "./batch.ts";
import { someTask } from "./task-made.ts";

export interface Batch {
  /** null: tasks asked for alone, each by itself. */
  readonly name: string | null;
  readonly repoId: string;
  readonly repoLimit: number | null;
  readonly limit: number | undefined;
  readonly onFailure: OnFailure;
  readonly text: string;
  /** When it is started. */
  readonly atMs: number;
}

export interface Asked {
  readonly machine: number;
  readonly groups: Readonly<Record<string, number>>;
  readonly batches: readonly Batch[];
  /** By id, `repository key`. */
  readonly took: (id: string) => number;
  /** Its first attempt fails. */
  readonly fails: (id: string) => boolean;
  /** A person tries a failed one again so long after. null: never. */
  readonly retryMs: number | null;
  /** How long each takes is on record from before. */
  readonly known: boolean;
}

export interface Moment {
  readonly atMs: number;
  readonly what: "asked" | "start" | "well" | "badly" | "skipped" | "settled";
  /** None of what is settled: everything that could happen now has. */
  readonly id: string;
}

const epochMs = Date.UTC(2026, 0, 1);
const at = (ms: number): string => new Date(epochMs + ms).toISOString();

/** Runs it to its end. @returns every moment in order, and the tasks as they were asked for */
export async function live(asked: Asked): Promise<{ moments: Moment[]; tasks: Map<string, Task> }> {
  let now = 0;
  const moments: Moment[] = [];
  const agenda: { atMs: number; do: () => void }[] = [];
  const tasks = new Map<string, Task>();
  const records = new Map<string, TaskRecord>();
  const behind = new Map<string, string[]>();
  const standing = new Set<string>();
  const tried = new Set<string>();
  // No index there: nothing is on record but what is told below.
  const order = new Order("/nowhere/state", records);
  const queue = memoryQueue({ machine: asked.machine, groups: asked.groups }, { weightOf: (id) => order.weightOf(id), clock: () => now });
  const note = (what: Moment["what"], id: string) => void moments.push({ atMs: now, what, id });
  const later = (ms: number, work: () => void) => {
    const from = agenda.findIndex(({ atMs }) => atMs > now + ms);
    agenda.splice(from < 0 ? agenda.length : from, 0, { atMs: now + ms, do: work });
  };
  const change = (id: string, more: Partial<Task>): Task => {
    const task = { ...(tasks.get(id) as Task), ...more };
    tasks.set(id, task);
    const isOpen = !["completed", "failed", "stopped"].includes(task.state);
    if (isOpen) records.set(id, { task, wake() {} } as unknown as TaskRecord);
    else records.delete(id);
    order.changed(task);
    return task;
  };
  /** As the runner's driving loop does it when something has changed. */
  const look = (id: string): void => {
    const task = tasks.get(id) as Task;
    if (task.state !== "queued" || standing.has(id)) return;
    const verdict = weighBefore(
      task,
      afterOf(task).map((one) => ({ ...one, task: tasks.get(one.id) })),
    );
    if (verdict.do === "start") void stand(id);
    if (verdict.do !== "skip") return;
    change(id, { state: "stopped", failure: verdict.failure });
    note("skipped", id);
    for (const next of behind.get(id) ?? []) look(next);
  };
  const stand = async (id: string): Promise<void> => {
    standing.add(id);
    const slot = await queue.enter(placeOf(tasks.get(id) as Task), new AbortController().signal);
    change(id, { state: "running", startedAt: at(now) });
    note("start", id);
    later(asked.took(id), () => {
      slot.release();
      standing.delete(id);
      const well = !asked.fails(id) || tried.has(id);
      tried.add(id);
      change(id, { state: well ? "completed" : "failed", endedAt: at(now) });
      note(well ? "well" : "badly", id);
      if (!well && asked.retryMs !== null)
        later(asked.retryMs, () => {
          change(id, { state: "queued", endedAt: null, startedAt: null });
          note("asked", id);
          look(id);
        });
      for (const next of behind.get(id) ?? []) look(next);
    });
  };
  for (const batch of asked.batches)
    later(batch.atMs, () => {
      const made = tasksOf(batch, now);
      for (const task of made) {
        tasks.set(task.id, task);
        for (const { id } of afterOf(task)) behind.set(id, [...(behind.get(id) ?? []), task.id]);
        change(task.id, {});
        note("asked", task.id);
      }
      if (asked.known) remember(order, made, asked.took);
      for (const task of made) look(task.id);
    });
  while (agenda.length > 0) {
    now = agenda[0]?.atMs as number;
    while (agenda[0]?.atMs === now) agenda.shift()?.do();
    // All of p-queue's own steps are microtasks: they are over before the next turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    note("settled", "");
  }
  return { moments, tasks };
}

/** Of the text of a batch file, as `copse batch` plans it and `createTask` would number it. */
function tasksOf({ name, repoId, repoLimit, limit, onFailure, text }: Batch, now: number): Task[] {
  const { tasks, error } = readBatch(text);
  if (error !== undefined) throw error;
  const idOf = (key: string) => `${repoId} ${name ?? "alone"} ${key}`;
  return tasks.map((planned, i) =>
    someTask(
      { id: idOf(planned.key), label: `${name ?? "alone"}-${planned.label}`, repoId, createdAt: at(now + i) },
      {
        priority: Number(planned.flags["priority"] ?? 0),
        group: (planned.flags["group"] as string | undefined) ?? null,
        repoLimit,
        onFailure,
        ...(planned.needs.length === 0 ? {} : { after: planned.needs.map((key) => ({ id: idOf(key), label: key })) }),
        ...(name === null ? {} : { batch: name, batchKey: planned.key }),
        ...(name === null || limit === undefined ? {} : { group: name, groupLimit: limit }),
      },
    ),
  );
}

/** As if each had been completed once before. */
function remember(order: Order, made: readonly Task[], took: (id: string) => number): void {
  order.weightOf("");
  for (const task of made) order.changed({ ...task, state: "completed", startedAt: at(0), endedAt: at(took(task.id)) });
}
