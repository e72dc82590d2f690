/** The runner process: takes the lead or leaves at once. Its output goes to `runner/log`. */
import { writeSync } from "node:fs";
import { CopseError } from "../core/errors.ts";
import { takeEpoch } from "../store/epoch.ts";
import { makeDir } from "../store/files.ts";
import { epochDir, runnerDir, stateDir } from "../store/paths.ts";
import { stoppedAt } from "../store/stopped.ts";
import { isAlive, me } from "../system/identity.ts";
import { version } from "../version.ts";
import { Runner } from "./runner.ts";

/** Straight to the file: a stream would break for good at the first full disk. */
const say = (line: string) => {
  try {
    writeSync(1, `${new Date().toISOString()} ${line}\n`);
  } catch {
    // No room for a line of log; the tasks' own records are what counts.
  }
};

process.on("SIGHUP", () => {});
process.on("SIGINT", () => {});
for (const trouble of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(trouble, (error: unknown) => {
    say(`${trouble}: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(70);
  });
}

/** Ends the process. */
export async function start(): Promise<never> {
  try {
    const state = stateDir();
    makeDir(runnerDir(state));
    // A hook may have begun to start it just before a person stopped the one before; who needs it says so by taking this away.
    if (stoppedAt(state) !== undefined) {
      say("does not start: a person has stopped the runner");
      process.exit(0);
    }
    process.chdir(runnerDir(state));
    const hold = takeEpoch(epochDir(state), me(), isAlive);
    process.exit(hold.held ? await new Runner(state, hold.epoch, version, say).run() : 0);
  } catch (error) {
    say(error instanceof CopseError ? `${error.message} ${error.hint ?? ""}` : String(error instanceof Error ? error.stack : error));
    process.exit(error instanceof CopseError ? error.exitCode : 70);
  }
}
