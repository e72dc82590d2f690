/** Entry of the runner process: takes the lead or leaves at once. Its output goes to `runner/log`. */
import { CopseError } from "../core/errors.ts";
import { takeEpoch } from "../store/epoch.ts";
import { makeDir } from "../store/files.ts";
import { epochDir, runnerDir, stateDir } from "../store/paths.ts";
import { isAlive, me } from "../system/identity.ts";
import { version } from "../version.ts";
import { Runner } from "./runner.ts";

const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

process.on("SIGHUP", () => {});
process.on("SIGINT", () => {});
for (const trouble of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(trouble, (error: unknown) => {
    say(`${trouble}: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(70);
  });
}

const state = stateDir();
makeDir(runnerDir(state));
process.chdir(runnerDir(state));
const hold = takeEpoch(epochDir(state), me(), isAlive);
if (!hold.held) {
  process.exit(0);
}
try {
  process.exit(await new Runner(state, hold.epoch, version, say).run());
} catch (error) {
  say(error instanceof CopseError ? `${error.message} ${error.hint ?? ""}` : String(error instanceof Error ? error.stack : error));
  process.exit(error instanceof CopseError ? error.exitCode : 70);
}
