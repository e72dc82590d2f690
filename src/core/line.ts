/** The line before the slots: who is next, and who waits for what. Pure; p-queue asks it for the next task, listings for positions. */
import type { Task, WaitingFor } from "./task.ts";

export interface Limits {
  /** Slots of this machine, over all repositories. */
  readonly machine: number;
  readonly groups: Readonly<Record<string, number>>;
}

/** What the line needs to know of a task. */
export interface Place {
  readonly id: string;
  readonly priority: number;
  /** Submitted first, served first, inside one priority. */
  readonly createdAt: string;
  readonly repoId: string;
  readonly repoLimit: number | null;
  readonly group: string | null;
  readonly groupLimit: number | null;
}

export function placeOf(task: Task): Place {
  const { priority, repoLimit, group, groupLimit } = task.request;
  return { id: task.id, priority, createdAt: task.createdAt, repoId: task.repoId, repoLimit, group, groupLimit };
}

/** Higher priority first, then first come, then by id. */
export function compare(a: Place, b: Place): number {
  return b.priority - a.priority || (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1);
}

/** May `place` start beside `busy`, as far as its group and its repository go? The machine's limit is the queue's own. */
export function fits(place: Place, busy: readonly Place[], limits: Limits): "yes" | "group" | "repository" {
  const groupLimit = place.group === null ? null : (limits.groups[place.group] ?? place.groupLimit);
  if (groupLimit !== null && busy.filter((other) => other.group === place.group).length >= groupLimit) return "group";
  if (place.repoLimit !== null && busy.filter((other) => other.repoId === place.repoId).length >= place.repoLimit) return "repository";
  return "yes";
}

/** What each queued task waits for, with its position in the line; tasks that wait for a time or a limit stand outside of it. */
export function waitingFor(tasks: readonly Task[], now: string): Map<string, WaitingFor> {
  const result = new Map<string, WaitingFor>();
  const inLine: Task[] = [];
  for (const task of tasks) {
    if (task.state !== "queued") continue;
    const held = task.notBefore;
    if (held && (held.at === null || held.at > now))
      result.set(task.id, { kind: held.kind, text: held.text, ...(held.at === null ? {} : { until: held.at }) });
    else inLine.push(task);
  }
  inLine.sort((a, b) => compare(placeOf(a), placeOf(b)));
  inLine.forEach((task, i) => {
    result.set(task.id, { kind: "slot", text: `${ordinal(i + 1)} in line`, position: i + 1 });
  });
  return result;
}

/** 1 → "1st", 2 → "2nd", 11 → "11th". */
export function ordinal(n: number): string {
  const tens = n % 100;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return `${n}${["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
}
