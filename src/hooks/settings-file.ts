/** The settings files of Claude Code: where they are, over all links, and what they say. */
import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CopseError, isDiskFull, messageOf, systemCode } from "../core/errors.ts";

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

/** Why a file cannot be read or written, in words. */
export function trouble(file: string, what: "read" | "written", error: unknown): CopseError {
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
