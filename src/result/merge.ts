/**
 * Takes a task's work over into the checkout a person stands in. The merge is made beside first, as commits that no branch knows; its checks run on that very result, in the task's own
 * worktree, where its dependencies are; only then the branch is moved, forward. Until that last step nothing is changed.
 */
import { existsSync } from "node:fs";
import { CopseError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import type { Check, Task } from "../core/task.ts";
import { unfinishedOperation } from "../git/changes.ts";
import { commitTree } from "../git/commit-tree.ts";
import { git, gitLine } from "../git/git.ts";
import { tryMerges } from "../git/merge-tree.ts";
import { statusOf } from "../git/status.ts";
import { assertWorktree, commitOf, headRef, leadsTo } from "../git/worktrees.ts";

export type How = "merge" | "squash" | "rebase";

export interface Merged {
  /** null: there was nothing to take over. */
  readonly commit: string | null;
  readonly into: string;
  readonly checks: readonly Check[];
}

export interface Merge {
  /** The checkout that is moved forward. */
  readonly checkout: string;
  readonly how: How;
  /** Commands to run on the merged result. */
  readonly verify: readonly string[];
  readonly check: (command: string, index: number, dir: string) => Promise<Check>;
  readonly message: string;
}

/** @throws CopseError CONFLICT naming the files, CHECKS_FAILED, WRONG_STATE, WORKTREE_WRONG; nothing is changed then */
export async function mergeTask(task: Task, wanted: Merge): Promise<Merged> {
  const { checkout, verify } = wanted;
  const tip = await tipOf(task);
  const head = await commitOf(checkout, "HEAD");
  const ref = await headRef(checkout);
  const into = ref?.replace("refs/heads/", "") ?? "HEAD";
  if (head === undefined) throw new CopseError("NO_COMMITS", `${into} has no commit yet`);
  if (ref === `refs/heads/${task.branch}`)
    throw new CopseError("WRONG_STATE", `this is the worktree of ${task.label} itself`, {
      hint: "Go to the checkout that is to get its work.",
    });
  const operation = unfinishedOperation(checkout);
  if (operation !== undefined)
    throw new CopseError("WRONG_STATE", `${checkout} is in the middle of a ${operation}`, { hint: "Finish or abort it first." });
  if (await leadsTo(checkout, tip, head)) return { commit: null, into, checks: [] };
  const commit = await make(task, checkout, head, tip, wanted);
  await assertRoom(checkout, head, commit, into);
  const checks = verify.length === 0 ? [] : await checkIn(task, commit, wanted);
  const bad = checks.find((one) => one.exitCode !== 0);
  if (bad !== undefined)
    throw new CopseError(
      "CHECKS_FAILED",
      `on the merged result \`${bad.command}\` exited ${bad.exitCode ?? "without a code"}; nothing was merged`,
      {
        hint: `Have it mended: copse retry ${task.label}, or see copse diff ${task.label}`,
      },
    );
  await land(checkout, commit, into);
  return { commit, into, checks };
}

async function tipOf(task: Task): Promise<string> {
  const tip = task.branch === null ? undefined : await commitOf(task.repo, `refs/heads/${task.branch}`);
  if (tip !== undefined) return tip;
  throw new CopseError("WRONG_STATE", `${task.label} has no branch${task.worktreeState === "removed" ? " any more" : ""}`, {
    hint: task.removal?.ref ? `Bring it back: copse restore ${task.label}` : `See \`copse show ${task.label}\`.`,
  });
}

async function make(task: Task, dir: string, head: string, tip: string, { how, message }: Merge): Promise<string> {
  const tree = await mergedTree(task, dir, head, tip);
  const clean = redact(message);
  if (how === "squash") return await commitTree(dir, tree, [head], clean);
  if (how === "merge") return await commitTree(dir, tree, [head, tip], clean);
  let onto = head;
  const list = (await gitLine(dir, ["rev-list", "--reverse", "--no-merges", `${head}..${tip}`])).split("\n").filter((sha) => sha !== "");
  for (const sha of list) onto = await replay(task, dir, onto, sha);
  return onto;
}

/** The tree of a merge of the two, made without touching any files. */
async function mergedTree(task: Task, dir: string, ours: string, theirs: string): Promise<string> {
  const [{ tree, conflicts: files } = { tree: "", conflicts: [] }] = await tryMerges(dir, [[ours, theirs]]);
  if (files.length === 0 && tree !== "") return tree;
  const named = `${files.slice(0, 10).join(", ")}${files.length > 10 ? ` and ${files.length - 10} more` : ""}`;
  throw new CopseError("CONFLICT", `${task.branch} conflicts with what is there, in ${named}; nothing was changed`, {
    hint: `Have its agent mend it: copse retry ${task.label}, or merge by hand: git merge ${task.branch}`,
  });
}

/** One commit again on top of another, with its author, date and message. One that brings nothing new there is left out. */
async function replay(task: Task, dir: string, onto: string, sha: string): Promise<string> {
  const [author = "", email = "", date = ""] = (await gitLine(dir, ["show", "-s", "--format=%an%x00%ae%x00%aI", sha])).split("\0");
  // With the commit's parent in the place of the fork: a commit that has `onto`'s tree and that parent stands for our side.
  const parentTree = await gitLine(dir, ["rev-parse", `${onto}^{tree}`]);
  const ours = await commitTree(dir, parentTree, [`${sha}^`], "ours");
  const tree = await mergedTree(task, dir, ours, sha);
  if (tree === parentTree) return onto;
  const message = await git(dir, ["show", "-s", "--format=%B", sha]);
  return await commitTree(dir, tree, [onto], message.trimEnd(), {
    env: { GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date },
  });
}

/** In the task's own worktree, which is clean and on its branch before and after. */
async function checkIn(task: Task, commit: string, { verify, check }: Merge): Promise<Check[]> {
  const dir = task.worktree;
  if (dir === null || task.branch === null || !existsSync(dir))
    throw new CopseError("WORKTREE_WRONG", `the worktree of ${task.label} is gone, so its checks cannot run`, {
      hint: `Bring it back: copse restore ${task.label}; or leave the checks out: --no-verify`,
    });
  await assertWorktree(dir, null, task.repoId);
  const { changed, untracked } = await statusOf(dir);
  if (changed.length + untracked.length > 0)
    throw new CopseError("WRONG_STATE", `${[...changed, ...untracked][0]} in ${dir} is not committed`, {
      hint: "Commit it there, or move it away: the checks run there on the merged result.",
    });
  await git(dir, ["checkout", "--quiet", "--detach", commit]);
  try {
    const checks: Check[] = [];
    for (const [i, command] of verify.entries()) checks.push(await check(command, i, dir));
    return checks;
  } finally {
    // It was clean: what is changed in tracked files now, a check has changed.
    await git(dir, ["checkout", "--quiet", "--force", task.branch, "--"]);
  }
}

/** Files of the checkout that are changed, or not git's, and would be written over: known before the checks take their time. */
async function assertRoom(checkout: string, head: string, commit: string, into: string): Promise<void> {
  const { changed, untracked } = await statusOf(checkout);
  const written = (await git(checkout, ["diff-tree", "-r", "--name-only", "--no-renames", "-z", head, commit])).split("\0");
  const inTheWay = [...changed, ...untracked].filter((path) => written.includes(path));
  if (inTheWay.length > 0)
    throw new CopseError("WRONG_STATE", `nothing was merged into ${into}: ${inTheWay.slice(0, 10).join(", ")} would be written over`, {
      hint: "Commit or stash your changes, then merge again.",
    });
}

/** Forward only, as `git merge --ff-only` does it. */
async function land(checkout: string, commit: string, into: string): Promise<void> {
  try {
    await git(checkout, ["merge", "--quiet", "--ff-only", "--no-stat", commit]);
  } catch (error) {
    throw new CopseError("WRONG_STATE", `${into} has changed meanwhile; nothing was merged`, { hint: "Merge again.", cause: error });
  }
}
