/** `copse adopt`: a worktree that Claude Code's `-w` or a person made becomes a task, as it stands: it can be shown, merged, proposed, retried, cleaned up. Nothing in it is changed. */

import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { isDeadLock, lockHolder } from "../../cleanup/lock-holder.ts";
import { realOf } from "../../cleanup/orphans.ts";
import { CopseError } from "../../core/errors.ts";
import { checkLabel, labelFrom, slugOf } from "../../core/label.ts";
import { safe } from "../../core/safe.ts";
import { taskJson } from "../../core/task-json.ts";
import { resolveBase } from "../../git/base.ts";
import { gitMaybe } from "../../git/git.ts";
import { findRepository, type Repository } from "../../git/repository.ts";
import { listWorktrees, unlockWorktree, type WorktreeEntry } from "../../git/worktrees.ts";
import { lastClaudeSession } from "../../session/agents/claude-sessions.ts";
import { loadConfig } from "../../store/config.ts";
import { readIndex, taskOf } from "../../store/index-file.ts";
import { envFile, stateDir, taskDir } from "../../store/paths.ts";
import { createTask } from "../../store/tasks.ts";
import { out } from "../../system/output.ts";
import { removeFile } from "../../system/remove-file.ts";
import { reader, refuseUntrusted, requestBuilder } from "../submit.ts";

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
  const base = await resolveBase(repo.root, null);
  const from = (await gitMaybe(repo.top, ["merge-base", base.sha, head])) ?? base.sha;
  const said = prompt ?? "Go on with the work that has been begun in this worktree, and finish it.";
  const given = { exec: null, prompt: said, followUps: [], worktree: true, base: null, agentArgs: [] };
  const build = requestBuilder(reader({ values: {}, words: [], rest: undefined }), loaded.config, repo, given);
  const task = createTask(
    stateDir(),
    {
      label,
      madeLabel: labelFrom(basename(path)),
      slugOf,
      repo: repo.root,
      repoId: repo.id,
      commonDir: repo.commonDir,
      cwd: repo.root,
      request: (slug) => ({
        ...build(slug),
        title: prompt === null ? `adopted: ${branch}` : build(slug).title,
        branchName: branch,
        place: path,
      }),
      prompt: said,
      env: {},
      facts: [{ type: "adopted", path, branch, base: from, baseRef: base.ref, sessionId: lastClaudeSession(path, process.env) }],
      taken: () => undefined,
      alsoClaim: undefined,
    },
    new Date(),
  );
  removeFile(envFile(taskDir(stateDir(), task.repoId, task.id)));
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
  for (const entry of readIndex(stateDir()).values()) {
    if (!entry.mentions(Buffer.from(JSON.stringify(basename(path)).slice(1)))) continue;
    const task = taskOf(entry);
    if (task.worktree !== null && task.worktreeState !== "removed" && realOf(task.worktree) === path)
      throw new CopseError("EXISTS", `${path} is the worktree of ${task.label} already`, { hint: `See \`copse show ${task.label}\`.` });
  }
}
