/** A settings file of Claude Code on disk: where it is, what it says, and a change to it that is whole or none, through links, with its mode and owner kept. */
import { accessSync, constants, lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CopseError, isDiskFull, messageOf, systemCode } from "../core/errors.ts";
import { makeDir, replaceKept } from "../store/files.ts";
import { withLock } from "../store/lock.ts";
import { hooksDir } from "../store/paths.ts";
import { removeFile } from "../system/remove-file.ts";

/** The person's: `$CLAUDE_CONFIG_DIR/settings.json`, else `~/.claude/settings.json`. */
export function userSettings(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = env["HOME"] || process.getBuiltinModule("node:os").homedir();
  return resolve(env["CLAUDE_CONFIG_DIR"] || join(home, ".claude"), "settings.json");
}

/**
 * The person's own for a repository; `settings.json` beside it is committed. Claude Code 2.1.329 takes the main checkout's in its worktrees too; where there is none, the worktree's own.
 */
export const projectSettings = ({
  top,
  root,
  commonDir,
}: {
  readonly top: string;
  readonly root: string;
  readonly commonDir: string;
}): string => join(root === commonDir ? top : root, ".claude", "settings.local.json");

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

/** What a settings file says; undefined when there is none. @throws CopseError CANNOT_WRITE when it cannot be read, or would not be the same when it is written again */
export function readSettings(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) throw new Error("it is no file");
    const bytes = readFileSync(file);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text).equals(bytes)) throw new Error("it is not valid UTF-8");
    return text;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw trouble(file, "read", error);
  }
}

/** The file a path leads to over all links, there or not. @throws CopseError CANNOT_WRITE */
export function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw trouble(file, "read", error);
  }
  const linked = linkAt(file);
  if (linked !== undefined) return targetOf(resolve(dirname(file), linked));
  return dirname(file) === file ? file : join(targetOf(dirname(file)), basename(file));
}

function linkAt(file: string): string | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(file) : undefined;
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

function trouble(file: string, what: "read" | "written", error: unknown): CopseError {
  const known = {
    EROFS: "it is on a read-only file system",
    EACCES: "permission denied",
    EPERM: "permission denied",
    ENOTDIR: "something in the path is not a folder",
    EISDIR: "it is a folder",
    ELOOP: "its links go in a circle",
  }[systemCode(error)];
  const why = isDiskFull(error) ? "the disk is full" : (known ?? messageOf(error));
  return new CopseError("CANNOT_WRITE", `${file} cannot be ${what}: ${why}`, {
    hint: "Nothing was changed. Mend that and try again, or put it in yourself: copse hooks install --print",
    cause: error,
  });
}
