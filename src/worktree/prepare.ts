/**
 * The step that makes a place to work: base → plan → registration → files → carried files → setup. Every part may be repeated:
 * a crash between deed and log leaves something this step recognises as its own, and goes on from or removes.
 */
import { existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { CopseError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { resolveBase } from "../git/base.ts";
import { inLane } from "../git/lane.ts";
import {
  assertWorktree,
  checkOut,
  commitOf,
  deleteBranchAt,
  dropRegistration,
  initSubmodules,
  listWorktrees,
  lockWorktree,
  registerWorktree,
} from "../git/worktrees.ts";
import { laneOf } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { carryFolders } from "./carry.ts";
import { excludeTrees } from "./exclude.ts";
import { carryIncluded } from "./include.ts";
import { runSetup } from "./setup.ts";

/** Brings the task to "its place stands". Notes are written to its log. @throws CopseError; a full disk is one too (see `isDiskFull`) */
export async function prepare(record: TaskRecord, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const { task } = record;
  if (!task.request.worktree) return await useCheckout(record);
  if (task.worktree === null && task.planned === null) await plan(record);
  const { path, branch, base } = record.task.planned as NonNullable<Task["planned"]>;
  await inLane(laneOf(record.state, task.repoId), () => ensureRegistered(record.task, path, branch as string, base));
  await inCheckoutSlot(() => checkOut(path));
  const notes = await fill(record.task, path);
  if (notes.length > 0) await record.add(notes.map((text) => ({ type: "noted", text })));
  await runSetup(record.task, record.dir, path, env, signal);
  if (signal.aborted) return;
  await record.add([{ type: "worktree-made", path, branch, base }]);
}

async function useCheckout(record: TaskRecord): Promise<void> {
  const { cwd } = record.task;
  const { sha, ref } = await resolveBase(cwd, "HEAD");
  await assertWorktree(cwd, null);
  await record.add([
    { type: "worktree-planned", path: cwd, branch: null, base: sha, baseRef: ref },
    { type: "worktree-made", path: cwd, branch: null, base: sha },
  ]);
}

async function plan(record: TaskRecord): Promise<void> {
  const { task } = record;
  const { request } = task;
  const dir = existsSync(task.cwd) ? task.cwd : task.repo;
  const { sha, ref } = await resolveBase(dir, request.base);
  const place = join(realParent(request.place), request.place.slice(dirname(request.place).length + 1));
  if ((await commitOf(task.repo, `refs/heads/${request.branchName}`)) !== undefined)
    throw new CopseError("BRANCH_TAKEN", `the branch ${request.branchName} exists already`, {
      hint: "Choose another label, or delete the branch if its work is done.",
    });
  if (existsSync(place) && !isEmptyDir(place))
    throw new CopseError("EXISTS", `${place} exists already and is not a worktree of this task`, {
      hint: "Move it away or choose another label.",
    });
  await record.add([{ type: "worktree-planned", path: place, branch: request.branchName, base: sha, baseRef: ref }]);
}

/** The parent folder is made now, so that its real path is known and compared from here on. */
function realParent(place: string): string {
  mkdirSync(dirname(place), { recursive: true });
  return realpathSync(dirname(place));
}

const isEmptyDir = (path: string): boolean => {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
};

/** The branch and the folder are this task's own: they were free when it was planned, and the plan is in the log. */
async function ensureRegistered(task: Task, path: string, branch: string, base: string): Promise<void> {
  const lockReason = `copse task ${task.id}`;
  excludeTrees(task.repo, path);
  const entries = await listWorktrees(task.repo);
  const mine = entries.find((entry) => entry.path === path);
  const tip = await commitOf(task.repo, `refs/heads/${branch}`);
  if (mine && mine.branch === branch && tip !== undefined && existsSync(join(path, ".git"))) {
    if (mine.locked === null || mine.locked !== lockReason) await lockWorktree(task.repo, path, lockReason);
    return;
  }
  const holder = entries.find((entry) => entry.branch === branch && entry.path !== path);
  if (holder)
    throw new CopseError("BRANCH_TAKEN", `the branch ${branch} is checked out in ${holder.path}`, {
      hint: "Leave that branch there, or choose another label.",
    });
  if (mine) await dropRegistration(task.repo, path);
  const untouched = tip === base;
  if (untouched) await deleteBranchAt(task.repo, branch, base);
  await registerWorktree(task.repo, { path, branch, sha: base, createBranch: tip === undefined || untouched, lockReason });
}

async function fill(task: Task, path: string): Promise<string[]> {
  const from = existsSync(task.cwd) ? task.cwd : task.repo;
  const submodules = await initSubmodules(path);
  const included = await carryIncluded(from, path);
  const carried = await carryFolders(from, path, task.request.carry);
  return [
    ...(submodules === undefined ? [] : [submodules]),
    ...included.left.map((what) => `.worktreeinclude leaves out ${what}`),
    ...carried,
  ];
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
