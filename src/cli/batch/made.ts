/** The tasks that a batch has made so far in a repository. */
import type { Task } from "../../core/task.ts";
import { readIndex, taskOf } from "../../store/index-file.ts";

/** In the order they were made. */
export function tasksOfBatch(state: string, repoId: string | undefined, name: string): Task[] {
  const mark = Buffer.from(`"batch":${JSON.stringify(name)}`);
  return [...readIndex(state).values()]
    .filter((entry) => (repoId === undefined || entry.repoId === repoId) && entry.mentions(mark))
    .map(taskOf)
    .filter(({ request }) => request.batch === name)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Of batches that have made tasks in a repository. */
export function batchNames(state: string, repoId: string | undefined): string[] {
  const mark = Buffer.from('"batchKey":');
  const mine = [...readIndex(state).values()].filter((entry) => (repoId === undefined || entry.repoId === repoId) && entry.mentions(mark));
  return [...new Set(mine.flatMap((entry) => taskOf(entry).request.batch ?? []))];
}
