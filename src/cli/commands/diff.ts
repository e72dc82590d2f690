/** `copse diff`: what a task changed against its base, with the person's own git settings and pager; a running one as its files are now. */

import { existsSync } from "node:fs";
import { CopseError } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import { differenceOf, treeOfFiles } from "../../git/changes.ts";
import { commitOf } from "../../git/worktrees.ts";
import { giveTerminal } from "../../system/command.ts";
import { isTty, out } from "../../system/output.ts";
import { findTask } from "../find.ts";

export interface DiffOptions {
  readonly stat: boolean;
  readonly nameOnly: boolean;
  readonly json: boolean;
}

export async function diff(name: string, options: DiffOptions): Promise<number> {
  const { task } = findTask(name);
  const { dir, base, to } = await endsOf(task);
  if (options.json) {
    const { commits, files, insertions, deletions, paths } = await differenceOf(dir, base, to);
    out(`${JSON.stringify({ task: task.id, label: task.label, base, to, commits, diff: { files, insertions, deletions }, paths })}\n`);
    return 0;
  }
  const how = [...(options.stat ? ["--stat"] : []), ...(options.nameOnly ? ["--name-only"] : [])];
  return await giveTerminal("git", [...(isTty(1) ? [] : ["--no-pager"]), "diff", ...how, "--end-of-options", base, to], {
    cwd: dir,
    env: ownGit(process.env),
  });
}

/** From its base to the tip of its branch; to a tree of its files as they are while it works. @throws CopseError */
async function endsOf(task: Task): Promise<{ dir: string; base: string; to: string }> {
  if (task.base === null)
    throw new CopseError("WRONG_STATE", `${task.label} is ${task.state} and has changed nothing yet`, { hint: "See copse tasks." });
  if (task.worktreeState !== "removed" && task.worktree !== null && existsSync(task.worktree))
    return { dir: task.worktree, base: task.base, to: await treeOfFiles(task.worktree) };
  const gone = task.removal?.branch?.sha ?? null;
  const tip = task.branch === null ? undefined : await commitOf(task.repo, `refs/heads/${task.branch}`);
  const to = tip ?? (gone === null ? undefined : await commitOf(task.repo, gone));
  if (to === undefined)
    throw new CopseError("WORKTREE_WRONG", `the worktree and the branch of ${task.label} are gone`, {
      hint: task.removal?.ref ? `Bring them back: copse restore ${task.label}` : "git reflog may still know its commits.",
    });
  return { dir: task.repo, base: task.base, to };
}

/** What would send git elsewhere is left out; pager, colours and configuration are the person's. */
function ownGit(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const elsewhere = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"];
  return Object.fromEntries(
    Object.entries(env).filter((one): one is [string, string] => one[1] !== undefined && !elsewhere.includes(one[0])),
  );
}
