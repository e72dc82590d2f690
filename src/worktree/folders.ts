/** Folders on the way to a carried file, one level at a time and never through a symbolic link, on either side. */
import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";

/** Is `path` written as a plain way down: no empty part, no `.` or `..`? */
export const isPlain = (path: string): boolean => path.split("/").every((part) => !["", ".", ".."].includes(part));

/** Makes the parent folders of `path` in `to` as they are in `from`. @returns why not, or undefined */
export function makeParents(from: string, to: string, path: string): string | undefined {
  if (!isPlain(path)) return "not a plain path inside the repository";
  const parts = path.split("/");
  for (let n = 1; n < parts.length; n++) {
    const part = join(...parts.slice(0, n));
    if (!isRealDir(join(from, part))) return "a symbolic link is in its path";
    try {
      mkdirSync(join(to, part));
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
    if (!isRealDir(join(to, part))) return "something else stands at its place in the worktree";
  }
  return undefined;
}

/** A folder, and no link to one. */
export function isRealDir(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Lets others have a turn, every 10 ms of a long walk. */
export function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 10) return;
    await new Promise((resolve) => setImmediate(resolve));
    last = performance.now();
  };
}
