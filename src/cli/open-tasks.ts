/** Open tasks of a repository, from the index. */
import { isTerminal, type Task } from "../core/task.ts";
import { readLately, taskOf } from "../store/index-file.ts";

export function openTasks(state: string, repoId: string | null | undefined): Task[] {
  return [...readLately(state).values()].filter((entry) => entry.repoId === repoId && !isTerminal(entry)).map(taskOf);
}
