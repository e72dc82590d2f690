/** Worktrees of Claude Code sessions that are no tasks: one is handed out for a name, and taken away again where nothing could be lost. */
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { clean } from "../cleanup/clean.ts";
import { occupantsOf, workingDirectories } from "../cleanup/look.ts";
import { type Surveyed, survey } from "../cleanup/survey.ts";
import { CopseError } from "../core/errors.ts";
import { logFormat } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import { checkLabel, slugOf } from "../core/label.ts";
import { isTerminal, type Task } from "../core/task.ts";
import { isSessionMark, lockHolder } from "../git/lock-holder.ts";
import { findRepository, type Repository, requireCommits } from "../git/repository.ts";
import { listWorktrees, lockWorktree, makerOf, unlockWorktree } from "../git/worktrees.ts";
import { taskEnvironment } from "../session/environment.ts";
import { type Loaded, loadConfig } from "../store/config.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import { stateDir } from "../store/paths.ts";
import type { NewTask } from "../store/tasks.ts";
import { executableOf } from "../store/trust.ts";
import { familyOf } from "../system/identity.ts";
import { type Made, makeForSession } from "../worktree/for-session.ts";
import { adoption, recordAdopted, taskOfWorktree } from "./adopting.ts";
import { reader, refuseUntrusted, requestBuilder, resolveBaseName } from "./submit.ts";

/** `cwd`: where the session was started; `pid`: its process, whose family (its MCP servers, say) is no occupant; `own`: processes of this very hook. */
export interface Session {
  readonly cwd: string;
  readonly pid: number;
  readonly own: readonly number[];
}

/** @throws CopseError; then nothing is there that was not there before */
export async function makeSessionWorktree(name: string, { cwd, pid, own }: Session, signal: AbortSignal): Promise<Made> {
  checkLabel(name);
  const repo = findRepository(cwd);
  requireCommits(repo);
  const loaded = loadConfig(repo.bare ? null : repo.top);
  await refuseWhatRuns(loaded, repo);
  const slug = slugOf(name);
  refuseTaskOf(slug, name, repo);
  // Of a session's own agent Copse starts nothing, and delivers nothing.
  const config = { ...loaded.config, agent: "claude", agents: {}, deliver: "report", timeout: null } as const;
  const base = await resolveBaseName(config.base, repo);
  const given = { exec: null, prompt: "", followUps: [], worktree: true, base, agentArgs: [] };
  const request = requestBuilder(reader({ values: {}, words: [], rest: undefined }), config, repo, given)(slug);
  const atWork = workingDirectories([pid, ...own]);
  const occupants = (path: string) => occupantsOf(path, atWork);
  const env = taskEnvironment(process.env);
  return await makeForSession({ state: stateDir(), repo, name, slug, request, pid, env, occupants }, signal);
}

/** Of a project's own settings only these two take effect here, and they need approval as for a task. @throws CopseError NOT_TRUSTED */
async function refuseWhatRuns(loaded: Loaded, repo: Repository): Promise<void> {
  const parts = executableOf(loaded.project, repo.id)?.parts;
  if (parts?.setup != null || parts?.worktrees !== undefined) await refuseUntrusted(loaded, repo);
}

/** @throws CopseError LABEL_TAKEN: the name belongs to an open task */
function refuseTaskOf(slug: string, name: string, repo: Repository): void {
  const open = [...readIndex(stateDir()).values()].filter((entry) => entry.repoId === repo.id && !isTerminal(entry));
  const task = open.map(taskOf).find((one) => one.slug === slug);
  if (task === undefined) return;
  throw new CopseError("LABEL_TAKEN", `${name} is the name of an open task (${task.id}, ${task.state})`, {
    hint: `Choose another name, or go to the task: copse attach ${task.label}`,
  });
}

/** `why` it was removed, or kept. */
export type Removed =
  | { readonly removed: true; readonly why: string; readonly label: string }
  | { readonly removed: false; readonly why: string };

/**
 * Removes a session's worktree if that loses nothing, by the same proofs and with the same rescue as `copse clean`; it becomes a task's for that, so that `copse restore` finds it.
 * @throws CopseError for what is none of a session's
 */
export async function removeSessionWorktree(folder: string, { pid, own }: Session): Promise<Removed> {
  const repo = findRepository(realpathSync(folder));
  const entry = (await listWorktrees(repo.root)).find(({ path }) => path === repo.top);
  const task = taskOfWorktree(repo.top);
  const mark = entry?.branch == null ? undefined : await makerOf(repo.root, entry.branch);
  if (task !== undefined) throw notOurs(repo.top, `is the worktree of the task ${task.label}`, `copse rm ${task.label}`);
  if (entry?.branch == null || entry.head === null || mark === undefined || !isSessionMark(mark))
    throw notOurs(repo.top, "was not made by Copse for a session", `git worktree remove ${repo.top}`);
  const { path, branch, head, locked } = entry;
  // The session that asks is the one that holds it.
  const held = locked !== null && lockHolder(locked) === pid ? locked : null;
  if (held !== null) await unlockWorktree(repo.root, path);
  const { config } = loadConfig(null);
  const wanted = await adoption(
    repo,
    { path, branch, head },
    { ...config, agent: "claude", deliver: "report" },
    { label: null, prompt: null },
  );
  const look = async (one: Task): Promise<Surveyed> => (await survey([one], config, undefined, [...familyOf(pid), ...own]))[0] as Surveyed;
  const { verdict } = await look(unrecorded(wanted));
  if (!verdict.remove) {
    if (held !== null) await lockWorktree(repo.root, path, held);
    return { removed: false, why: verdict.why };
  }
  const recorded = recordAdopted(wanted);
  const [done] = await clean(stateDir(), [await look(recorded)]);
  if (done?.removed) return { removed: true, why: verdict.why, label: recorded.label };
  return { removed: false, why: done?.error ?? done?.verdict.why ?? "it could not be removed" };
}

const notOurs = (path: string, what: string, hint: string) =>
  new CopseError("WRONG_STATE", `${path} ${what}; it is left as it is`, { hint: `To remove it: ${hint}` });

/** The task it would become. */
function unrecorded(wanted: NewTask): Task {
  const at = new Date().toISOString();
  const { repo, repoId, cwd } = wanted;
  const label = basename(wanted.madeLabel);
  const added = {
    type: "added",
    format: logFormat,
    id: "session",
    label,
    slug: label,
    repo,
    repoId,
    cwd,
    request: wanted.request(label),
  } as const;
  return (wanted.facts ?? []).reduce(
    (task, fact, i) => evolve(task, { ...fact, seq: i + 2, at, epoch: 0 }),
    evolve(undefined, { ...added, seq: 1, at, epoch: 0 }),
  );
}
