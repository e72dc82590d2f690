/** `copse runner status|stop|logs`: the background process that holds the queue. Starts nothing. */

import { existsSync, statSync } from "node:fs";
import { sayDuration } from "../../core/duration.ts";
import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";
import { Book } from "../../hooks/book.ts";
import { tail } from "../../process/tail.ts";
import { epochHolder } from "../../store/epoch.ts";
import { epochDir, hooksDir, runnerLog, stateDir } from "../../store/paths.ts";
import { noteStopped, stoppedAt } from "../../store/stopped.ts";
import { isAlive } from "../../system/identity.ts";
import { err, out } from "../../system/output.ts";
import { findRunner } from "../client.ts";
import { count } from "../view/words.ts";

export async function runnerStatus(json: boolean): Promise<number> {
  const state = stateDir();
  const link = await findRunner(state);
  if (!link) {
    const since = stoppedAt(state) ?? null;
    const sessions = sessionsHeard(state);
    if (json) out(`${JSON.stringify({ runner: null, stoppedAt: since, sessions })}\n`);
    else if (since === null) out("No runner is up. One starts by itself when a task needs it.\n");
    else
      out(
        `No runner is up: it was stopped ${sayDuration(Math.max(0, Date.now() - Date.parse(since)))} ago. The next command that needs one starts it.\n${withoutHooks(sessions)}`,
      );
    return 0;
  }
  const answer = await link.ask({ do: "status" });
  link.close();
  if (!("status" in answer))
    throw new CopseError("RUNNER_UNREACHABLE", "the runner does not answer as expected", { hint: "Restart it: copse runner stop" });
  const { status } = answer;
  if (json) out(`${JSON.stringify({ runner: status })}\n`);
  else
    out(
      `Runner ${status.pid} (version ${status.version}, Node ${status.node}) is up for ${sayDuration(Date.now() - Date.parse(status.since))}: ${status.running} of ${status.limit} slots in use, ${status.waiting} waiting${status.paused === true ? " (paused)" : ""}, ${status.open} open, ${status.rssMb} MB\n`,
    );
  return 0;
}

/** Runs go on without it; the next command that needs one starts another, hooks of sessions do not. @throws CopseError RUNNER_UNREACHABLE, CANNOT_WRITE */
export async function runnerStop(json: boolean): Promise<number> {
  const state = stateDir();
  // First of all: a session's hook would start the next one in the moment this one leaves.
  noteStopped(state, new Date().toISOString());
  const link = await findRunner(state);
  const holder = epochHolder(epochDir(state));
  if (link) {
    await link.ask({ do: "leave" }).catch(() => undefined);
    link.close();
  }
  const deadline = Date.now() + 10_000;
  while (holder && isAlive(holder) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  if (holder && isAlive(holder))
    throw new CopseError("RUNNER_UNREACHABLE", `the runner (pid ${holder.pid}) does not leave`, {
      hint: `End it yourself; nothing is lost by that: kill ${holder.pid}`,
    });
  const sessions = sessionsHeard(state);
  if (json) out(`${JSON.stringify({ runner: null, sessions })}\n`);
  else
    out(
      `${link ? "The runner has left. What runs goes on; the next task or wait starts another runner." : "No runner is up."}\n${withoutHooks(sessions)}`,
    );
  return 0;
}

/** Sessions with Copse's hooks whose agent lives. */
const sessionsHeard = (state: string): number => (existsSync(hooksDir(state)) ? new Book(state).processes().filter(isAlive).length : 0);

const withoutHooks = (sessions: number): string =>
  sessions === 0
    ? ""
    : `${count(sessions, "session")} with Copse's hooks ${sessions === 1 ? "goes" : "go"} on without: no gate and no hook of your configuration is called until then.\n`;

export async function runnerLogs(follow: boolean): Promise<number> {
  const file = runnerLog(stateDir());
  if (!existsSync(file)) {
    err("The runner has written nothing yet.\n");
    return 0;
  }
  const log = tail(file, Math.max(0, follow ? statSync(file).size - 4096 : 0));
  for (;;) {
    await log.read((line) => out(`${safe(line)}\n`));
    if (!follow) return 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
