/** What an agent left uncommitted is committed on the task's branch, so that nothing is lost. */
import { rmSync } from "node:fs";
import type { Task } from "../core/task.ts";
import { commitAll, forward, indexLock, isDirty, unfinishedOperation } from "../git/changes.ts";
import { commitOf } from "../git/worktrees.ts";
import { fillTemplate } from "../store/templates.ts";

export interface Kept {
  /** Where the work stands now: the commit to compare with the base. */
  readonly tip: string;
  readonly notes: readonly string[];
}

/** Called when no process of the task lives any more. Safe to repeat. */
export async function keepLeftovers(task: Task): Promise<Kept> {
  const dir = task.worktree as string;
  const notes: string[] = [];
  // Every process of the run is proven gone: a lock on the index is a dead one's.
  rmSync(await indexLock(dir), { force: true });
  const operation = await unfinishedOperation(dir);
  if (operation !== undefined)
    notes.push(`the worktree is in the middle of a ${operation}; its uncommitted files are left as they are in ${dir}`);
  else if (await isDirty(dir))
    await commitAll(dir, fillTemplate(task.repo, "commit-message.txt", { title: task.request.title, label: task.label }));
  const tip = (await commitOf(dir, "HEAD")) as string;
  if (task.branch !== null && !(await forward(dir, task.branch, tip)))
    notes.push(`the agent left the branch ${task.branch}: its worktree stands at ${tip.slice(0, 12)}, which that branch does not lead to`);
  return { tip, notes };
}
