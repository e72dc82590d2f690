/** A task's report as a comment on its pull request: one for each task, brought up to date when it is asked for again. */
import { messageOf } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { forgeOfTask, type Surroundings } from "./forge-of-task.ts";
import { summaryPage } from "./summary.ts";

export interface Commented {
  readonly task: Task;
  /** Number of the pull request; null with an error. */
  readonly number: number | null;
  readonly error: string | null;
}

/** One after the other: forges ask for pauses between comments. One that fails stops no other. */
export async function commentReports(tasks: readonly Task[], around: Surroundings, now: Date): Promise<Commented[]> {
  const all: Commented[] = [];
  for (const task of tasks) {
    try {
      all.push({ task, number: await comment(task, around, now), error: null });
    } catch (error) {
      all.push({ task, number: null, error: messageOf(error) });
    }
  }
  return all;
}

async function comment(task: Task, around: Surroundings, now: Date): Promise<number> {
  const number = task.result?.pr?.number;
  if (number === undefined) throw new Error(`it has no pull request (copse pr ${task.label})`);
  const forge = await forgeOfTask(task, around);
  if (typeof forge === "string") throw new Error(forge);
  const mark = `<!-- copse report ${task.id} -->`;
  const page = summaryPage([task], task.label, now).slice(0, forge.most.body - mark.length - 2);
  // Not a person's who quotes it.
  const ours = (body: string) => body.startsWith("# Report: ") && body.trimEnd().endsWith(mark);
  await forge.comment(number, `${page}\n${mark}\n`, ours);
  return number;
}
