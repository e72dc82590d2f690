/** The sidebar: which group a task is in, in which order, with which mark; what a filter leaves. Pure. */
import type { TaskRow } from "../../api.ts";

export type GroupName = "needs" | "running" | "queued" | "done";
export type MarkKind = "running" | "completed" | "needs" | "failed" | "stopped" | "queued";

export const groupTitles: Readonly<Record<GroupName, string>> = {
  needs: "Needs you",
  running: "Running",
  queued: "Queued",
  done: "Done",
};

const groupNames = Object.keys(groupTitles) as GroupName[];

export function groupOf(task: TaskRow): GroupName {
  switch (task.state) {
    case "blocked":
      // Without a question a person is attached to it.
      return task.needs === null ? "running" : "needs";
    case "queued":
      return task.waitingFor?.needsPerson ? "needs" : "queued";
    case "preparing":
    case "running":
    case "delivering":
      return "running";
    default:
      return "done";
  }
}

export function markOf(task: TaskRow): MarkKind {
  const group = groupOf(task);
  if (group === "needs" || group === "queued" || group === "running") return group;
  if (task.state === "completed") return task.verify.status === "failed" ? "needs" : "completed";
  return task.state === "failed" ? "failed" : "stopped";
}

export interface Group {
  readonly name: GroupName;
  readonly tasks: readonly TaskRow[];
}

/** All four, also empty ones; in each the one to look at first stands first. */
export function groupsOf(tasks: Iterable<TaskRow>): Group[] {
  const groups: Record<GroupName, TaskRow[]> = { needs: [], running: [], queued: [], done: [] };
  for (const task of tasks) groups[groupOf(task)].push(task);
  groups.needs.sort(by((task) => task.needs?.since ?? task.since));
  groups.running.sort(by((task) => task.createdAt));
  groups.queued.sort((a, b) => place(a) - place(b) || compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
  groups.done.sort((a, b) => compare(b.endedAt ?? b.since, a.endedAt ?? a.since) || compare(a.id, b.id));
  return groupNames.map((name) => ({ name, tasks: groups[name] }));
}

let last: { readonly rows: ReadonlyMap<string, TaskRow>; readonly groups: Group[] } | undefined;

/** `groupsOf` of all rows; several views ask for the same within a frame. */
export function allGroups(rows: ReadonlyMap<string, TaskRow>): Group[] {
  if (last?.rows !== rows) last = { rows, groups: groupsOf(rows.values()) };
  return last.groups;
}

const place = (task: TaskRow): number => task.waitingFor?.position ?? Number.MAX_SAFE_INTEGER;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const by = (of: (task: TaskRow) => string) => (a: TaskRow, b: TaskRow) => compare(of(a), of(b)) || compare(a.id, b.id);

/**
 * Every word has to be found: `state:running`, `tag:x`, `group:x`, `batch:x`, `repo:x`, `agent:x` in that field, any other in label, title, activity or repository.
 */
export function matches(task: TaskRow, filter: string): boolean {
  return filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .every((word) => {
      const [, field, value = ""] = /^(state|tag|group|batch|repo|agent):(.*)$/.exec(word) ?? [];
      return field === undefined ? textOf(task).includes(word) : fieldOf(task, field).some((one) => one.toLowerCase().includes(value));
    });
}

const textOf = (task: TaskRow): string =>
  [task.label, task.title, task.activity ?? "", nameOfRepo(task.repo), task.needs?.text ?? ""].join("\n").toLowerCase();

function fieldOf(task: TaskRow, field: string): readonly string[] {
  switch (field) {
    case "state":
      return [task.state];
    case "tag":
      return task.tags;
    case "group":
      return task.group === null ? [] : [task.group];
    case "batch":
      return task.batch === null ? [] : [task.batch];
    case "repo":
      return [nameOfRepo(task.repo)];
    default:
      return [task.agent];
  }
}

export const nameOfRepo = (repo: string): string => repo.replace(/\/+$/, "").split("/").at(-1) ?? repo;

/** Repositories with their names; two of one name are told apart by the folder they are in. */
export function namesApart(repos: readonly string[]): (readonly [repo: string, name: string])[] {
  const names = repos.map(nameOfRepo);
  return repos.map((repo, i) => {
    const name = names[i] as string;
    const twice = names.indexOf(name) !== names.lastIndexOf(name);
    return [repo, twice ? repo.replace(/\/+$/, "").split("/").slice(-2).join("/") : name];
  });
}
