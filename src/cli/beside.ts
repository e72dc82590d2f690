/** What is shown of a task beside its log: its place in line, its silence, with whom its work would conflict. Shown, never acted upon. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { pausedText, waitingFor } from "../core/line.ts";
import { type Beside, isTerminal, type Task, type WaitingFor } from "../core/task.ts";
import { readLately, taskOf } from "../store/index-file.ts";
import { readOverlaps } from "../store/overlaps.ts";
import { runDir, stateDir, taskDir } from "../store/paths.ts";
import { readQueueSettings } from "../store/queue-settings.ts";

/** For many tasks at once; looks when it is called. `waiting`: from `waitingFor`. */
export function lookBeside(waiting: ReadonlyMap<string, WaitingFor>): (task: Task) => Beside {
  const overlaps = readOverlaps(stateDir());
  const { paused } = readQueueSettings(stateDir());
  return (task) => ({
    waiting: pausedText(waiting.get(task.id), paused),
    lastOutputAt: lastOutputAt(task),
    overlaps: isTerminal(task) ? [] : (overlaps[task.id] ?? []),
  });
}

/** As `lookBeside`, with the line as it stands now. */
export function lookBesideNow(): (task: Task) => Beside {
  const queued = [...readLately(stateDir()).values()].filter((entry) => entry.state === "queued").map(taskOf);
  return lookBeside(waitingFor(queued, new Date().toISOString()));
}

/** Time of the last byte of its recording, or of its start; null for a task that does not run. */
function lastOutputAt(task: Task): string | null {
  if (task.state !== "running") return null;
  try {
    const { mtime } = statSync(join(runDir(taskDir(stateDir(), task.repoId, task.id), task.run), "out"));
    return mtime.toISOString();
  } catch {
    return task.runStartedAt;
  }
}
