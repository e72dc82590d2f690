/** `copse logs`: what the agent did, readable; `--raw` byte for byte. Reads recordings only; needs no runner. */

import { createReadStream, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseDuration } from "../../core/duration.ts";
import { CopseError } from "../../core/errors.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { runDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { err, out } from "../../system/output.ts";
import { type Found, findTask } from "../find.ts";
import { recording } from "../recording.ts";
import { recordedLine } from "../view/log-line.ts";

export interface LogsOptions {
  readonly follow: boolean;
  readonly raw: boolean;
  readonly run: number | undefined;
  readonly tail: number | undefined;
  readonly since: string | undefined;
  readonly json: boolean;
}

const lookMs = 200;

export async function logs(name: string, options: LogsOptions): Promise<number> {
  const found = findTask(name);
  if (options.run !== undefined && !existsSync(runDir(found.dir, options.run)))
    throw new CopseError("RUN_NOT_FOUND", `${found.task.label} has no run ${options.run}`, {
      hint: `It has had ${found.task.run}: copse show ${found.task.label}`,
    });
  const since = options.since === undefined ? 0 : Date.now() - parseDuration(options.since, "--since");
  const first = options.run ?? 1;
  const last = () => options.run ?? readTask(found.dir).task.run;
  let kept: string[] = [];
  let printed = 0;
  const put = (text: string) => {
    if (options.tail !== undefined && !options.follow) {
      kept.push(text);
      if (kept.length > 2 * options.tail) kept = kept.slice(-options.tail);
    } else {
      out(text);
      printed++;
    }
  };
  if (last() === 0 && !options.follow) err(`${found.task.label} has not started yet (${found.task.state}).\n`);
  for (let run = first; ; run++) {
    while (run > last()) {
      const { task } = readTask(found.dir);
      if (!options.follow || options.run !== undefined || isTerminal(task) || task.state === "blocked")
        return flush(options.tail, kept, found, options.follow);
      await pause();
    }
    if (await isBefore(runDir(found.dir, run), since)) continue;
    if (options.raw) await raw(found, run, options.follow);
    else await readable(found, run, options, put);
    if (printed > 100_000) printed = 0;
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, lookMs));

/** Had the run ended before that moment? */
async function isBefore(dir: string, since: number): Promise<boolean> {
  const file = join(dir, "exit");
  return since > 0 && existsSync(file) && statSync(file).mtimeMs < since;
}

function flush(most: number | undefined, kept: readonly string[], found: Found, follow: boolean): number {
  if (most !== undefined) out(kept.slice(-most).join(""));
  const { task } = readTask(found.dir);
  if (follow) err(`${task.label} is ${task.state}.\n`);
  return 0;
}

async function readable(found: Found, run: number, options: LogsOptions, put: (text: string) => void): Promise<void> {
  const recorded = recording(found.task, found.dir, run);
  if (!options.json) put(run === 1 && readTask(found.dir).task.run === 1 ? "" : `── run ${run} ──\n`);
  for (;;) {
    const over = hasEnded(found.dir, run);
    await recorded.read((event, alone) => {
      const text = options.json ? `${JSON.stringify({ run, ...event })}\n` : recordedLine(event, alone);
      if (text !== undefined) put(text);
    });
    if (over || !options.follow) return;
    await pause();
  }
}

/** Bytes as they came, stdout only. */
async function raw(found: Found, run: number, follow: boolean): Promise<void> {
  const file = join(runDir(found.dir, run), "out");
  for (let at = 0; ; ) {
    const over = hasEnded(found.dir, run);
    if (existsSync(file)) {
      for await (const chunk of createReadStream(file, { start: at })) {
        at += (chunk as Buffer).length;
        out(chunk as Buffer);
      }
    }
    if (over || !follow) return;
    await pause();
  }
}

/** Is the run over, as far as the task's log says? */
function hasEnded(dir: string, run: number): boolean {
  const task: Task = readTask(dir).task;
  return task.run > run || task.runStarted === null || isTerminal(task);
}
