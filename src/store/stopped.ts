/** A person has stopped the runner: until a command needs one again, no hook of a session starts it. A small file, there only while that is so. */
import { debug } from "../system/debug.ts";
import { removeFile } from "../system/remove-file.ts";
import { makeDir, readMaybe, replaceFile } from "./files.ts";
import { runnerDir, stoppedFile } from "./paths.ts";

export function noteStopped(state: string, at: string): void {
  makeDir(runnerDir(state));
  replaceFile(stoppedFile(state), `${at}\n`);
}

/** Since when, ISO 8601; undefined where nobody has stopped it. */
export const stoppedAt = (state: string): string | undefined => readMaybe(stoppedFile(state))?.trim();

/** What stands in the way of that stands in a runner's way as well, which says so. */
export function forgetStopped(state: string): void {
  try {
    removeFile(stoppedFile(state));
  } catch (error) {
    debug(() => `the mark of a stop stays: ${String(error)}`);
  }
}
