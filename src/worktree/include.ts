/** `.worktreeinclude`: untracked files that match it AND are ignored by git are copied into a new worktree. No symbolic link is followed, on either side. */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import { git, gitMaybe } from "../git/git.ts";
import { writeAll } from "../store/files.ts";
import { breather, makeParents } from "./folders.ts";

/** Copies what `.worktreeinclude` of `from` names into `to`. Files of the worktree's own stay. @returns the copied paths and what was left out, with the reason. */
export async function carryIncluded(from: string, to: string): Promise<{ copied: string[]; left: string[] }> {
  const copied: string[] = [];
  const left: string[] = [];
  if (!existsSync(join(from, ".worktreeinclude"))) return { copied, left };
  const breathe = breather();
  for (const path of await includedPaths(from)) {
    const why = await copySafely(from, to, path);
    if (why === undefined) copied.push(path);
    else left.push(`${path}: ${why}`);
    await breathe();
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
async function copySafely(from: string, to: string, path: string): Promise<string | undefined> {
  const why = makeParents(from, to, path);
  if (why !== undefined) return why;
  const target = join(to, path);
  if (isThere(target)) {
    if ((await gitMaybe(to, ["ls-files", "--error-unmatch", "--", `:(top,literal)${path}`])) !== undefined)
      return "the worktree has a file of that name";
    const there = lstatSync(target);
    if (!there.isFile()) return "something else stands at its place in the worktree";
    // The copy of an earlier start, older than itself as copies are. One that has been changed since is somebody's.
    if (there.mtimeMs >= there.birthtimeMs)
      return isSame(join(from, path), target) ? undefined : "it has been changed in the worktree, where it stays as it is";
    rmSync(target);
  }
  return copyWhole(join(from, path), target);
}

function isSame(one: string, other: string): boolean {
  try {
    return statSync(one).size === statSync(other).size && readFileSync(one).equals(readFileSync(other));
  } catch {
    return false;
  }
}

/** Beside it first: a half copy never stands at its place. */
function copyWhole(source: string, target: string): string | undefined {
  const beside = `${target}.copse-partial`;
  rmSync(beside, { force: true });
  try {
    const why = copyFile(source, beside);
    if (why === undefined) renameSync(beside, target);
    return why;
  } finally {
    rmSync(beside, { force: true });
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function copyFile(source: string, target: string): string | undefined {
  let input: number;
  try {
    // Not to wait for a writer, should it be a pipe.
    input = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return systemCode(error) === "ELOOP" ? "a symbolic link" : `it cannot be read (${systemCode(error)})`;
  }
  try {
    const stat = fstatSync(input);
    if (!stat.isFile()) return "not a regular file";
    const output = openSync(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      const buffer = Buffer.allocUnsafe(256 * 1024);
      for (let at = 0; ; ) {
        const got = readSync(input, buffer, 0, buffer.length, at);
        if (got === 0) break;
        writeAll(output, buffer.subarray(0, got), at);
        at += got;
      }
      fchmodSync(output, stat.mode & 0o777);
      futimesSync(output, stat.atime, stat.mtime);
    } finally {
      closeSync(output);
    }
    return undefined;
  } finally {
    closeSync(input);
  }
}
