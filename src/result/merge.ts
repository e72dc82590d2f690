/**
 * Takes a task's work over into the checkout a person stands in. The merge is made beside first, as commits that no branch knows; its checks run on that very result, in the task's own
 * worktree, where its dependencies are; only then the branch is moved, forward. Until that last step nothing is changed.
 */
import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { CopseError, messageOf } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import type { Check, Task } from "../core/task.ts";
import { treeOfFiles, unfinishedOperation } from "../git/changes.ts";
import { commitTree } from "../git/commit-tree.ts";
import { git, gitLine } from "../git/git.ts";
import { tryMerges } from "../git/merge-tree.ts";
import { statusOf } from "../git/status.ts";
import { assertWorktree, commitOf, headRef, leadsTo, pin } from "../git/worktrees.ts";

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
  /** Hears what a person should know of besides. */
  readonly say: (text: string) => void;
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
  await land(checkout, { head, ref, into }, commit);
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
  // What was settled in a merge of its own stands in no commit that could be made again.
  if (
    (await gitLine(dir, ["rev-parse", `${onto}^{tree}`])) !== tree &&
    (await gitLine(dir, ["rev-list", "--merges", `${head}..${tip}`])) !== ""
  )
    throw new CopseError("CONFLICT", `${task.branch} has merges in it whose changes a rebase would leave out; nothing was changed`, {
      hint: `Take it over as it is: copse merge ${task.label}, or as one commit: copse merge ${task.label} --squash`,
    });
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

/** In the task's own worktree, which is clean before, and after where it was. */
async function checkIn(task: Task, commit: string, { verify, check, say }: Merge): Promise<Check[]> {
  const dir = task.worktree;
  if (dir === null || task.branch === null || !existsSync(dir))
    throw new CopseError("WORKTREE_WRONG", `the worktree of ${task.label} is gone, so its checks cannot run`, {
      hint: `Bring it back: copse restore ${task.label}; or leave the checks out: --no-verify`,
    });
  await assertWorktree(dir, null, task.repoId);
  const { changed, untracked, head, branch } = await statusOf(dir);
  if (changed.length + untracked.length > 0)
    throw new CopseError("WRONG_STATE", `${[...changed, ...untracked][0]} in ${dir} is not committed`, {
      hint: "Commit it there, or move it away: the checks run there on the merged result.",
    });
  await goTo(dir, ["--detach", commit]);
  try {
    const checks: Check[] = [];
    for (const [i, command] of verify.entries()) checks.push(await check(command, i, dir));
    return checks;
  } finally {
    const kept = await keepChanges(task, dir, commit);
    if (kept !== undefined) say(`files of ${dir} that have changed meanwhile are as they were again; the changes are kept as ${kept}`);
    await git(dir, ["checkout", "--quiet", "--force", ...(branch === null ? ["--detach", head as string] : [branch, "--"])]);
  }
}

/** Ignored files of the person's are not written over, as git would by itself. */
async function goTo(dir: string, where: readonly string[]): Promise<void> {
  await git(dir, ["checkout", "--quiet", "--no-overwrite-ignore", ...where]).catch((error: unknown) => {
    throw new CopseError("WRONG_STATE", `the merged result cannot be put into ${dir}: ${inOneLine(error)}`, {
      hint: "Move these files away, or leave the checks out: --no-verify",
      cause: error,
    });
  });
}

/** It was clean, so a check has changed what is changed in tracked files now; or somebody who worked there meanwhile. */
async function keepChanges(task: Task, dir: string, commit: string): Promise<string | undefined> {
  if ((await statusOf(dir)).changed.length === 0) return undefined;
  return await pin(dir, task.slug, await commitTree(dir, await treeOfFiles(dir), [commit], "Changed while a merge was checked"));
}

/** Files of the checkout that are changed, or not git's (ignored ones too), and would be written over: known before the checks take their time. */
async function assertRoom(checkout: string, head: string, commit: string, into: string): Promise<void> {
  const { changed, untracked } = await statusOf(checkout);
  const written = (await git(checkout, ["diff-tree", "-r", "--name-status", "--no-renames", "-z", head, commit])).split("\0");
  const pathsOf = (what: string) => written.filter((_, i) => i % 2 === 1 && what.includes(written[i - 1] as string));
  const differs = new Set(pathsOf("AMTD"));
  // Where names differ by case alone for git only, what goes away may be what is in the way.
  const gone = new Set(pathsOf("D").map((path) => path.toLowerCase()));
  const added = pathsOf("A").filter((path) => !gone.has(path.toLowerCase()));
  const isThere = (path: string) => lstatSync(join(checkout, path), { throwIfNoEntry: false })?.isDirectory() === false;
  const inTheWay = [...new Set([...[...changed, ...untracked].filter((path) => differs.has(path)), ...added.filter(isThere)])];
  if (inTheWay.length > 0)
    throw new CopseError("WRONG_STATE", `nothing was merged into ${into}: ${inTheWay.slice(0, 10).join(", ")} would be written over`, {
      hint: "Commit or stash your changes, move away what git does not know, then merge again.",
    });
}

interface Where {
  readonly head: string;
  /** Full name of the branch; null when detached. */
  readonly ref: string | null;
  readonly into: string;
}

/** Forward only, as `git merge --ff-only` does it, and only there where it was made for: somebody may have gone to another branch while the checks ran. */
async function land(checkout: string, { head, ref, into }: Where, commit: string): Promise<void> {
  const stands = async () => (await headRef(checkout)) === ref && (await commitOf(checkout, "HEAD")) === head;
  const changed = (error?: unknown) =>
    new CopseError("WRONG_STATE", `${into} has changed meanwhile; nothing was merged`, { hint: "Merge again.", cause: error });
  if (!(await stands())) throw changed();
  try {
    await git(checkout, ["merge", "--quiet", "--ff-only", "--no-stat", "--no-overwrite-ignore", commit]);
  } catch (error) {
    if (!(await stands())) throw changed(error);
    throw new CopseError("WRONG_STATE", `nothing was merged into ${into}: ${inOneLine(error)}`, {
      hint: "Then merge again.",
      cause: error,
    });
  }
}

const inOneLine = (error: unknown): string => messageOf(error).replace(/\s+/g, " ");
