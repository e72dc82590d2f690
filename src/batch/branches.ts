/** `{{branches}}`, known only when the tasks that are needed have been made: filled in then, from the text as it was written, so that every text is filled in once. Pure. */
import { listOf, type TaskEntry } from "./check.ts";
import type { PlannedTask } from "./plan.ts";
import { render, type Unknown, type Vars } from "./template.ts";

/** What of a task is filled in again, before anything was. */
export interface Written {
  readonly prompt: string;
  readonly exec: readonly string[] | null;
  /** Of `then`. */
  readonly followUps: readonly string[];
}

const name = "branches";

/** It stands for itself until then; nothing for a task that needs nobody. */
export const branchesOf = ({ needs }: TaskEntry): Vars => (listOf(needs).length === 0 ? {} : { [name]: `{{${name}}}` });

/** undefined where a variable of the file has that name: then it is that one's. */
export const writtenOf = (entry: TaskEntry, then: unknown, vars: Vars): Written | undefined =>
  listOf(entry.needs).length === 0 || vars[name] !== branchesOf(entry)[name]
    ? undefined
    : { prompt: entry.prompt ?? "", exec: entry.exec ?? null, followUps: listOf(then) };

/** Where it cannot be filled in. */
export const sayTooEarly = (unknown: Unknown, early: Vars): { text: string; hint: string } | undefined =>
  unknown.name === name && Object.hasOwn(early, name)
    ? {
        text: `\`{{${name}}}\` is known only when the tasks before have been made`,
        hint: "It may stand in `prompt`, `prompt-file`, `then` and `exec`.",
      }
    : undefined;

/** The task with the branches of those it needs, a space between. */
export function withBranches(task: PlannedTask, branches: readonly string[]): PlannedTask {
  const { written } = task;
  if (written === undefined) return task;
  const vars = { ...task.vars, [name]: branches.join(" ") };
  return {
    ...task,
    prompt: render(written.prompt, { ...vars, ...task.told }),
    exec: written.exec?.map((word) => render(word, vars)) ?? null,
    flags: { ...task.flags, ...followUpsIn(written.followUps, vars) },
  };
}

const flag = "then";

function followUpsIn(texts: readonly string[], vars: Vars): PlannedTask["flags"] {
  return texts.length === 0 ? {} : { [flag]: texts.map((text) => render(text, vars)) };
}
