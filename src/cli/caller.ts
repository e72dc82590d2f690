/** The task whose agent calls us, if one does. */
import type { Task } from "../core/task.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import { stateDir } from "../store/paths.ts";
import { openTasks } from "./open-tasks.ts";

/** By the mark that everything a run starts has in its environment. An id that is not known here is another state folder's. */
export function callingTask(env: Readonly<Record<string, string | undefined>> = process.env): Task | undefined {
  const id = env["COPSE_TASK_ID"];
  if (!id) return undefined;
  const entry = readIndex(stateDir(env)).get(id);
  return entry === undefined ? undefined : taskOf(entry);
}

/** As `callingTask`; besides by the worktree that `top` is: some programs hand little of their environment on to what they start. */
export function callingTaskIn(top: string | undefined, env: Readonly<Record<string, string | undefined>> = process.env): Task | undefined {
  const marked = callingTask(env);
  if (marked !== undefined || top === undefined) return marked;
  return openTasks(env).find((task) => task.request.worktree && task.worktree === top);
}
