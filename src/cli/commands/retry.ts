/** `copse retry`: a new attempt at a task that has ended, in the same worktree, in the agent's own session where it can be resumed. */
import { decide } from "../../core/decide.ts";
import { CopseError } from "../../core/errors.ts";
import type { Request, Task } from "../../core/task.ts";
import { taskEnvironment } from "../../session/environment.ts";
import { append } from "../../store/append.ts";
import { replaceFile } from "../../store/files.ts";
import { withLock } from "../../store/lock.ts";
import { envFile, mergeLock } from "../../store/paths.ts";
import { claimAgain } from "../../store/tasks.ts";
import { type Found, findTask } from "../find.ts";
import { waitsAgain } from "../prerequisites.ts";
import { tellRunner } from "../tell-runner.ts";
import { printTasks } from "../view/print.ts";

export async function retry(names: readonly string[], json: boolean, quiet: boolean): Promise<number> {
  const tasks: Task[] = [];
  for (const name of names) tasks.push(await tryAgain(findTask(name)));
  printTasks(tasks, json, quiet, againText);
  return 0;
}

export const againText = (task: Task): string => `${task.label} (${task.id}) is ${task.state} again`;

/** `anew`: what is asked of a joint task from now on. @throws CopseError WRONG_STATE, LABEL_TAKEN, BUSY */
export async function tryAgain(found: Found, anew?: (now: Task) => Request): Promise<Task> {
  const again = () =>
    append(found.state, found.task.repoId, found.task.id, 0, (now) => {
      const decision = decide(now, { ask: "retry", by: "a person" });
      if ("refused" in decision) throw new CopseError("WRONG_STATE", decision.refused, { hint: decision.hint });
      const request = anew?.(now);
      const waits = waitsAgain(request === undefined ? now : { ...now, request });
      claimAgain(found.state, now);
      // The first submitter's environment went with the task's end; this person's takes its place.
      replaceFile(envFile(found.dir), JSON.stringify(taskEnvironment(process.env)));
      return [...(request === undefined ? [] : [{ type: "asked-anew", request } as const]), ...decision.facts, ...waits];
    });
  const { task } = await withLock(mergeLock(found.dir), again, 1000).catch((error: unknown) => {
    if (!(error instanceof CopseError) || error.code !== "BUSY" || !error.message.endsWith(mergeLock(found.dir))) throw error;
    throw new CopseError("BUSY", `${found.task.label} is being merged: its checks run in its worktree`, {
      hint: "Try again when that is done.",
      cause: error,
    });
  });
  await tellRunner(found.state, task.repoId, task.id);
  return task;
}
