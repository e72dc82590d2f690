/** The one way a fact enters a task's log: under the task's lock, decided on the log as it is then. */
import { CopseError, systemCode } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import type { Task } from "../core/task.ts";
import { cannotWrite } from "./files.ts";
import { noteInIndex } from "./index-file.ts";
import { withLock } from "./lock.ts";
import { appendEvents, number } from "./log.ts";
import { eventsFile, taskDir } from "./paths.ts";
import { readTask } from "./tasks.ts";

export interface Appended {
  readonly task: Task;
  readonly bytes: number;
}

/**
 * Reads the task, lets `decideFacts` choose, appends what it gives. `epoch` is the runner's, 0 for a command's.
 * `overlay` puts what only the runner knows (progress) into the index line.
 * @throws CopseError CANNOT_WRITE (the log is as it was), BUSY, or whatever `decideFacts` throws
 */
export async function append(
  state: string,
  repoId: string,
  id: string,
  epoch: number,
  decideFacts: (task: Task) => readonly Fact[],
  overlay: (task: Task) => Task = (task) => task,
): Promise<Appended> {
  const dir = taskDir(state, repoId, id);
  const file = eventsFile(dir);
  return await lockedLog(dir, () => {
    const { task, bytes } = readTask(dir);
    const facts = decideFacts(task);
    if (facts.length === 0) return { task, bytes };
    const events = number(facts, task.seq, new Date().toISOString(), epoch);
    const next = events.reduce<Task>((folded, event) => evolve(folded, event), task);
    try {
      const end = appendEvents(file, events, bytes);
      noteInIndex(state, overlay(next), end);
      return { task: next, bytes: end };
    } catch (error) {
      throw error instanceof CopseError ? error : cannotWrite(dir, error);
    }
  });
}

/** A lock that cannot be made because the disk is full or read-only is a failed write like any other. */
async function lockedLog<T>(dir: string, work: () => T): Promise<T> {
  return await withLock(eventsFile(dir), work).catch((error: unknown) => {
    throw ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM"].includes(systemCode(error)) ? cannotWrite(dir, error) : error;
  });
}
