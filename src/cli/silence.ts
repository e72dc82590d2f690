/** When a running task's agent last wrote anything: the mark for those that may have stalled. Shown, never acted upon. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "../core/task.ts";
import { runDir, stateDir, taskDir } from "../store/paths.ts";

/** Time of the last byte of its recording, or of its start; null for a task that does not run. */
export function lastOutputAt(task: Task): string | null {
  if (task.state !== "running") return null;
  try {
    const { mtime } = statSync(join(runDir(taskDir(stateDir(), task.repoId, task.id), task.run), "out"));
    return mtime.toISOString();
  } catch {
    return task.runStartedAt;
  }
}
