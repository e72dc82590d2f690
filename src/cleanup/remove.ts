/**
 * Takes a worktree away: rescue, intention, rename, registration, branch, fact. A crash after any step is mended by the next `clean` or `rm`; up to the rename everything is as it was.
 * Nothing is deleted here but by git; the folder goes to the trash beside it, which is emptied later.
 */
import { mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { isTerminal, type Removal, type Task } from "../core/task.ts";
import { inLane } from "../git/lane.ts";
import { saveWorktree } from "../git/rescue.ts";
import { commitOf, deleteBranchAt, dropRegistration, pin, type WorktreeEntry } from "../git/worktrees.ts";
import { append } from "../store/append.ts";
import { laneOf } from "../store/paths.ts";
import { crashPoint } from "../system/crash.ts";
import type { Sight } from "./look.ts";
import { trashFor } from "./trash.ts";

/** @returns the ref of the rescue, or null when there was nothing left to keep. @throws CopseError; the worktree is where it was, or the next call goes on */
export async function removeWorktree(
  state: string,
  task: Task,
  sight: Sight,
  why: string,
  entries: readonly WorktreeEntry[],
): Promise<string | null> {
  const begun = sight.missing ? (task.removal ?? (await withoutFolder(task, entries))) : await rescued(task, sight);
  crashPoint("rescued");
  if (task.removal === null || !sight.missing) await note(state, task, begun);
  crashPoint("removal-begun");
  if (!sight.missing) {
    mkdirSync(dirname(begun.trash), { recursive: true });
    renameSync(begun.path, begun.trash);
  }
  crashPoint("renamed");
  const other = entries.find((entry) => entry.branch === begun.branch?.name && entry.path !== begun.path);
  await inLane(laneOf(state, task.repoId), async () => {
    if (entries.some((entry) => entry.path === begun.path)) await dropRegistration(task.repo, begun.path);
    crashPoint("dropped");
    if (begun.branch !== null && other === undefined) await dropBranch(task.repo, begun.branch);
  });
  crashPoint("branch-dropped");
  await append(state, task.repoId, task.id, 0, (now) => (now.worktreeState === "removed" ? [] : [{ type: "worktree-removed", why }]));
  return begun.ref;
}

async function rescued(task: Task, sight: Sight): Promise<Removal> {
  const path = task.worktree as string;
  const status = sight.status as NonNullable<Sight["status"]>;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const tip = task.branch === null ? undefined : await commitOf(task.repo, `refs/heads/${task.branch}`);
  const branch = tip === undefined || task.branch === null ? null : { name: task.branch, sha: tip };
  const ref = `refs/copse/rescue/${task.id}/${stamp}`;
  await saveWorktree(path, { ref, id: task.id, label: task.label, branch, status, ignored: sight.ignored.files });
  return { ref, path, trash: join(trashFor(path), `${basename(path)}.${task.id}.${stamp}`), branch };
}

/** Somebody else has removed the folder: what its registration still holds is kept, its branch is left alone. */
async function withoutFolder(task: Task, entries: readonly WorktreeEntry[]): Promise<Removal> {
  const path = task.worktree as string;
  const head = entries.find((entry) => entry.path === path)?.head ?? null;
  const ref = head === null ? null : await pin(task.repo, task.id, head);
  return { ref, path, trash: "", branch: null };
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

/** A branch that has moved since the rescue, or is gone, is nobody's to delete here. */
async function dropBranch(repo: string, branch: NonNullable<Removal["branch"]>): Promise<void> {
  if ((await commitOf(repo, `refs/heads/${branch.name}`)) === branch.sha) await deleteBranchAt(repo, branch.name, branch.sha);
}
