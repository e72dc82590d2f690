/** The tasks that a batch has made so far in a repository. */
import type { Task } from "../../core/task.ts";
import { readIndex, taskOf } from "../../store/index-file.ts";
import { listTaskDirs, readTask } from "../../store/tasks.ts";
import { debug } from "../../system/debug.ts";

/** In the order they were made. */
export function tasksOfBatch(state: string, repoId: string | undefined, name: string): Task[] {
  const mark = Buffer.from(`"batch":${JSON.stringify(name)}`);
  const index = readIndex(state);
  const known = [...index.values()]
    .filter((entry) => (repoId === undefined || entry.repoId === repoId) && entry.mentions(mark))
    .map(taskOf);
  return [...known, ...notYetIn(index, state, repoId)]
    .filter(({ request }) => request.batch === name)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Tasks whose command was killed before it had noted them; the runner does so when it comes by. */
function notYetIn(index: ReadonlyMap<string, unknown>, state: string, repoId: string | undefined): Task[] {
  return listTaskDirs(state).flatMap((one) => {
    if (index.has(one.id) || (repoId !== undefined && one.repoId !== repoId)) return [];
    try {
      return [readTask(one.dir).task];
    } catch (error) {
      debug(() => `${one.dir}: ${String(error)}`);
      return [];
    }
  });
}

/** Of batches that have made tasks in a repository. */
export function batchNames(state: string, repoId: string | undefined): string[] {
  const mark = Buffer.from('"batchKey":');
  const mine = [...readIndex(state).values()].filter((entry) => (repoId === undefined || entry.repoId === repoId) && entry.mentions(mark));
  return [...new Set(mine.flatMap((entry) => taskOf(entry).request.batch ?? []))];
}
