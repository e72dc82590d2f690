/** Open tasks, from the index. */
import type { Task } from "../core/task.ts";
import { isOpen, readLately, taskOf } from "../store/index-file.ts";
import { stateDir } from "../store/paths.ts";

export const openTasks = (env: Readonly<Record<string, string | undefined>> = process.env): Task[] =>
  [...readLately(stateDir(env)).values()].filter(isOpen).map(taskOf);

/** Of one repository. */
export const openTasksIn = (repoId: string | null | undefined): Task[] =>
  [...readLately(stateDir()).values()].filter((entry) => entry.repoId === repoId && isOpen(entry)).map(taskOf);
