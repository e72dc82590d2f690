/** From what a person typed (label, id, unique beginning of either) to a task. Reads the index, then the task's own log: that is the truth. */
import { CopseError } from "../core/errors.ts";
import { similar } from "../core/similar.ts";
import type { Task } from "../core/task.ts";
import { findRepository, type Repository } from "../git/repository.ts";
import { type Entry, readIndex, taskOf } from "../store/index-file.ts";
import { stateDir, taskDir } from "../store/paths.ts";
import { readTask } from "../store/tasks.ts";

export interface Found {
  readonly task: Task;
  readonly dir: string;
  readonly state: string;
}

/**
 * Looks in this repository first, then in all. Of several tasks with one label (ended ones keep theirs) the newest counts.
 * @throws CopseError TASK_NOT_FOUND with a suggestion, AMBIGUOUS with the candidates
 */
export function findTask(name: string, cwd = process.cwd()): Found {
  const state = stateDir();
  const entries = [...readIndex(state).values()];
  const here = repoIdMaybe(cwd);
  const mine = entries.filter((entry) => entry.repoId === here);
  const entry = pick(name, mine) ?? pick(name, entries);
  if (entry === undefined) {
    const labels = (mine.length > 0 ? mine : entries).map((one) => taskOf(one).label);
    const instead = similar(name, labels);
    throw new CopseError("TASK_NOT_FOUND", `no task is named "${name}"`, {
      hint: instead === undefined ? "See `copse tasks --all`." : `Did you mean ${instead}?`,
    });
  }
  const dir = taskDir(state, entry.repoId, entry.id);
  return { task: readTask(dir).task, dir, state };
}

function pick(name: string, entries: readonly Entry[]): Entry | undefined {
  const byId = entries.find((entry) => entry.id === name);
  if (byId) return byId;
  // Parsing every task takes longer than all the rest; labels need no escapes in JSON.
  const start = Buffer.from(`"label":${JSON.stringify(name).slice(0, -1)}`);
  const named = entries
    .filter((entry) => entry.id.startsWith(name) || entry.mentions(start))
    .map((entry) => ({ entry, task: taskOf(entry) }));
  const exact = named.filter(({ task }) => task.label === name);
  if (exact.length > 0) return newest(exact.map(({ entry }) => entry));
  const near = named.filter(({ entry, task }) => entry.id.startsWith(name) || task.label.startsWith(name));
  const labels = new Map(near.map(({ entry, task }) => [task.label, entry]));
  if (labels.size > 1)
    throw new CopseError("AMBIGUOUS", `"${name}" could be any of ${[...labels.keys()].slice(0, 8).join(", ")}`, {
      hint: "Type more of it, or its id.",
    });
  return near.length === 0 ? undefined : newest(near.map(({ entry }) => entry));
}

/** Open before ended, later before earlier; entries come in the order the tasks were made. */
function newest(entries: readonly Entry[]): Entry | undefined {
  return entries.filter((entry) => entry.endedAt === "").at(-1) ?? entries.at(-1);
}

/** `cwd`: where a repository was looked for. `hint`: how to do without one. */
export const noRepository = (cwd: string, hint: string): CopseError =>
  new CopseError("NO_REPOSITORY", `${cwd === process.cwd() ? "this folder" : cwd} is not inside a git repository`, { hint });

export const repoIdMaybe = (cwd: string): string | undefined => repositoryMaybe(cwd)?.id;

export function repositoryMaybe(cwd: string): Repository | undefined {
  try {
    return findRepository(cwd);
  } catch (error) {
    if (error instanceof CopseError) return undefined;
    throw error;
  }
}
