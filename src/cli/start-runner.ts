/** Starts the runner. Loaded only where none is up: most commands find one. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, renameSync, statSync } from "node:fs";
import { cannotWrite, makeDir } from "../store/files.ts";
import { runnerDir, runnerLog } from "../store/paths.ts";
import { debug } from "../system/debug.ts";
import { ownProgram } from "../system/own-program.ts";

const logBytes = 5 * 1024 * 1024;

/** Starts a runner, detached, in its own session; which of several wins is settled among them. */
export function startRunner(state: string): ChildProcess {
  const dir = runnerDir(state);
  makeDir(dir);
  const log = runnerLog(state);
  let fd: number;
  try {
    if (existsSync(log) && statSync(log).size > logBytes) renameSync(log, `${log}.old`);
    fd = openSync(log, "a", 0o600);
  } catch (error) {
    throw cannotWrite(dir, error);
  }
  const entry = ownProgram("runner.cjs", "runner/main.ts");
  debug(() => `starts the runner: ${entry.join(" ")}`);
  const child = spawn(process.execPath, entry, {
    cwd: dir,
    detached: true,
    stdio: ["ignore", fd, fd],
    env: { ...withoutRun(process.env), COPSE_STATE_DIR: state },
  });
  child.on("error", (error) => debug(() => `the runner could not be started: ${error.message}`));
  child.unref();
  closeSync(fd);
  return child;
}

/** A runner that an agent's own `copse` starts is not a part of that agent's run, and must not be ended with it. */
function withoutRun({ COPSE_RUN: _, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}
