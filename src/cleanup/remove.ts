/**
 * Takes worktrees of one repository away: rescues, then for each intention, rename, a last look, registration; branches, facts. A crash after any step is mended by the next `clean` or `rm`;
 * up to the rename everything is as it was. Nothing is deleted here but branches; the folder goes to the trash beside it with what git knew of it, and that is emptied later.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CopseError, messageOf, systemCode } from "../core/errors.ts";
import { isTerminal, type Removal, type Task } from "../core/task.ts";
import { branchTips, deleteBranches } from "../git/branches.ts";
import { inLane } from "../git/lane.ts";
import { isDeadLock } from "../git/lock-holder.ts";
import { findRepository } from "../git/repository.ts";
import { saveWorktrees } from "../git/rescue.ts";
import { dropRegistration, listWorktrees, pin, type WorktreeEntry } from "../git/worktrees.ts";
import { append } from "../store/append.ts";
import { readMaybe } from "../store/files.ts";
import { laneOf } from "../store/paths.ts";
import { crashPoint } from "../system/crash.ts";
import { changedSince, type Sight } from "./look.ts";
import { leavingMark, trashFor } from "./trash.ts";

export interface Going {
  readonly task: Task;
  readonly sight: Sight;
  readonly why: string;
  /** All worktrees of its repository. */
  readonly entries: readonly WorktreeEntry[];
}

/** `rescue`: its ref, or null when there was nothing left to keep. With an error the worktree is where it was, or the next call goes on. */
export type Gone = { readonly rescue: string | null; readonly error: null } | { readonly rescue: null; readonly error: string };

interface Step extends Going {
  readonly begun: Removal;
  /** The worktree's own git directory; null when it went before. */
  readonly gitDir: string | null;
}

/** All of one repository. By task id; one bad entry never stops the rest. */
export async function removeWorktrees(state: string, going: readonly Going[]): Promise<Map<string, Gone>> {
  const gone = new Map<string, Gone>();
  const [first] = going;
  if (first === undefined) return gone;
  const { repo, repoId } = first.task;
  /** Those of `steps` for which `work` did what it is for. */
  const each = async <S extends Going>(steps: readonly S[], work: (step: S) => unknown): Promise<S[]> => {
    const well: S[] = [];
    for (const step of steps) {
      try {
        await work(step);
        well.push(step);
      } catch (error) {
        gone.set(step.task.id, { rescue: null, error: messageOf(error) });
      }
    }
    return well;
  };
  const begun: Step[] = [];
  const tips = await branchTips(repo);
  await each(going, async (one) => begun.push(await begin(one, tips)));
  const there = begun.filter(({ sight }) => !sight.missing);
  const lost = await saveWorktrees(
    repo,
    there.map(({ task: { id, label }, sight, begun: { ref, path, branch } }) => ({
      worktree: path,
      ref: ref as string,
      id,
      label,
      branch,
      status: sight.status as NonNullable<Sight["status"]>,
      ignored: sight.ignored.files,
    })),
  );
  const saved = await each(begun, ({ begun: { ref } }) => {
    if (ref !== null && lost.has(ref)) throw lost.get(ref);
  });
  crashPoint("rescued");
  const away = await each(saved, (step) => putAside(state, step));
  const dropped = await inLane(laneOf(state, repoId), async () => {
    // Somebody may have checked out one of the branches since the look.
    const entries = await listWorktrees(repo);
    const unknown = await each(
      away.map((step) => ({ ...step, entries })),
      unregister,
    );
    crashPoint("dropped");
    const kept = await deleteBranches(repo, unknown.flatMap(ownBranch));
    return await each(unknown, ({ begun: { branch } }) => {
      if (branch !== null && kept.has(branch.name)) throw kept.get(branch.name);
    });
  });
  crashPoint("branch-dropped");
  await each(dropped, async ({ task, why, begun: { ref } }) => {
    await append(state, repoId, task.id, 0, (now) => (now.worktreeState === "removed" ? [] : [{ type: "worktree-removed", why }]));
    gone.set(task.id, { rescue: ref, error: null });
  });
  return gone;
}

async function begin(going: Going, tips: ReadonlyMap<string, string>): Promise<Step> {
  const { task, sight, entries } = going;
  if (sight.missing) return { ...going, begun: task.removal ?? (await withoutFolder(task, entries)), gitDir: null };
  const path = task.worktree as string;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const tip = task.branch === null ? undefined : tips.get(task.branch);
  const branch = tip === undefined || task.branch === null ? null : { name: task.branch, sha: tip };
  const trash = join(trashFor(path), `${basename(path)}.${task.id}.${stamp}`);
  return { ...going, begun: { ref: `refs/copse/rescue/${task.id}/${stamp}`, path, trash, branch }, gitDir: findRepository(path).gitDir };
}

/** Somebody else has removed the folder: what its registration still holds is kept, its branch is left alone. */
async function withoutFolder(task: Task, entries: readonly WorktreeEntry[]): Promise<Removal> {
  const path = task.worktree as string;
  const head = entries.find((entry) => entry.path === path)?.head ?? null;
  const ref = head === null ? null : await pin(task.repo, task.id, head);
  return { ref, path, trash: "", branch: null };
}

async function putAside(state: string, { task, sight, begun, gitDir }: Step): Promise<void> {
  const leaving = `${begun.trash}${leavingMark}`;
  if (task.removal === null || !sight.missing) await note(state, task, begun);
  crashPoint("removal-begun");
  if (!sight.missing) {
    const lock = gitDir === null ? undefined : readMaybe(join(gitDir, "locked"))?.trimEnd();
    if (lock !== undefined && !isDeadLock(lock)) throw stays(task, "has been locked");
    mkdirSync(dirname(begun.trash), { recursive: true });
    renameSync(begun.path, leaving);
    crashPoint("leaving");
    await orBack(leaving, begun.path, async () => {
      const changed = await changedSince(sight, leaving);
      if (changed !== undefined) throw stays(task, `has changed (${changed})`);
    });
  }
  // Of one that a crash kept from here, too.
  if (begun.trash !== "" && existsSync(leaving)) renameSync(leaving, begun.trash);
  crashPoint("renamed");
}

const stays = ({ label }: Task, what: string) =>
  new CopseError("WRONG_STATE", `its worktree ${what} since it was looked at, and stays`, {
    hint: `Look again: copse clean, or copse rm ${label}`,
  });

/** Where nobody finds it any more it is seen whether it is still what the rescue holds; if not it is put back. */
async function orBack(leaving: string, path: string, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    try {
      renameSync(leaving, path);
    } catch (trouble) {
      throw new CopseError("WRONG_STATE", `${messageOf(error)}; it cannot be put back (${messageOf(trouble)}) and is in ${leaving}`, {
        hint: `Move it back: mv ${leaving} ${path}`,
        cause: error,
      });
    }
    throw error;
  }
}

/** Under the task's lock: nothing that was put into line meanwhile loses its worktree. */
async function note(state: string, task: Task, removal: Removal): Promise<void> {
  await append(state, task.repoId, task.id, 0, (now) => {
    if (!isTerminal(now) || now.attachedBy !== null || now.worktree !== task.worktree || now.worktreeState === "removed")
      throw new CopseError("WRONG_STATE", `${task.label} is ${now.state} now; its worktree stays`, {
        hint: `See \`copse show ${task.label}\`.`,
      });
    return [{ type: "removal-begun", removal }];
  });
}

/** One rename takes what git knows of the worktree away as a whole; git's own removal goes file by file, and takes long over a large index. */
async function unregister({ task, entries, begun, gitDir }: Step): Promise<void> {
  if (!entries.some((entry) => entry.path === begun.path)) return;
  try {
    if (gitDir === null || basename(dirname(gitDir)) !== "worktrees") return await dropRegistration(task.repo, begun.path);
    renameSync(gitDir, `${begun.trash}.git`);
  } catch (error) {
    // Another disk than the worktree's, or somebody was faster.
    if (!["EXDEV", "ENOENT"].includes(systemCode(error))) throw error;
    await dropRegistration(task.repo, begun.path);
  }
}

/** The task's branch, unless another worktree is on it. */
const ownBranch = ({ entries, begun: { branch, path } }: Step) =>
  branch === null || entries.some((entry) => entry.branch === branch.name && entry.path !== path) ? [] : [branch];
