/** Making tasks of a line of shell in a sandbox, and waiting for their end. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import type { Ran, Sandbox } from "./sandbox.ts";

export type Json = any;

export interface Wanted {
  /** Flags of `run` before `--exec`. */
  readonly flags?: readonly string[];
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
}

/** Submits a shell script as the agent of a background task. */
export function submit(box: Sandbox, label: string, script: string, { flags = [], ...options }: Wanted = {}): Promise<Ran> {
  return box.copse(["run", "-b", `--label=${label}`, ...flags, "--exec", "--", "/bin/sh", "-c", script], options);
}

/** Submits it, waits for its end; @returns its JSON, with `wait` = the exit code of `copse wait`. */
export async function run(box: Sandbox, label: string, script: string, wanted: Wanted = {}): Promise<Json> {
  const made = await submit(box, label, script, wanted);
  assert.is(made.code, 0, made.stderr);
  return await settled(box, label, wanted.cwd);
}

export async function settled(box: Sandbox, label: string, cwd?: string): Promise<Json> {
  const waited = await box.copse(["wait", label, "--timeout", "60s"], cwd === undefined ? {} : { cwd });
  return { ...(await box.task(label, cwd)), wait: waited.code };
}

/** The main checkout is as it was: nothing changed in it, on the branch it was on. */
export function assertUntouched(box: Sandbox, cwd = box.repo): void {
  assert.is(box.git(["status", "--porcelain", "--untracked-files=all"], cwd), "", "the checkout is clean");
}

/** The error that a command printed with `--json`. */
export const errorOf = (ran: Ran): Json => JSON.parse(ran.stdout).error;

/** The person's own settings; write a limit before the first command, for a runner that is up takes it only at its next tick. */
export function settings(box: Sandbox, config: Readonly<Record<string, unknown>>): void {
  const file = join(box.dir, "home", ".config", "copse", "config.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(config));
}
