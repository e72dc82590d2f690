/** `copse report`: one page over several tasks; those named, or what has ended since a time and what is open. */

import { resolve } from "node:path";
import { CopseError, exit } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { parseSince } from "../../core/since.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { numbersOf, summaryPage } from "../../result/summary.ts";
import { loadConfig } from "../../store/config.ts";
import { replaceFile } from "../../store/files.ts";
import { readIndex, taskOf } from "../../store/index-file.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { err, out } from "../../system/output.ts";
import { batchPage } from "../batch/report.ts";
import { findTask, noRepository, repoIdMaybe } from "../find.ts";

export interface ReportOptions {
  /** Of this batch, whenever they ended. */
  readonly batch?: string | undefined;
  readonly since: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly out: string | undefined;
  /** Onto the pull request of each task, instead of being printed. */
  readonly comment: boolean;
}

export async function report(names: readonly string[], options: ReportOptions): Promise<number> {
  const now = new Date();
  const page = pageOver(names, { since: options.since, all: options.all, cwd: process.cwd(), batch: options.batch }, now);
  const { tasks } = page;
  if (options.comment) return await onPullRequests(names.length > 0 ? tasks : tasks.filter((task) => task.result?.pr), options, now);
  const text = options.json ? `${JSON.stringify(page.json())}\n` : page.markdown();
  if (options.out === undefined) out(text);
  else {
    const file = resolve(options.out);
    replaceFile(file, text);
    if (!options.json) err(safe(`written: ${file}\n`));
  }
  return 0;
}

export interface Page {
  readonly tasks: readonly Task[];
  json(): Record<string, unknown>;
  markdown(): string;
}

/** `cwd`: in the repository whose tasks are meant when none is named. @throws CopseError */
export function pageOver(
  names: readonly string[],
  { since = "24h", all, cwd, batch }: { since: string | undefined; all: boolean; cwd: string; batch?: string | undefined },
  now: Date,
): Page {
  if (batch !== undefined && names.length > 0)
    throw new CopseError("USAGE", "--batch names its tasks itself", { hint: `copse report --batch ${batch}` });
  if (batch !== undefined) return batchPage(batch, all, cwd, now);
  const tasks = names.length > 0 ? names.map((name) => findTask(name).task) : sinceThen(parseSince(since, now), all, cwd);
  const about = names.length > 0 ? names.join(", ") : /^\d+\D+$/.test(since) ? `the last ${since}` : `since ${since}`;
  return {
    tasks,
    json: () => ({ about, at: now.toISOString(), numbers: numbersOf(tasks), tasks: tasks.map((task) => taskJson(task)) }),
    markdown: () => summaryPage(tasks, about, now),
  };
}

/** @returns 1 when one of them could not be written */
async function onPullRequests(tasks: readonly Task[], { json, out: file }: ReportOptions, now: Date): Promise<number> {
  if (file !== undefined)
    throw new CopseError("USAGE", "--comment and --out exclude each other", { hint: "One after the other: copse report docs --comment" });
  const { commentReports } = await import("../../result/comment.ts");
  const done = await commentReports(tasks, { forges: loadConfig(null).config.forges, env: process.env }, now);
  const rows = done.map(({ task, number, error }) => ({ id: task.id, label: task.label, pr: number, error: error && redact(error) }));
  if (json) out(`${JSON.stringify({ comments: rows })}\n`);
  else if (rows.length === 0) err("None of these tasks has a pull request.\n");
  else
    for (const { label, pr, error } of rows)
      if (error === null) out(safe(`${label}: its report is on pull request #${pr}\n`));
      else err(safe(`copse: ${label}: ${error}\n`));
  return rows.some(({ error }) => error !== null) ? exit.failed : exit.ok;
}

/** Ended since then, or open; the oldest first. */
function sinceThen(since: string, all: boolean, cwd: string): Task[] {
  const here = repoIdMaybe(cwd);
  if (!all && here === undefined) throw noRepository(cwd, "Over all of them: copse report --all");
  const state = stateDir();
  return [...readIndex(state).values()]
    .filter((entry) => (all || entry.repoId === here) && (entry.endedAt === "" || entry.endedAt >= since))
    .map(taskOf)
    .map((task) => (isTerminal(task) ? readTask(taskDir(state, task.repoId, task.id)).task : task))
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}
