/** A change to a settings file that is whole or none: through links, with its mode and owner kept, one at a time, and over nobody else's. */
import { accessSync, constants, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { makeDir, replaceKept } from "../store/files.ts";
import { withLock } from "../store/lock.ts";
import { hooksDir } from "../store/paths.ts";
import { removeFile } from "../system/remove-file.ts";
import { readSettings, targetOf, trouble } from "./settings-file.ts";

export interface Change {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Times to begin again when somebody else writes the file meanwhile. */
const mostTries = 5;

/**
 * Changes a settings file; undefined stands for no file. What is the same is not written.
 * @throws CopseError CANNOT_WRITE, BUSY; nothing is half-written
 */
export async function changeSettings(
  state: string,
  file: string,
  change: (text: string | undefined) => string | undefined,
): Promise<Change> {
  const dir = hooksDir(state);
  makeDir(dir);
  return await withLock(join(dir, "settings"), () => {
    const target = targetOf(file);
    for (let tries = 0; tries < mostTries; tries++) {
      const before = readSettings(target);
      const after = change(before);
      if (after === before) return { before, after };
      if (write(target, before, after)) return { before, after };
    }
    throw new CopseError("BUSY", `${file} is being written by another program`, { hint: "Try again in a moment." });
  });
}

/** @returns whether it was still as it was read. */
function write(target: string, before: string | undefined, after: string | undefined): boolean {
  try {
    const stat = statSync(target, { throwIfNoEntry: false });
    if (stat !== undefined) requireWritable(target, stat);
    else mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    const unchanged = () => readSettings(target) === before;
    if (after !== undefined) return replaceKept(target, after, unchanged);
    if (!unchanged()) return false;
    removeFile(target);
    return true;
  } catch (error) {
    throw error instanceof CopseError ? error : trouble(target, "written", error);
  }
}

/** A rename would go over a read-only file; whoever made it read-only did not mean that. */
function requireWritable(target: string, stat: Stats): void {
  if ((stat.mode & 0o222) === 0) throw new Error("it is read-only");
  accessSync(target, constants.W_OK);
}
