/** `autoClean`: the worktree of a task that has just been completed goes at once if it is proven safe. Whatever goes wrong here is a line in the runner's log, never the task's. */
import { messageOf } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import type { Config } from "../store/config.ts";

export async function cleanUpAfter(state: string, task: Task, config: Config, say: (line: string) => void): Promise<void> {
  if (!task.request.worktree || task.worktree === null || !["present", "kept"].includes(task.worktreeState)) return;
  try {
    const [{ clean }, { survey }] = await Promise.all([import("../cleanup/clean.ts"), import("../cleanup/survey.ts")]);
    for (const one of await clean(state, await survey([task], config)))
      say(`${task.label}: its worktree is ${one.removed ? `removed (${one.verdict.why})` : `kept (${one.error ?? one.verdict.why})`}`);
  } catch (error) {
    say(`${task.label}: its worktree could not be cleaned up: ${messageOf(error)}`);
  }
}
