/** Which group a task is shown in, in which order, and which of them are shown. Pure. */
import { safeLine } from "../../core/safe.ts";
import { type Beside, isTerminal, type Task } from "../../core/task.ts";

export type Group = "needs" | "running" | "queued" | "done";

export const groups: readonly Group[] = ["needs", "running", "queued", "done"];

/** A task as it is shown. */
export interface Seen {
  readonly task: Task;
  readonly beside: Beside;
  readonly group: Group;
}

/** `isHeld`: nothing goes on with this queued one until a person has done something about another. */
export function groupOf(task: Task, isHeld: boolean): Group {
  if (isTerminal(task)) return "done";
  if (task.state === "blocked") return task.attachedBy === null ? "needs" : "running";
  if (task.state === "queued") return isHeld ? "needs" : "queued";
  return "running";
}

/** Who has waited longest first; the line in its order; what has ended, newest first. */
export function inOrder(seen: readonly Seen[]): Seen[] {
  return groups.flatMap((group) => seen.filter((one) => one.group === group).sort(orderOf[group]));
}

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const place = ({ beside }: Seen): number => beside.waiting?.position ?? Number.MAX_SAFE_INTEGER;

const orderOf: Readonly<Record<Group, (a: Seen, b: Seen) => number>> = {
  needs: (a, b) => text(a.task.needs?.since ?? a.task.since, b.task.needs?.since ?? b.task.since),
  running: (a, b) => text(a.task.createdAt, b.task.createdAt),
  queued: (a, b) => place(a) - place(b) || text(a.task.createdAt, b.task.createdAt),
  done: (a, b) => text(b.task.endedAt ?? "", a.task.endedAt ?? ""),
};

/** Every word of the filter is somewhere in what the task is called, asked, does, or in its state. */
export function matches({ task }: Seen, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { request } = task;
  const all = [
    task.label,
    task.id,
    task.state,
    task.repo,
    request.title,
    request.group,
    request.batch,
    ...request.tags,
    task.progress.activity,
  ]
    .concat([task.needs?.text])
    .filter((part): part is string => typeof part === "string")
    .join("\n")
    .toLowerCase();
  return words.every((word) => all.includes(word));
}

/** The last part of its repository's path. */
export const repoName = (task: Task): string => safeLine(task.repo.split("/").at(-1) ?? "", 24);
