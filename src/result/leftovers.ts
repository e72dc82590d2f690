/** What an agent left uncommitted is committed on the task's branch, so that nothing is lost. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { redact } from "../core/redact.ts";
import type { Task } from "../core/task.ts";
import { commitAll, dirtyPaths, forward, nestedRepositories, unfinishedOperation } from "../git/changes.ts";
import { git, gitMaybe } from "../git/git.ts";
import { findRepository } from "../git/repository.ts";
import { clearBranchLock } from "../git/stale-lock.ts";
import { assertWorktree, commitOf, headRef, leadsTo, pin } from "../git/worktrees.ts";
import { fillTemplate } from "../store/templates.ts";
import { findDrafts } from "./drafts.ts";

export interface Kept {
  /** Where the work stands now: the commit to compare with the base; "" = the files as they are. */
  readonly tip: string;
  readonly notes: readonly string[];
  /** git's own operation that the worktree is in the middle of. */
  readonly operation: string | null;
}

/** Marks the git processes of a delivery, so that those a dead runner left are found. */
export const deliveryCookie = (task: Task): string => `${task.id}.deliver`;

/**
 * Called when no process of the task lives any more. Safe to repeat. `env`: the task's environment, for the identity a person may have set there.
 * @throws CopseError WORKTREE_WRONG when the folder is no worktree of the task's repository (any more): nothing is committed anywhere then
 */
export async function keepLeftovers(task: Task, env: Readonly<Record<string, string>>): Promise<Kept> {
  const dir = task.worktree as string;
  const branch = task.branch as string;
  await assertWorktree(dir, null, task.repoId);
  await clearLocks(dir, branch);
  const options = { env: { ...identityIn(env), COPSE_RUN: deliveryCookie(task) } };
  const operation = unfinishedOperation(dir);
  if (operation !== undefined) {
    const note = `the worktree is in the middle of a ${operation}; its uncommitted files are left as they are in ${dir}`;
    return { tip: "", notes: [note], operation };
  }
  const notes: string[] = [];
  const head = await headRef(dir);
  const own = `refs/heads/${branch}`;
  const before = await commitOf(dir, "HEAD");
  // Leftovers never go onto a branch that is not the task's, be it the agent's or the person's.
  if (head !== own && before !== undefined) await git(dir, ["update-ref", "--no-deref", "HEAD", before]);
  const dirty = (await dirtyPaths(dir)).length > 0;
  const where = head === null ? "a detached HEAD" : `the branch ${head.replace("refs/heads/", "")}`;
  const stood = await commitOf(dir, own);
  // It has only looked there (an earlier commit of its own, a test of what others have): its commits are on its branch.
  const strayed = head !== own && before !== undefined && stood !== undefined && stood !== task.base && (await isOld(task, before, stood));
  if (strayed && !dirty && (await goBack(dir, branch)))
    return {
      tip: stood,
      notes: [`the agent left ${branch} for ${where}, where it has done nothing; the worktree is on ${branch} again`],
      operation: null,
    };
  if (dirty) {
    const nested = await nestedRepositories(dir);
    // Of work that went well, what becomes issues is not committed; of any other it is, so that the next attempt has it.
    const drafts = (task.outcome?.kind ?? "completed") === "completed" ? (await findDrafts(task)).untracked : [];
    const title = redact(task.request.title);
    await commitAll(dir, fillTemplate(task.repo, "commit-message.txt", { title, label: task.label }), [...nested, ...drafts], options);
    for (const path of nested) notes.push(`${path} is a repository of its own; it stays in ${dir} and is not on the branch`);
    const left = (await dirtyPaths(dir)).filter((path) => !nested.includes(path) && !drafts.some((draft) => draft.startsWith(path)));
    if (left.length > 0) notes.push(`not committed, still in ${dir}: ${left.slice(0, 5).join(", ")}${left.length > 5 ? " …" : ""}`);
  }
  const tip = dirty ? await commitOf(dir, "HEAD") : before;
  if (tip === undefined) return { tip: (await commitOf(task.repo, own)) ?? (task.base as string), notes, operation: null };
  if (await forward(dir, branch, tip)) {
    if (head !== own) {
      await git(dir, ["symbolic-ref", "HEAD", own]);
      notes.push(`the agent worked on ${where}; its work is on ${branch}, and so is the worktree again`);
    }
  } else {
    const kept = await pin(dir, task.slug, tip);
    if (head !== null && tip === before) await git(dir, ["symbolic-ref", "HEAD", head]);
    notes.push(
      `the agent left ${branch} for ${where}: its work stands at ${tip.slice(0, 12)}, which ${branch} does not lead to; it is kept as ${kept}`,
    );
  }
  return { tip: strayed ? stood : tip, notes, operation: null };
}

/** Is there nothing new in the commit `at`: the task's branch, or where it began, has it in its history? */
async function isOld({ repo, baseRef }: Task, at: string, stood: string): Promise<boolean> {
  if (await leadsTo(repo, at, stood)) return true;
  const others = baseRef === null ? undefined : await commitOf(repo, baseRef);
  return others !== undefined && (await leadsTo(repo, at, others));
}

/** @returns whether git could, without writing over anything */
const goBack = async (dir: string, branch: string): Promise<boolean> =>
  (await gitMaybe(dir, ["checkout", "--quiet", "--no-overwrite-ignore", branch, "--"])) !== undefined;

/** Every process of the run is proven gone: its locks are a dead one's. */
async function clearLocks(dir: string, branch: string): Promise<void> {
  const { gitDir, commonDir } = findRepository(dir);
  for (const name of ["index.lock", "HEAD.lock"]) rmSync(join(gitDir, name), { force: true });
  await clearBranchLock(commonDir, branch);
}

/** Our git calls run without the caller's `GIT_*`; a person who has an identity only there still has one. */
function identityIn(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^(?:GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)|EMAIL)$/.test(name)));
}
