/** Who is to stand in line before a new runner gives its first slot, so that it goes to the first in the order and not to whose folder is read first. */
import { afterOf, mayHaveToWait } from "../core/prerequisites.ts";
import type { Task } from "../core/task.ts";
import type { Queue } from "../queue/queue.ts";
import type { TaskRecord } from "../store/record.ts";

/** It opens then at the latest: one that was held meanwhile, or whose log somebody has locked, keeps nobody waiting. */
const openLatestMs = 1000;

/** `open`: all that have not ended, each driven already. */
export function openLine(queue: Queue, open: readonly TaskRecord[]): void {
  const tasks = open.map(({ task }) => task);
  queue.open(expectedInLine(tasks, new Date().toISOString()));
  setTimeout(() => queue.open(), openLatestMs).unref();
}

/** Pure. `open`: all that have not ended. */
export function expectedInLine(open: readonly Task[], now: string): string[] {
  const ids = new Set(open.map(({ id }) => id));
  return open.filter((task) => comesAtOnce(task, ids, now)).map(({ id }) => id);
}

function comesAtOnce(task: Task, open: ReadonlySet<string>, now: string): boolean {
  if (task.state !== "queued" || task.stopAsked !== null || task.attachedBy !== null || task.runStarted !== null) return false;
  const held = task.notBefore;
  const isTime = held === null || (held.at !== null && held.at <= now);
  if (!mayHaveToWait(task)) return isTime;
  // What it waits for may have ended while no runner was there.
  return (isTime || (held?.kind === "task" && held.needsPerson !== true)) && afterOf(task).every(({ id }) => !open.has(id));
}
