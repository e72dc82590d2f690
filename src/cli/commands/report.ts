/** `copse report`: one page over several tasks; those named, or what has ended since a time and what is open. */

import { resolve } from "node:path";
import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";
import { parseSince } from "../../core/since.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { numbersOf, summaryPage } from "../../result/summary.ts";
import { replaceFile } from "../../store/files.ts";
import { readIndex, taskOf } from "../../store/index-file.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { err, out } from "../../system/output.ts";
import { findTask, repoIdMaybe } from "../find.ts";

export interface ReportOptions {
  readonly since: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly out: string | undefined;
}

export function report(names: readonly string[], options: ReportOptions): number {
  const now = new Date();
  const since = options.since ?? "24h";
  const tasks = names.length > 0 ? names.map((name) => findTask(name).task) : sinceThen(parseSince(since, now), options.all);
  const about = names.length > 0 ? names.join(", ") : /^\d+\D+$/.test(since) ? `the last ${since}` : `since ${since}`;
  const text = options.json
    ? `${JSON.stringify({ about, at: now.toISOString(), numbers: numbersOf(tasks), tasks: tasks.map((task) => taskJson(task)) })}\n`
    : summaryPage(tasks, about, now);
  if (options.out === undefined) out(text);
  else {
    const file = resolve(options.out);
    replaceFile(file, text);
    if (!options.json) err(safe(`written: ${file}\n`));
  }
  return 0;
}

/** Ended since then, or open; the oldest first. */
function sinceThen(since: string, all: boolean): Task[] {
  const here = repoIdMaybe(process.cwd());
  if (!all && here === undefined)
    throw new CopseError("NO_REPOSITORY", "this folder is not inside a git repository", { hint: "Over all of them: copse report --all" });
  const state = stateDir();
  return [...readIndex(state).values()]
    .filter((entry) => (all || entry.repoId === here) && (entry.endedAt === "" || entry.endedAt >= since))
    .map(taskOf)
    .map((task) => (isTerminal(task) ? readTask(taskDir(state, task.repoId, task.id)).task : task))
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}
