/** Who has locked a worktree: `claude session <name> (pid N start M)` names its process, Copse's own locks (`copse task <id>`) are of tasks. */
import { startOf } from "../system/identity.ts";

/** The process a lock's reason names, or null. */
export function lockHolder(reason: string): number | null {
  const pid = /^claude .*\(pid (\d{1,10})\b/.exec(reason)?.[1];
  return pid === undefined ? null : Number(pid);
}

/** Does nothing stand behind this lock any more? A number that another process has by now counts as alive. */
export function isDeadLock(reason: string): boolean {
  if (reason.startsWith("copse ")) return true;
  const holder = lockHolder(reason);
  return holder !== null && startOf(holder) === undefined;
}
