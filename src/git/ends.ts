/** Between which two states of its repository the work of a task lies. */
import { existsSync } from "node:fs";
import { CopseError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { treeOfFiles } from "./changes.ts";
import { commitOf } from "./worktrees.ts";

interface Ends {
  /** Where git is asked. */
  readonly dir: string;
  readonly base: string;
  /** A commit, or a tree while files are not committed. */
  readonly to: string;
  /** The last commit. */
  readonly tip: string;
}

/** From its base to the tip of its branch; to a tree of its files as they are while it works. @throws CopseError */
export async function endsOf(task: Task): Promise<Ends> {
  if (task.base === null)
    throw new CopseError("WRONG_STATE", `${task.label} is ${task.state} and has changed nothing yet`, { hint: "See copse tasks." });
  if (task.worktreeState !== "removed" && task.worktree !== null && existsSync(task.worktree))
    return { dir: task.worktree, base: task.base, to: await treeOfFiles(task.worktree), tip: "HEAD" };
  const gone = task.removal?.branch?.sha ?? null;
  const tip = task.branch === null ? undefined : await commitOf(task.repo, `refs/heads/${task.branch}`);
  const to = tip ?? (gone === null ? undefined : await commitOf(task.repo, gone));
  if (to === undefined)
    throw new CopseError("WORKTREE_WRONG", `the worktree and the branch of ${task.label} are gone`, {
      hint: task.removal?.ref ? `Bring them back: copse restore ${task.label}` : "git reflog may still know its commits.",
    });
  return { dir: task.repo, base: task.base, to, tip: to };
}
