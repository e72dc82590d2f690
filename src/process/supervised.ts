/** Starting, finding again and fencing supervised runs. A run is a folder; what is true of it is read from there and from the system, each time anew. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, linkSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";
import { makeDir, readMaybe, writeNew } from "../store/files.ts";
import { crashPoint } from "../system/crash.ts";
import { bootId, isAlive } from "../system/identity.ts";
import { wrapper } from "./wrapper.ts";

export interface Start {
  /** Folder of the run; must not exist yet. */
  readonly dir: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names the run in the environment of everything it starts. */
  readonly cookie: string;
  /** `talk`: the input stays open behind `first`; `read`: it ends there. */
  readonly mode: "talk" | "read";
  readonly first: string;
}

/** What a look at a run's folder and the process table shows. */
export type Sight =
  | { readonly is: "unclaimed" }
  | { readonly is: "fenced" }
  | { readonly is: "alive"; readonly identity: Identity }
  | { readonly is: "ended"; readonly code: number; readonly identity: Identity }
  | { readonly is: "dead"; readonly why: "killed" | "rebooted"; readonly identity: Identity };

/** Starts the wrapper, detached; settles when it runs or could not be started. The caller waits for the claim with `lookAt`. */
export async function startRun(start: Start): Promise<ChildProcess> {
  mkdirSync(start.dir, { mode: 0o700 });
  writeNew(join(start.dir, "first"), start.first);
  const out = openSync(join(start.dir, "out"), "wx", 0o600);
  const err = openSync(join(start.dir, "err"), "wx", 0o600);
  try {
    const child = spawn("/bin/sh", ["-c", wrapper, "sh", start.dir, start.mode, start.file, ...start.args], {
      detached: true,
      cwd: start.cwd,
      stdio: ["ignore", out, err],
      env: {
        ...start.env,
        COPSE_RUN: start.cookie,
        ...(process.env["COPSE_BOOT_ID"] ? { COPSE_BOOT_ID: process.env["COPSE_BOOT_ID"] } : {}),
      },
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    crashPoint("after-spawn");
    child.unref();
    return child;
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

/** A look that failed is an error, never "not there". */
export function lookAt(dir: string): Sight {
  const claim = readMaybe(join(dir, "claim"));
  if (claim === undefined) return { is: "unclaimed" };
  if (claim === fenceMark) return { is: "fenced" };
  const identity = JSON.parse(claim) as Identity;
  const code = exitCodeIn(dir);
  if (code !== undefined) return { is: "ended", code, identity };
  if (isAlive(identity)) return { is: "alive", identity };
  // It may have written the code between our two looks.
  const late = exitCodeIn(dir);
  if (late !== undefined) return { is: "ended", code: late, identity };
  return { is: "dead", why: identity.boot === bootId() ? "killed" : "rebooted", identity };
}

function exitCodeIn(dir: string): number | undefined {
  const code = Number.parseInt(readMaybe(join(dir, "exit")) ?? "", 10);
  // An empty file is what a power cut leaves of one that was never synced.
  return Number.isNaN(code) ? undefined : code;
}

/**
 * Declares a run that shows no claim dead before it lives. Takes the same link as the wrapper does: exactly one wins.
 * @returns true when it will never start; false when the wrapper was first.
 */
export function fence(dir: string): boolean {
  makeDir(dir);
  const beside = join(dir, `fence.${process.pid}`);
  rmSync(beside, { force: true });
  writeNew(beside, fenceMark);
  try {
    linkSync(beside, join(dir, "claim"));
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    return readMaybe(join(dir, "claim")) === fenceMark;
  } finally {
    rmSync(beside, { force: true });
  }
}

const fenceMark = "fenced\n";

/** Waits until a run that was just started has its claim, or has been gone without one. */
export async function awaitClaim(dir: string, child: ChildProcess): Promise<Sight> {
  for (;;) {
    const gone = child.exitCode !== null || child.signalCode !== null;
    const sight = lookAt(dir);
    if (sight.is !== "unclaimed" || gone) return sight;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
