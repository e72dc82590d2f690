/** `copse batch --combine`: what a batch's joint task runs in its worktree. It speaks the lines of a command as an agent. */
import { newestOfEach } from "../../batch/critical-path.ts";
import { CopseError } from "../../core/errors.ts";
import { afterOf } from "../../core/prerequisites.ts";
import type { Task } from "../../core/task.ts";
import { combine } from "../../result/combine.ts";
import { sayCombined } from "../../result/combined.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { listTaskDirs, readTask } from "../../store/tasks.ts";
import { out } from "../../system/output.ts";

/** @throws CopseError USAGE for anybody but a joint task */
export async function combineBatch(): Promise<number> {
  const state = stateDir();
  // By the folders, which are the truth: the index may be on its way.
  const mine = listTaskDirs(state).find(({ id }) => id === process.env["COPSE_TASK_ID"]);
  const task = mine && readTask(mine.dir).task;
  if (mine === undefined || task?.request.joint !== true)
    throw new CopseError("USAGE", "--combine is what Copse itself runs for a batch with `deliver: one-pr`", {
      hint: "Start the batch again, or its joint task: copse retry LABEL",
    });
  const say = (text: string) => out(`${JSON.stringify({ copse: "activity", text: `putting together: ${text}` })}\n`);
  const combined = await combine(task, mine.dir, newestOfEach(membersOf(state, task)), say);
  out(`${JSON.stringify({ copse: "summary", text: sayCombined(combined) })}\n`);
  return 0;
}

/** By their logs; of one that somebody has removed there is nothing to put in. */
const membersOf = (state: string, { repoId, ...task }: Task): Task[] =>
  afterOf(task).flatMap(({ id }) => {
    try {
      return [readTask(taskDir(state, repoId, id)).task];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
