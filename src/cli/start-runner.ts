/** Starts the runner. Loaded only where none is up: most commands find one. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { cannotWrite, makeDir } from "../store/files.ts";
import { runnerDir, runnerLog } from "../store/paths.ts";
import { debug } from "../system/debug.ts";

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
  const entry = runnerEntry();
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

/** Beside or above this file in the bundle; from the sources, through the same loader that runs us. */
function runnerEntry(): string[] {
  const here = import.meta.dirname;
  const bundled = ["", "..", "../.."].map((up) => join(here, up, "runner.cjs")).find((file) => existsSync(file));
  return bundled === undefined ? [...process.execArgv, join(here, "..", "runner", "main.ts")] : [bundled];
}
