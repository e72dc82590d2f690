/** Evidence: the checks a task was given (`--verify`), run in its worktree after the agent has left. An agent's word is not evidence. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { quote } from "../core/markdown.ts";
import { redact } from "../core/redact.ts";
import type { Check, Task, Verify } from "../core/task.ts";
import { stopRun } from "../process/stop.ts";
import { endOf } from "../process/tail.ts";
import { runToEnd } from "../process/to-end.ts";
import { checkDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";

const checkTimeoutMs = 60 * 60_000;

/** Runs every check, one after the other, and writes the outcome down; those a crash interrupted are run again. */
export async function gatherEvidence(record: TaskRecord, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const { task } = record;
  if (task.request.verify.length === 0 || task.verify.status !== "none" || task.worktree === null) return;
  const checks: Check[] = [];
  for (const [i, command] of task.request.verify.entries()) {
    if (signal.aborted) break;
    checks.push(await runCheck(record, i, command, task.worktree, env, signal));
  }
  await record.add([{ type: "checked", checks, status: statusOf(task, checks) }]);
}

async function runCheck(
  record: TaskRecord,
  i: number,
  command: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Check> {
  const cookie = `${record.task.id}.check${i}`;
  await stopRun(cookie, null, { intMs: 0, termMs: 2000 });
  let n = 1;
  while (existsSync(checkDir(record.dir, n, i))) n++;
  const { code, durationMs } = await runToEnd(
    { dir: checkDir(record.dir, n, i), file: "/bin/sh", args: ["-c", command], cwd, env, cookie, mode: "read", first: "" },
    checkTimeoutMs,
    signal,
  );
  return { command, exitCode: code, durationMs };
}

/** Work whose checks have failed goes back to its agent, with what the first of them said, as often as was asked for. @returns whether it did */
export async function sendBack(record: TaskRecord): Promise<boolean> {
  const { task } = record;
  const i = task.verify.checks.findIndex((check) => check.exitCode !== null && check.exitCode !== 0);
  const bad = task.verify.checks[i];
  if (bad === undefined || task.fixes >= task.request.fix) return false;
  const text = `\`${bad.command}\` exited ${bad.exitCode}. The end of what it printed:\n\n${quote(redact(outputOf(record.dir, i)))}`;
  const before = task.fixes;
  const now = await record.add((one) =>
    one.state === "delivering" && one.stopAsked === null ? [{ type: "sent-back", check: bad.command, text }] : [],
  );
  return now.fixes > before;
}

const mostOutput = 6000;

/** The end of both outputs of the check's last run. */
function outputOf(dir: string, i: number): string {
  let n = 1;
  while (existsSync(checkDir(dir, n + 1, i))) n++;
  const end = (name: string) => endOf(join(checkDir(dir, n, i), name), mostOutput).trimEnd();
  return [end("out"), end("err")].filter((text) => text !== "").join("\n") || "(nothing)";
}

/** `unverified`: not every check came to an end. */
function statusOf(task: Task, checks: readonly Check[]): Verify["status"] {
  if (checks.some((check) => check.exitCode !== null && check.exitCode !== 0)) return "failed";
  return checks.length === task.request.verify.length && checks.every((check) => check.exitCode === 0) ? "verified" : "unverified";
}
