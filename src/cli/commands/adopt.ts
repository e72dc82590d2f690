/** `copse adopt`: a worktree that Claude Code's `-w` or a person made becomes a task, as it stands: it can be shown, merged, proposed, retried, cleaned up. Nothing in it is changed. */

import { realpathSync } from "node:fs";
import { CopseError } from "../../core/errors.ts";
import { checkLabel } from "../../core/label.ts";
import { safe } from "../../core/safe.ts";
import { taskJson } from "../../core/task-json.ts";
import { isDeadLock, lockHolder } from "../../git/lock-holder.ts";
import { findRepository, type Repository } from "../../git/repository.ts";
import { listWorktrees, unlockWorktree, type WorktreeEntry } from "../../git/worktrees.ts";
import { loadConfig } from "../../store/config.ts";
import { out } from "../../system/output.ts";
import { adoption, recordAdopted, taskOfWorktree } from "../adopting.ts";
import { refuseUntrusted } from "../submit.ts";

export interface AdoptOptions {
  /** null: made from the folder's name. */
  readonly label: string | null;
  /** What a retry tells its agent. */
  readonly prompt: string | null;
  readonly json: boolean;
  readonly quiet: boolean;
}

export async function adopt(folder: string, { label, prompt, json, quiet }: AdoptOptions): Promise<number> {
  const repo = findRepository(placeOf(folder));
  const { path, branch, head, locked } = await entryOf(repo);
  refuseTaken(path);
  const loaded = loadConfig(repo.bare ? null : repo.top);
  await refuseUntrusted(loaded, repo);
  if (label !== null) checkLabel(label);
  const wanted = await adoption(repo, { path, branch, head }, loaded.config, { label, prompt });
  const task = recordAdopted(wanted);
  if (locked !== null) await unlockWorktree(repo.root, path);
  if (json) out(`${JSON.stringify({ task: taskJson(task) })}\n`);
  else if (quiet) out(`${task.id}\n`);
  else
    out(
      safe(
        `${[`${task.label} (${task.id}) has ${path} on ${branch}${task.sessionId === null ? "" : `, with session ${task.sessionId}`}`, `  copse diff ${task.label}    copse retry ${task.label}    copse merge ${task.label}    copse clean`].join("\n")}\n`,
      ),
    );
  return 0;
}

function placeOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    throw new CopseError("FILE_NOT_FOUND", `there is no folder ${folder}`, { hint: "See `git worktree list`, or `copse clean`." });
  }
}

async function entryOf(repo: Repository): Promise<WorktreeEntry & { readonly branch: string; readonly head: string }> {
  const entries = await listWorktrees(repo.root);
  const entry = entries.find((one) => one.path === repo.top);
  const refuse = (what: string, hint: string): never => {
    throw new CopseError("WRONG_STATE", `${repo.top} ${what}`, { hint });
  };
  if (entry === undefined || entry === entries[0]) return refuse("is the main checkout, no worktree beside it", "See `git worktree list`.");
  const { branch, head, locked } = entry;
  if (locked !== null && !isDeadLock(locked)) {
    const holder = lockHolder(locked);
    return refuse(
      holder === null ? `is locked${locked === "" ? "" : `: ${locked}`}` : `is in use by process ${holder}`,
      holder === null ? `git worktree unlock ${repo.top}` : "Adopt it when that has ended.",
    );
  }
  if (branch === null || head === null) return refuse("is on no branch with commits", `Give it one: git -C ${repo.top} switch -c <name>`);
  return { ...entry, branch, head };
}

/** @throws CopseError EXISTS when a task has it */
function refuseTaken(path: string): void {
  const task = taskOfWorktree(path);
  if (task !== undefined)
    throw new CopseError("EXISTS", `${path} is the worktree of ${task.label} already`, { hint: `See \`copse show ${task.label}\`.` });
}
