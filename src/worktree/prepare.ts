/**
 * The step that makes a place to work: base → plan → registration → files → carried files → setup. Every part may be repeated:
 * a crash between deed and log leaves something this step recognises as its own, and goes on from or removes.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { CopseError, systemCode } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import type { Task } from "../core/task.ts";
import { resolveBase } from "../git/base.ts";
import { dirtyPaths } from "../git/changes.ts";
import type { GitOptions } from "../git/git.ts";
import { inLane } from "../git/lane.ts";
import { findRepository } from "../git/repository.ts";
import { clearBranchLock } from "../git/stale-lock.ts";
import {
  assertWorktree,
  checkOut,
  checkOutMissing,
  commitOf,
  createBranch,
  deleteBranchAt,
  dropRegistration,
  fillSubmodules,
  hasSubmodules,
  leadsTo,
  listWorktrees,
  lockWorktree,
  madeBy,
  pin,
  registerSubmodules,
  registerWorktree,
  unlockWorktree,
  type WorktreeEntry,
} from "../git/worktrees.ts";
import { stopRun } from "../process/stop.ts";
import { readMaybe } from "../store/files.ts";
import { laneOf } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { baseOfTask } from "./base-task.ts";
import { carryFolders } from "./carry.ts";
import { excludeTrees } from "./exclude.ts";
import { carryIncluded } from "./include.ts";
import { runSetup } from "./setup.ts";

interface Planned {
  readonly path: string;
  readonly branch: string;
  readonly base: string;
}

/** Stands in the lock of the worktree and in the first line of its branch's reflog: so much is ours, whatever a crash left. */
const markOf = (task: Task): string => `copse task ${task.id}`;

/** What a place is made for: a task's record, or something that keeps as much of one in memory (`for-session.ts`), with a mark of its own. */
export interface Preparing {
  readonly state: string;
  readonly dir: string;
  readonly task: Task;
  readonly mark?: string;
  add(facts: readonly Fact[]): Promise<unknown>;
}

/** Brings the task to "its place stands". Notes are written to its log. @throws CopseError; a full disk is one too (see `isDiskFull`) */
export async function prepare(record: Preparing, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  if (!record.task.request.worktree) return await useCheckout(record);
  const from = checkoutOf(record.task);
  const again = record.task.planned !== null;
  if (!again) await plan(record, from);
  const { task } = record;
  const planned = task.planned as Planned;
  const { path, branch, base } = planned;
  const cookie = `${task.id}.prepare`;
  const options: GitOptions = { env: { COPSE_RUN: cookie } };
  // What a runner that died left running of this very step is ended, and its locks are a dead one's, before anything is done again.
  if (again) {
    await stopRun(cookie, null, { intMs: 0, termMs: 2000 });
    await clearBranchLock(findRepository(task.repo).commonDir, branch);
  }
  const lane = laneOf(record.state, task.repoId);
  await inLane(lane, () => ensureRegistered(task, record.mark ?? markOf(task), from, planned, options));
  await inCheckoutSlot(async () => {
    const { gitDir } = findRepository(path);
    const lock = join(gitDir, "index.lock");
    const cutShort = existsSync(lock);
    rmSync(lock, { force: true });
    // Git writes the index behind all files. Once it is there somebody may have edited them: to mend what a setup stumbled over, say.
    if (!existsSync(join(gitDir, "index"))) await checkOut(path, options);
    else if (cutShort) await checkOutMissing(path, options);
  });
  const notes = await fill(task, from, path, lane, options);
  await tell(record, notes);
  await runSetup(task, record.dir, path, { ...env, COPSE_WORKTREE: path }, signal);
  if (signal.aborted) {
    await unlockWorktree(task.repo, path);
    await tell(record, [`its worktree stays in ${path}, on ${branch}, for a retry`]);
    return;
  }
  await record.add([{ type: "worktree-made", path, branch, base }]);
}

/**
 * Before each start: does the place still stand? One that somebody deleted is planned again, to be made from its branch; whatever else was done to it
 * is for `assertWorktree` to say. @returns false when it has to be prepared first
 */
export async function placeStands(record: TaskRecord): Promise<boolean> {
  const { task } = record;
  const { planned, worktree } = task;
  if (!task.request.worktree || worktree === null || planned === null || planned.branch === null) return true;
  if (isThere(worktree)) {
    await lockWorktree(task.repo, worktree, markOf(task));
    return true;
  }
  await record.add([
    { type: "worktree-planned", ...planned, baseRef: task.baseRef ?? planned.base },
    { type: "noted", text: `its worktree ${worktree} was gone; it is made again from ${planned.branch}` },
  ]);
  return false;
}

async function tell(record: Preparing, notes: readonly string[]): Promise<void> {
  const fresh = notes.filter((note) => !record.task.notes.includes(note));
  if (fresh.length > 0) await record.add(fresh.map((text) => ({ type: "noted", text })));
}

async function useCheckout(record: Preparing): Promise<void> {
  const { task } = record;
  const { cwd } = task;
  const { sha, ref } = await resolveBase(cwd, "HEAD");
  await assertWorktree(cwd, null, task.repoId);
  if ((await dirtyPaths(cwd)).length > 0)
    await tell(record, ["the checkout had uncommitted changes when it started; they count as its changes in this report"]);
  await record.add([
    { type: "worktree-planned", path: cwd, branch: null, base: sha, baseRef: ref },
    { type: "worktree-made", path: cwd, branch: null, base: sha },
  ]);
}

/** The checkout the task was submitted from, or the main one when that has gone. @throws CopseError NO_REPOSITORY */
function checkoutOf(task: Task): string {
  for (const dir of [task.cwd, task.repo]) if (isThere(dir) && findRepository(dir).id === task.repoId) return dir;
  throw new CopseError("NO_REPOSITORY", `the repository of this task is not at ${task.repo} any more`, {
    hint: "Move it back, or submit the task again where it is now.",
  });
}

async function plan(record: Preparing, from: string): Promise<void> {
  const { task } = record;
  const { request } = task;
  const { sha, ref, note } =
    request.baseOf === undefined ? { ...(await resolveBase(from, request.base)), note: undefined } : await baseOfTask(record, from);
  const path = realPlace(task);
  if ((await commitOf(task.repo, `refs/heads/${request.branchName}`)) !== undefined) throw branchTaken(request.branchName);
  if (isOccupied(path)) throw placeTaken(path);
  await record.add([
    { type: "worktree-planned", path, branch: request.branchName, base: sha, baseRef: ref },
    ...(note === undefined ? [] : [{ type: "noted" as const, text: note }]),
    ...(from === task.cwd
      ? []
      : [{ type: "noted" as const, text: `the checkout it was submitted from, ${task.cwd}, is gone; it starts from ${from}` }]),
  ]);
}

const branchTaken = (branch: string) =>
  new CopseError("BRANCH_TAKEN", `the branch ${branch} exists already`, {
    hint: "Choose another label, or delete the branch if its work is done.",
  });

const placeTaken = (path: string) =>
  new CopseError("EXISTS", `${path} exists already and is not a worktree of this task`, {
    hint: "Move it away, then retry; or choose another label.",
  });

/** The parent folder is made now, so that its real path is known and compared from here on. A place inside the repository stays inside: a link in its path may be the repository's own. */
function realPlace(task: Task): string {
  const { place } = task.request;
  const parent = dirname(place);
  const root = realpathSync(task.repo);
  const inside = !relative(task.repo, parent).startsWith("..");
  let above = parent;
  while (!isThere(above)) above = dirname(above);
  const real = (path: string) => {
    try {
      return realpathSync(path);
    } catch (error) {
      throw new CopseError("EXISTS", `${path} is a link that leads nowhere (${systemCode(error)}), so no worktree can be made below it`, {
        hint: "Remove it, then retry.",
      });
    }
  };
  if (inside && relative(root, real(above)).startsWith(".."))
    throw new CopseError("EXISTS", `${above} leads out of the repository, to ${real(above)}; no worktree is made there`, {
      hint: `Remove the link, or name that place yourself: worktrees in your own configuration, "${join(real(above), "{label}")}".`,
    });
  mkdirSync(parent, { recursive: true });
  return join(realpathSync(parent), basename(place));
}

/** Does anything have that name, a link that leads nowhere included? @throws when the look fails */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return false;
    throw error;
  }
}

/** Anything but an empty folder. */
const isOccupied = (path: string): boolean => isThere(path) && !(lstatSync(path).isDirectory() && readdirSync(path).length === 0);

/**
 * Branch and folder were free when they were planned. What stands there now is this task's own if it carries its mark, and is used or made anew;
 * everything else is somebody's and stays as it is.
 */
async function ensureRegistered(
  task: Task,
  mark: string,
  from: string,
  { path, branch, base }: Planned,
  options: GitOptions,
): Promise<void> {
  const again = task.worktree !== null;
  excludeTrees(task.repo, path);
  const entries = await listWorktrees(task.repo);
  const tip = await commitOf(task.repo, `refs/heads/${branch}`);
  const ownBranch = tip !== undefined && (again || (await madeBy(task.repo, branch, mark)));
  const there = entries.find((entry) => entry.path === path);
  const mine = there && (there.locked === mark || there.locked === "initializing" || (there.branch === branch && ownBranch));
  if (there && !mine) throw placeTaken(path);
  if (there && there.branch === branch && ownBranch && existsSync(join(path, ".git"))) {
    if (there.locked !== mark) await lockWorktree(task.repo, path, mark);
    return;
  }
  const holder = entries.find((entry) => entry.branch === branch && entry.path !== path);
  if (holder)
    throw new CopseError("BRANCH_TAKEN", `the branch ${branch} is checked out in ${holder.path}`, {
      hint: again
        ? `If that is its worktree, moved, bring it back: git worktree move ${holder.path} ${path}`
        : "Leave that branch there, or choose another label.",
    });
  if (tip !== undefined && !ownBranch) throw branchTaken(branch);
  if (tip === undefined && again)
    throw new CopseError("WORKTREE_WRONG", `its worktree ${path} and its branch ${branch} are gone; there is nothing to go on from`, {
      hint: "git reflog may still know the commits; else submit the task anew.",
    });
  await clearHalfMade(task, path, there, tip);
  if (isOccupied(path)) throw placeTaken(path);
  if (tip === undefined) await createBranch(task.repo, branch, base, mark, options);
  try {
    await registerWorktree(from, { path, branch, lockReason: mark }, options);
  } catch (error) {
    if (!again) await deleteBranchAt(task.repo, branch, base).catch(() => {});
    throw error;
  }
}

/** Removes what a start that a crash cut short left at the path: a registration, a folder with nothing in it but a `.git` file. A folder with more in it is not touched. */
async function clearHalfMade(task: Task, path: string, there: WorktreeEntry | undefined, tip: string | undefined): Promise<void> {
  const names = isThere(path) ? (lstatSync(path).isDirectory() ? readdirSync(path) : [""]) : [];
  if (names.some((name) => name !== ".git")) throw placeTaken(path);
  if (names.length > 0 && isLinkOfOurs(task, path)) rmSync(join(path, ".git"));
  if (there === undefined) return;
  if (isOccupied(path)) throw placeTaken(path);
  // A worktree that was deleted may have stood at a commit that no branch leads to.
  if (there.head !== null && !/^0+$/.test(there.head) && (tip === undefined || !(await leadsTo(task.repo, there.head, tip))))
    await pin(task.repo, task.slug, there.head);
  // git removes no registration whose folder it cannot make sense of, but one without a folder.
  if (isThere(path)) rmdirSync(path);
  await dropRegistration(task.repo, path);
}

/** Is `.git` in the folder a file that names a worktree of this very repository? */
function isLinkOfOurs(task: Task, path: string): boolean {
  const file = join(path, ".git");
  if (!lstatSync(file).isFile()) return false;
  const [, target] = /^gitdir: ([\s\S]*?)\n*$/.exec(readMaybe(file) ?? "") ?? [];
  return target !== undefined && dirname(resolve(path, target)) === join(findRepository(task.repo).commonDir, "worktrees");
}

async function fill(task: Task, from: string, path: string, lane: string, options: GitOptions): Promise<string[]> {
  const notes: (string | undefined)[] = [];
  if (hasSubmodules(path)) {
    notes.push((await inLane(lane, () => registerSubmodules(path, options))) ?? (await fillSubmodules(path, options)));
  }
  notes.push(...(await carryFolders(from, path, task.request.carry, options.env ?? {})));
  const included = await carryIncluded(from, path);
  notes.push(...included.left.map((what) => `.worktreeinclude leaves out ${what}`));
  return notes.filter((note) => note !== undefined);
}

let busy = 0;
const waiting: (() => void)[] = [];

/** At most as many checkouts as there are cores: the first agents start early instead of all starting late. */
async function inCheckoutSlot<T>(work: () => Promise<T>): Promise<T> {
  if (busy >= availableParallelism()) await new Promise<void>((resolve) => waiting.push(resolve));
  else busy++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else busy--;
  }
}
