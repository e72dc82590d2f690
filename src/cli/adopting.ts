/** A worktree that no task knows of as a task: what its record would say, and writing that down. */
import { basename } from "node:path";
import { realOf } from "../cleanup/orphans.ts";
import { labelFrom, slugOf } from "../core/label.ts";
import type { Task } from "../core/task.ts";
import { resolveBase } from "../git/base.ts";
import { gitMaybe } from "../git/git.ts";
import type { Repository } from "../git/repository.ts";
import { lastClaudeSession } from "../session/agents/claude-sessions.ts";
import type { Config } from "../store/config.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import { envFile, stateDir, taskDir } from "../store/paths.ts";
import { createTask, type NewTask } from "../store/tasks.ts";
import { removeFile } from "../system/remove-file.ts";
import { reader, requestBuilder } from "./submit.ts";

export interface Adoptee {
  readonly path: string;
  readonly branch: string;
  readonly head: string;
}

/** `label` null: made from the folder's name; `prompt`: what a retry tells its agent. */
export async function adoption(
  repo: Repository,
  { path, branch, head }: Adoptee,
  config: Config,
  { label, prompt }: { readonly label: string | null; readonly prompt: string | null },
): Promise<NewTask> {
  const base = await resolveBase(repo.root, null);
  const from = (await gitMaybe(path, ["merge-base", base.sha, head])) ?? base.sha;
  const said = prompt ?? "Go on with the work that has been begun in this worktree, and finish it.";
  const given = { exec: null, prompt: said, followUps: [], worktree: true, base: null, agentArgs: [] };
  const build = requestBuilder(reader({ values: {}, words: [], rest: undefined }), config, repo, given);
  return {
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
  };
}

export function recordAdopted(wanted: NewTask): Task {
  const task = createTask(stateDir(), wanted, new Date());
  removeFile(envFile(taskDir(stateDir(), task.repoId, task.id)));
  return task;
}

/** The task whose worktree this is, or undefined. */
export function taskOfWorktree(path: string): Task | undefined {
  for (const entry of readIndex(stateDir()).values()) {
    if (!entry.mentions(Buffer.from(JSON.stringify(basename(path)).slice(1)))) continue;
    const task = taskOf(entry);
    if (task.worktree !== null && task.worktreeState !== "removed" && realOf(task.worktree) === realOf(path)) return task;
  }
  return undefined;
}
