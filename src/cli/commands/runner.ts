/** `copse runner status|stop|logs`: the background process that holds the queue. Starts nothing. */

import { existsSync, statSync } from "node:fs";
import { sayDuration } from "../../core/duration.ts";
import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";
import { tail } from "../../process/tail.ts";
import { epochHolder } from "../../store/epoch.ts";
import { epochDir, runnerLog, stateDir } from "../../store/paths.ts";
import { isAlive } from "../../system/identity.ts";
import { err, out } from "../../system/output.ts";
import { findRunner } from "../client.ts";

export async function runnerStatus(json: boolean): Promise<number> {
  const link = await findRunner(stateDir());
  if (!link) {
    if (json) out(`${JSON.stringify({ runner: null })}\n`);
    else out("No runner is up. One starts by itself when a task needs it.\n");
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

/** Runs go on without it; the next command that needs one starts another. */
export async function runnerStop(json: boolean): Promise<number> {
  const state = stateDir();
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
  if (json) out(`${JSON.stringify({ runner: null })}\n`);
  else
    out(
      link
        ? "The runner has left. What runs goes on; the next task or wait starts another runner, and so does a session with hooks at its next turn.\n"
        : "No runner is up.\n",
    );
  return 0;
}

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
