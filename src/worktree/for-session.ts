/**
 * A worktree for a Claude Code session of a person's own, made by the same step as a task's (`prepare.ts`), but without a task: what the step writes down is kept in memory.
 * Whole or not at all: what fails takes away again what it made. One that was made for an earlier session of that name is handed out again.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CopseError, messageOf } from "../core/errors.ts";
import { type Fact, logFormat } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import { sha256 } from "../core/hash.ts";
import type { Request, Task } from "../core/task.ts";
import { inLane } from "../git/lane.ts";
import { isSessionMark, lockHolder, sessionLock } from "../git/lock-holder.ts";
import type { Repository } from "../git/repository.ts";
import {
  assertWorktree,
  commitOf,
  deleteBranchAt,
  dropRegistration,
  listWorktrees,
  lockWorktree,
  madeBy,
  makerOf,
  unlockWorktree,
  type WorktreeEntry,
} from "../git/worktrees.ts";
import { stopRun } from "../process/stop.ts";
import { makeDir } from "../store/files.ts";
import { laneOf, repoDir } from "../store/paths.ts";
import { startOf } from "../system/identity.ts";
import { type Preparing, prepare } from "./prepare.ts";

export interface SessionPlace {
  readonly state: string;
  readonly repo: Repository;
  /** The session's name for it. */
  readonly name: string;
  readonly slug: string;
  readonly request: Request;
  /** The session's process. */
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  /** Other processes than the session's that work in a folder. */
  readonly occupants: (path: string) => readonly number[];
}

export interface Made {
  readonly path: string;
  /** It was there, from an earlier session of that name. */
  readonly again: boolean;
  readonly notes: readonly string[];
}

/** @throws CopseError; then nothing is there that was not there before */
export async function makeForSession(place: SessionPlace, signal: AbortSignal): Promise<Made> {
  const { repo, request, name, pid } = place;
  const { branchName: branch } = request;
  const entries = await listWorktrees(repo.root);
  const mark = await makerOf(repo.root, branch);
  const tip = mark !== undefined && isSessionMark(mark) ? await commitOf(repo.root, `refs/heads/${branch}`) : undefined;
  // A branch that is somebody else's is refused by the step itself.
  if (mark === undefined || tip === undefined) return await make(place, memory(place, sessionLock(name, pid, true)), signal);
  const there = entries.find((entry) => entry.branch === branch);
  const maker = lockHolder(mark);
  // The very process that began it may be about to register it.
  if (there === undefined && maker !== null && maker !== pid && mark === sessionLock(name, maker, true))
    throw inUseBy(place, request.place, maker);
  const half = there?.locked != null && isSessionMark(there.locked);
  if (there !== undefined) requireFree(place, there, half);
  if (there !== undefined && !half) {
    await assertWorktree(there.path, branch, repo.id);
    await relock(place, there.path);
    return { path: there.path, again: true, notes: [] };
  }
  // Its folder is gone, or a start was cut short: made once more, from its branch.
  const record = memory(place, mark);
  await stopRun(`${record.task.id}.setup`, null, { intMs: 0, termMs: 2000 });
  const path = there?.path ?? request.place;
  await record.add([{ type: "worktree-planned", path, branch, base: tip, baseRef: branch }]);
  return { ...(await make(place, record, signal)), again: true };
}

/** `half`: whoever works in it was started by the start that was cut short. @throws CopseError CHECKOUT_BUSY while another session has it, or anybody works in it */
function requireFree(place: SessionPlace, { path, locked }: WorktreeEntry, half: boolean): void {
  const holder = locked === null ? null : lockHolder(locked);
  const inUse =
    holder !== null && holder !== place.pid && startOf(holder) !== undefined ? holder : half ? undefined : place.occupants(path)[0];
  if (inUse !== undefined) throw inUseBy(place, path, inUse);
}

const inUseBy = ({ name }: SessionPlace, path: string, pid: number) =>
  new CopseError("CHECKOUT_BUSY", `the worktree of ${name}, ${path}, is in use by process ${pid}`, {
    hint: "Choose another name, or end that session first.",
  });

async function make(place: SessionPlace, record: Memory, signal: AbortSignal): Promise<Made> {
  const { repo, state, request } = place;
  const planned = record.task.planned !== null;
  try {
    makeDir(record.dir);
    await prepare(record, place.env, signal);
    const { worktree } = record.task;
    if (worktree === null)
      throw new CopseError("COMMAND_FAILED", "it was interrupted while the worktree was being made", { hint: "Try again." });
    await assertWorktree(worktree, request.branchName, repo.id);
    await relock(place, worktree);
    return { path: worktree, again: false, notes: record.task.notes };
  } catch (error) {
    if (!planned)
      await inLane(laneOf(state, repo.id), () => takeBack(repo.root, record)).catch((trouble: unknown) => {
        throw new CopseError("GIT_FAILED", `${messageOf(error)}; and what was begun is still there: ${messageOf(trouble)}`, {
          hint: `git worktree list; git worktree remove --force ${record.task.planned?.path}`,
          cause: error,
        });
      });
    throw error;
  } finally {
    rmSync(record.dir, { recursive: true, force: true });
  }
}

/** Only what carries the mark of this very call: nobody has worked in it yet. */
async function takeBack(repo: string, { task, mark }: Memory): Promise<void> {
  const { planned } = task;
  if (planned?.branch == null || !(await madeBy(repo, planned.branch, mark))) return;
  const entry = (await listWorktrees(repo)).find(({ path }) => path === planned.path);
  if (entry?.branch === planned.branch) await dropRegistration(repo, planned.path);
  await deleteBranchAt(repo, planned.branch, planned.base);
}

/** From here on it says whose it is as Claude Code's own worktrees do. @throws CopseError CHECKOUT_BUSY when another session was faster */
async function relock(place: SessionPlace, path: string): Promise<void> {
  const { repo, state, name, pid } = place;
  await inLane(laneOf(state, repo.id), async () => {
    const entry = (await listWorktrees(repo.root)).find((one) => one.path === path);
    const holder = entry?.locked == null || isSessionMark(entry.locked) ? null : lockHolder(entry.locked);
    if (holder !== null && holder !== pid && startOf(holder) !== undefined) throw inUseBy(place, path, holder);
    await unlockWorktree(repo.root, path);
    await lockWorktree(repo.root, path, sessionLock(name, pid));
  });
}

interface Memory extends Preparing {
  readonly mark: string;
  add(facts: readonly Fact[]): Promise<void>;
}

/** As much of a task as the step needs, and nobody else ever sees. */
function memory({ state, repo, name, slug, request }: SessionPlace, mark: string): Memory {
  const id = `session-${sha256(`${repo.id}/${slug}`).slice(0, 12)}`;
  let seq = 0;
  const numbered = (fact: Fact) => ({ ...fact, seq: ++seq, at: new Date().toISOString(), epoch: 0 });
  const names = { label: name, slug, repo: repo.root, repoId: repo.id, cwd: repo.top };
  let task: Task = evolve(undefined, numbered({ type: "added", format: logFormat, id, ...names, request }));
  return {
    state,
    dir: join(repoDir(state, repo.id), "sessions", `${slug}.${process.pid}`),
    mark,
    get task() {
      return task;
    },
    async add(facts) {
      for (const fact of facts) task = evolve(task, numbered(fact));
    },
  };
}
