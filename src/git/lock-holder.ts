/**
 * Who has locked a worktree. `claude session <name> (pid N start M)` names its process, whether Claude Code locked it or Copse for a session of it;
 * `copse session …` does so while it is being made; other locks of Copse's (`copse task <id>`) are of tasks.
 */
import { startOf } from "../system/identity.ts";

/** The process a lock's reason names, or null. */
export function lockHolder(reason: string): number | null {
  const pid = /^(?:claude|copse session) .*\(pid (\d{1,10})\b/.exec(reason)?.[1];
  return pid === undefined ? null : Number(pid);
}

/** Does nothing stand behind this lock any more? A number that another process has by now counts as alive. */
export function isDeadLock(reason: string): boolean {
  const holder = lockHolder(reason);
  return holder === null ? reason.startsWith("copse ") : startOf(holder) === undefined;
}

/** How a worktree of a Claude Code session is locked, in Claude Code's own words. `making`: until it stands. */
export const sessionLock = (name: string, pid: number, making = false): string =>
  `${making ? "copse" : "claude"} session ${name} (pid ${pid} start ${startOf(pid) ?? "unknown"})`;

/** Was it made for a session, by the first line of its branch's reflog? */
export const isSessionMark = (mark: string): boolean => mark.startsWith("copse session ") && lockHolder(mark) !== null;
