/** Keeps the index equal to the logs it is derived from. Only the runner does this. */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import { debug } from "../system/debug.ts";
import { compactIndex, noteInIndex, readIndex } from "./index-file.ts";
import { eventsFile, tasksDir } from "./paths.ts";
import { listHalfMade, listTaskDirs, readTask } from "./tasks.ts";

/** Notes again what the index has missed: a line is lost to a full disk, a crash between log and index, a compaction in the same moment. */
export function healIndex(state: string): void {
  const index = readIndex(state);
  for (const { id, dir } of listTaskDirs(state)) {
    const known = index.get(id)?.bytes;
    const size = logSize(dir);
    if (size === 0 || size === known) continue;
    try {
      const { task, bytes } = readTask(dir);
      if (bytes !== known) noteInIndex(state, task, bytes);
    } catch (error) {
      // Damaged: `doctor` says so.
      debug(() => `index: ${String(error)}`);
    }
  }
}

/** Rewrites the index with one line a task; what others append meanwhile is not lost. */
export function compact(state: string): void {
  compactIndex(state, readIndex(state).values());
  healIndex(state);
}

/** Size of a task's log; 0 when it cannot be seen. */
export function logSize(dir: string): number {
  try {
    return statSync(eventsFile(dir)).size;
  } catch {
    return 0;
  }
}

/** A command that was killed while it made a task leaves a folder that is no task yet, with prompt and environment in it. */
const halfMadeMs = 10 * 60_000;

export function sweepHalfMade(state: string): void {
  for (const { repoId, name } of listHalfMade(state)) {
    const dir = join(tasksDir(state, repoId), name);
    try {
      if (Date.now() - statSync(dir).mtimeMs > halfMadeMs) rmSync(dir, { recursive: true, force: true });
    } catch (error) {
      if (systemCode(error) !== "ENOENT") debug(() => `sweep: ${String(error)}`);
    }
  }
}
