/** `.worktreeinclude`: untracked files that match it AND are ignored by git are copied into a new worktree. No symbolic link is followed, on either side. */
import { closeSync, constants, existsSync, fchmodSync, lstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import { git } from "../git/git.ts";
import { writeAll } from "../store/files.ts";

/** Copies what `.worktreeinclude` of `from` names into `to`. Files that are there already stay. @returns the copied paths and what was left out, with the reason. */
export async function carryIncluded(from: string, to: string): Promise<{ copied: string[]; left: string[] }> {
  const copied: string[] = [];
  const left: string[] = [];
  if (!existsSync(join(from, ".worktreeinclude"))) return { copied, left };
  for (const path of await includedPaths(from)) {
    const why = copySafely(from, to, path);
    if (why === undefined) copied.push(path);
    else left.push(`${path}: ${why}`);
  }
  return { copied, left };
}

async function includedPaths(from: string): Promise<string[]> {
  const matching = (await git(from, ["ls-files", "-z", "--others", "--ignored", `--exclude-from=${join(from, ".worktreeinclude")}`]))
    .split("\0")
    .filter((path) => path !== "" && !path.endsWith("/"));
  if (matching.length === 0) return [];
  const ignored = new Set((await git(from, ["ls-files", "-z", "--others", "--ignored", "--exclude-standard"])).split("\0"));
  return matching.filter((path) => ignored.has(path) && !path.startsWith(".worktrees/trees/"));
}

/** One file, component by component; @returns why not, or undefined when it was copied. */
export function copySafely(from: string, to: string, path: string): string | undefined {
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "not a plain path";
  for (let n = 1; n < parts.length; n++) {
    const part = join(...parts.slice(0, n));
    if (!isRealDir(join(from, part))) return "a symbolic link is in its path";
    try {
      mkdirSync(join(to, part), { mode: 0o777 });
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
    if (!isRealDir(join(to, part))) return "something else stands at its place in the worktree";
  }
  return copyFile(join(from, path), join(to, path));
}

function isRealDir(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

function copyFile(source: string, target: string): string | undefined {
  const stat = lstatSync(source);
  if (stat.isSymbolicLink()) return "a symbolic link";
  if (!stat.isFile()) return "not a regular file";
  let input: number;
  try {
    input = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    return systemCode(error) === "ELOOP" ? "a symbolic link" : `cannot be read (${systemCode(error)})`;
  }
  try {
    const output = openSync(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      const buffer = Buffer.allocUnsafe(256 * 1024);
      for (let at = 0; ; ) {
        const got = readSync(input, buffer, 0, buffer.length, at);
        if (got === 0) break;
        writeAll(output, buffer.subarray(0, got), at);
        at += got;
      }
      fchmodSync(output, stat.mode & 0o700);
    } finally {
      closeSync(output);
    }
    return undefined;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return "a file is there already";
    throw error;
  } finally {
    closeSync(input);
  }
}
