/** The way through a batch's tasks that took longest: each begins when the one before it has ended. Pure. */
import type { Task } from "../core/task.ts";
import { orderOf } from "./order.ts";

export interface CriticalPath {
  readonly tasks: readonly Task[];
  /** Time at work along it; waiting for a slot is left out. */
  readonly ms: number;
}

/** Of each of a batch's tasks the newest, in the order they were first made. */
export function newestOfEach(made: readonly Task[]): Task[] {
  const newest = new Map<string, Task>();
  for (const task of made) {
    const key = `${task.repoId} ${task.request.batchKey ?? task.id}`;
    const other = newest.get(key);
    if (!other || other.createdAt <= task.createdAt) newest.set(key, task);
  }
  return [...newest.values()];
}

export function criticalPath(tasks: readonly Task[], now: Date): CriticalPath {
  const byKey = new Map(tasks.map((task) => [task.request.batchKey ?? task.id, task]));
  const needs = new Map([...byKey].map(([key, task]) => [key, (task.request.batchNeeds ?? []).filter((one) => byKey.has(one))]));
  const ordered = orderOf(needs);
  const best = new Map<string, CriticalPath>();
  // A key that was needed and later needs itself (the file changed in between) has no way through.
  for (const key of "order" in ordered ? ordered.order : byKey.keys()) {
    const task = byKey.get(key) as Task;
    const before = longest((needs.get(key) ?? []).flatMap((one) => best.get(one) ?? []));
    best.set(key, { tasks: [...before.tasks, task], ms: before.ms + workMs(task, now) });
  }
  return longest([...best.values()]);
}

const longest = (paths: readonly CriticalPath[]): CriticalPath =>
  paths.reduce((most, path) => (path.ms > most.ms ? path : most), { tasks: [], ms: 0 });

export function workMs({ startedAt, endedAt }: Task, now: Date): number {
  if (startedAt === null) return 0;
  return Math.max(0, (endedAt === null ? now.getTime() : Date.parse(endedAt)) - Date.parse(startedAt));
}
