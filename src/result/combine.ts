/**
 * Puts the work of a batch's tasks together on the branch of its joint task: one commit a task, in the batch's order, by its author. A merge that conflicts leaves the task out, whole.
 * Everything is made beside, as commits that no branch knows; only then the branch is moved. So it may be cut short anywhere, and done again.
 */

import { CopseError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import type { Task } from "../core/task.ts";
import { dirtyPaths, treeOfFiles } from "../git/changes.ts";
import { commitTree } from "../git/commit-tree.ts";
import { git, gitLine } from "../git/git.ts";
import { tryMerges } from "../git/merge-tree.ts";
import { assertWorktree, commitOf, leadsTo, pin } from "../git/worktrees.ts";
import { type Combined, type Joined, noMore, noMoreButIn, type Out, readCombined, rowOf, whyOut, writeCombined } from "./combined.ts";

/** A task that is in: its commit, and what that changes. */
interface In {
  readonly task: Task;
  readonly commit: string;
  readonly paths: ReadonlySet<string>;
}

/** `dir`: of the joint task in the state; `members`: the newest of each, in the batch's order. @throws CopseError WORKTREE_WRONG, GIT_FAILED */
export async function combine(joint: Task, dir: string, members: readonly Task[], say: (text: string) => void): Promise<Combined> {
  const { worktree, branch, base, repoId } = joint;
  if (worktree === null || branch === null || base === null)
    throw new CopseError("BUG", `${joint.label} has no worktree to put anything together in`);
  await assertWorktree(worktree, branch, repoId);
  const before = readCombined(dir);
  const head = await gitLine(worktree, ["rev-parse", "HEAD"]);
  const isOurs = head === base || before?.tips.includes(head) === true;
  let at = isOurs ? base : head;
  const inside: In[] = [];
  const tasks: Joined[] = [];
  for (const task of members) {
    say(`${task.label} (${tasks.length + 1} of ${members.length})`);
    const kept = isOurs ? undefined : await standing(before, task, worktree, head);
    if (kept !== undefined) {
      tasks.push(kept);
      continue;
    }
    const done = await put(task, worktree, at, inside, tasks);
    if ("why" in done) tasks.push(rowOf(task, null, done));
    else {
      at = done.commit;
      tasks.push(rowOf(task, at, null));
      inside.push({ task, commit: at, paths: await pathsOf(worktree, at) });
    }
  }
  if (before !== undefined) await putAside(joint, worktree, head, say);
  const left = await leftBy(joint, before, isOurs ? base : head);
  const combined: Combined = { tips: [...new Set([...(isOurs ? [head] : []), at])], tasks, ...(left.length === 0 ? {} : { left }) };
  writeCombined(dir, combined);
  if (at !== head) await git(worktree, ["reset", "--quiet", "--keep", at]);
  return combined;
}

/** What was in before, and the batch's file has no more. `under`: what its commits would have to be below to be in still. */
async function leftBy({ request, repo }: Task, before: Combined | undefined, under: string): Promise<Joined[]> {
  const rows: Joined[] = [];
  for (const { id } of request.left ?? []) {
    const row = [...(before?.tasks ?? []), ...(before?.left ?? [])].find((one) => one.id === id);
    if (row === undefined) continue;
    const stays = row.commit !== null && (await leadsTo(repo, row.commit, under));
    rows.push({ ...row, commit: stays ? row.commit : null, why: stays ? noMoreButIn : noMore, lost: false });
  }
  return rows;
}

/** In what others have built upon meanwhile, what is in stays; a task that has gone on since is put in again, over it. */
async function standing(before: Combined | undefined, task: Task, dir: string, head: string): Promise<Joined | undefined> {
  const row = before?.tasks.find(({ id }) => id === task.id);
  if (row === undefined || row.commit === null || !(await leadsTo(dir, row.commit, head))) return undefined;
  return row.commits === (task.result?.commits ?? 0) ? row : undefined;
}

async function put(
  task: Task,
  dir: string,
  at: string,
  inside: readonly In[],
  before: readonly Joined[],
): Promise<{ readonly commit: string } | Out> {
  const out = whyOut(task);
  if (out !== undefined) return out;
  const lost = (why: string): Out => ({ why, lost: true });
  const { baseOf } = task.request;
  const under = baseOf && before.find(({ id }) => id === baseOf.id);
  if (under?.lost) return lost(`it builds on ${under.label}, which is left out`);
  const tip = await commitOf(task.repo, `refs/heads/${task.branch}`);
  if (tip === undefined) return lost(`its branch ${task.branch} is gone (copse restore ${task.label})`);
  const own = await ownWork(task, tip, dir);
  // With the task's base as its parent, what is there stands for our side: only what the task did on top of its base is merged.
  const tree = await gitLine(dir, ["rev-parse", `${at}^{tree}`]);
  const ours = await commitTree(dir, tree, [own.base], "ours");
  const [merged = { tree: "", conflicts: [] }] = await tryMerges(dir, [[ours, tip]]);
  if (merged.conflicts.length > 0 || merged.tree === "") return lost(sayConflict(merged.conflicts, inside));
  if (merged.tree === tree) return { why: "what it changed is there already", lost: false };
  return { commit: await commitOne(task, dir, merged.tree, at, own) };
}

interface Own {
  readonly base: string;
  readonly commits: readonly string[];
}

/** Where its own work begins, and its commits, oldest first. An agent may have merged or rebased: then it begins where the two parted. */
async function ownWork({ base }: Task, tip: string, dir: string): Promise<Own> {
  const from = base !== null && (await leadsTo(dir, base, tip)) ? base : await gitLine(dir, ["merge-base", base ?? "HEAD", tip]);
  const commits = (await gitLine(dir, ["rev-list", "--reverse", "--no-merges", `${from}..${tip}`])).split("\n").filter((sha) => sha !== "");
  return { base: from, commits };
}

/** In the name of who made its last commit, with that one's date for both: the same work makes the same commit. */
async function commitOne(task: Task, dir: string, tree: string, onto: string, { commits }: Own): Promise<string> {
  const last = commits.at(-1) ?? `refs/heads/${task.branch}`;
  const [author = "", email = "", date = ""] = (await gitLine(dir, ["show", "-s", "--format=%an%x00%ae%x00%aI", last])).split("\0");
  // Nothing but merges of its own: there is no commit to take words from.
  const people =
    commits.length === 0 ? [] : (await gitLine(dir, ["show", "-s", "--format=%an <%ae>", ...commits.slice(0, 500)])).split("\n");
  const others = [...new Set(people)].filter((one) => one !== "" && one !== `${author} <${email}>`);
  const message =
    commits.length === 0
      ? task.request.title
      : commits.length === 1
        ? (await git(dir, ["show", "-s", "--format=%B", last])).trim()
        : `${task.request.title}\n\n${(await gitLine(dir, ["show", "-s", "--format=* %s", ...commits.slice(0, 100)])).trim()}`;
  const credit = commits.length > 1 && others.length > 0 ? `\n\n${others.map((one) => `Co-authored-by: ${one}`).join("\n")}` : "";
  return await commitTree(dir, tree, [onto], redact(`${message}${credit}`), {
    env: { GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
  });
}

const pathsOf = async (dir: string, commit: string): Promise<Set<string>> =>
  new Set((await git(dir, ["diff-tree", "-r", "--name-only", "--no-renames", "--no-commit-id", "-z", commit])).split("\0").filter(Boolean));

function sayConflict(paths: readonly string[], inside: readonly In[]): string {
  const others = inside.filter((one) => paths.some((path) => one.paths.has(path))).map(({ task }) => task.label);
  const named = `${paths.slice(0, 5).join(", ")}${paths.length > 5 ? ` and ${paths.length - 5} more` : ""}`;
  return `it conflicts with ${others.length === 0 ? "the base" : others.slice(0, 5).join(", ")} in ${named}`;
}

/** What a check or a person has left uncommitted in the place of an earlier combination: kept by a name, and out of the way. */
async function putAside(joint: Task, dir: string, head: string, say: (text: string) => void): Promise<void> {
  if ((await dirtyPaths(dir)).length === 0) return;
  const kept = await pin(
    dir,
    joint.slug,
    await commitTree(dir, await treeOfFiles(dir), [head], "Left uncommitted before it was put together anew"),
  );
  say(`what was uncommitted there is kept as ${kept}`);
  await git(dir, ["reset", "--quiet", "--hard", head]);
  await git(dir, ["clean", "--quiet", "-d", "--force"]);
}
