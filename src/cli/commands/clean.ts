/** `copse clean`: worktrees that are proven safe to remove, with reason and size; nothing is removed without `--yes`. `copse rm`: by name. */

import { createInterface } from "node:readline/promises";
import { type Cleaned, clean as cleanUp, expireRescues } from "../../cleanup/clean.ts";
import { sizeOf } from "../../cleanup/look.ts";
import { listOrphans, type Orphan } from "../../cleanup/orphans.ts";
import { type Surveyed, survey } from "../../cleanup/survey.ts";
import { CopseError, exit } from "../../core/errors.ts";
import { safeLine } from "../../core/safe.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { loadConfig } from "../../store/config.ts";
import { readIndex, taskOf } from "../../store/index-file.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { err, isTty, out, screen } from "../../system/output.ts";
import { findTask, repositoryMaybe } from "../find.ts";
import { cleanText, megabytes, orphansText } from "../view/cleanup.ts";
import { paintFor } from "../view/paint.ts";

export interface CleanOptions {
  readonly yes: boolean;
  readonly all: boolean;
  /** Only tasks that have completed; for those who have it run by itself. */
  readonly auto: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

export async function clean(options: CleanOptions): Promise<number> {
  const state = stateDir();
  const { config } = loadConfig(null);
  const tasks = candidates(state, options.all).filter((task) => !options.auto || task.state === "completed");
  const surveyed = await survey(tasks, config);
  const paint = paintFor(screen());
  if (!options.yes && !options.auto) {
    const rows = surveyed.map((one) => ({ ...one, removed: false, rescue: null, error: null, bytes: sizeOf(one.task.worktree ?? "") }));
    const orphans = await orphansOf(state, options.all, config.worktrees);
    if (options.json) return answer(rows, orphans);
    if (options.quiet) printIds(rows.filter((row) => row.verdict.remove));
    else
      out(
        rows.map((row) => `${cleanText(row, row.bytes, paint, options.all)}\n`).join("") +
          summary(rows) +
          orphansText(orphans, process.cwd()),
      );
    return exit.ok;
  }
  const done = await cleanUp(state, surveyed, (one) => {
    if (!options.json && !options.quiet) out(`${cleanText(one, null, paint, options.all)}\n`);
  });
  for (const repo of new Set(tasks.map((task) => task.repo))) await expireRescues(repo, config.rescueDays).catch(() => 0);
  if (options.json) return answer(done);
  if (options.quiet) printIds(done.filter((row) => row.removed));
  else out(summary(done));
  return done.some((one) => one.error !== null) ? exit.failed : exit.ok;
}

/** One bad name does not keep the others from being removed. */
export async function rm(names: readonly string[], options: Omit<CleanOptions, "all" | "auto">): Promise<number> {
  const state = stateDir();
  const tasks: Task[] = [];
  let trouble: CopseError | undefined;
  for (const name of names) {
    try {
      const { task } = findTask(name);
      if (!tasks.some((one) => one.id === task.id)) tasks.push(mustBeThere(task));
    } catch (error) {
      if (!(error instanceof CopseError)) throw error;
      if (names.length === 1) throw error;
      err(`copse: ${safeLine(error.message, 500)}\n`);
      trouble = error;
    }
  }
  const surveyed = await survey(tasks, loadConfig(null).config, new Set(tasks.map((task) => task.id)));
  const paint = paintFor(screen());
  if (!options.yes) await askFirst(surveyed);
  const done = await cleanUp(state, surveyed);
  if (options.json) answer(done);
  else if (options.quiet) printIds(done.filter((row) => row.removed));
  else out(done.map((one) => `${cleanText(one, null, paint, false)}\n`).join(""));
  const kept = done.find((one) => !one.removed);
  if (kept !== undefined) {
    const { verdict } = kept;
    return kept.error !== null ? exit.failed : verdict.remove === false ? exit.conflict : exit.failed;
  }
  return trouble?.exitCode ?? exit.ok;
}

function mustBeThere(task: Task): Task {
  if (task.worktree !== null && task.request.worktree && ["present", "kept"].includes(task.worktreeState)) return task;
  const hint = task.worktreeState === "removed" ? `Bring it back: copse restore ${task.label}` : `See \`copse show ${task.label}\`.`;
  throw new CopseError("WRONG_STATE", `${task.label} has no worktree of its own${task.worktreeState === "removed" ? " any more" : ""}`, {
    hint,
  });
}

/** Says what goes, and what brings it back; the default answer is no. */
async function askFirst(surveyed: readonly Surveyed[]): Promise<void> {
  const going = surveyed.filter(({ verdict }) => verdict.remove);
  if (going.length === 0) return;
  for (const { task, sight } of going) {
    const files = (sight.status?.changed.length ?? 0) + (sight.status?.untracked.length ?? 0);
    err(
      `${safeLine(task.label, 60)}: ${safeLine(task.worktree ?? "", 200)}${files === 0 ? "" : `, ${files} files not committed`}, branch ${safeLine(task.branch ?? "none", 100)}\n`,
    );
  }
  if (!isTty(0) || !isTty(2))
    throw new CopseError("USAGE", "rm removes worktree and branch, and there is no terminal to ask on", {
      hint: "Say so beforehand: copse rm … --yes",
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const said = (await lines.question("Remove worktree and branch? copse restore brings them back. [y/N] ")).trim().toLowerCase();
  lines.close();
  if (said !== "y" && said !== "yes") throw new CopseError("WRONG_STATE", "nothing was removed", { hint: "" });
}

/** Tasks that have a worktree of their own still, also one whose removal a crash cut short. */
function candidates(state: string, all: boolean): Task[] {
  const here = repositoryMaybe(process.cwd())?.id;
  if (!all && here === undefined)
    throw new CopseError("NO_REPOSITORY", "this folder is not inside a git repository", { hint: "Everywhere: copse clean --all" });
  return [...readIndex(state).values()]
    .filter((entry) => all || entry.repoId === here)
    .map(taskOf)
    .filter((task) => task.request.worktree && task.worktree !== null && ["present", "kept"].includes(task.worktreeState))
    .map((task) => (isTerminal(task) ? readTask(taskDir(state, task.repoId, task.id)).task : task));
}

/** Worktrees without a task, of this repository or of all that have tasks. */
async function orphansOf(state: string, all: boolean, template: string): Promise<Orphan[]> {
  const here = repositoryMaybe(process.cwd());
  const entries = [...readIndex(state).values()].filter((entry) => all || entry.repoId === here?.id);
  const tasks = entries.map(taskOf);
  return await listOrphans([...(here === undefined ? [] : [here.root]), ...tasks.map((task) => task.repo)], tasks, template);
}

function answer(rows: readonly (Cleaned & { bytes?: number })[], orphans: readonly Orphan[] = []): number {
  const worktrees = rows.map(({ task, verdict, removed, rescue, error, bytes, sight }) => ({
    id: task.id,
    label: task.label,
    path: task.worktree,
    branch: task.branch,
    remove: verdict.remove,
    removed,
    reason: verdict.why,
    code: verdict.remove ? verdict.proof : verdict.code,
    bytes: bytes ?? null,
    uncommittedBytes: sight.bytes,
    rescue,
    error,
  }));
  out(`${JSON.stringify({ worktrees, orphans })}\n`);
  return rows.some((row) => row.error !== null) ? exit.failed : exit.ok;
}

function summary(rows: readonly (Cleaned & { bytes?: number })[]): string {
  if (rows.length === 0) return "No worktrees of ended or open tasks here.\n";
  const removed = rows.filter((row) => row.removed).length;
  if (removed > 0) return `${worktrees(removed)} removed. copse restore <task> brings one back.\n`;
  const can = rows.filter((row) => row.verdict.remove);
  if (can.length === 0) return "Nothing can go by itself. By name, with a rescue: copse rm <task>\n";
  const bytes = can.reduce((sum, row) => sum + (row.bytes ?? 0), 0);
  return `${worktrees(can.length)} can go (${megabytes(bytes)}): copse clean --yes. Each leaves a rescue; copse restore <task> brings it back.\n`;
}

const worktrees = (n: number): string => (n === 1 ? "1 worktree" : `${n} worktrees`);
const printIds = (rows: readonly Surveyed[]): void => out(rows.map(({ task }) => `${task.id}\n`).join(""));
