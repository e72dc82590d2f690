/** Files that are whole or not there: new content is written beside, synced and renamed into place. */
import { chmodSync, chownSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { CopseError, isDiskFull, systemCode } from "../core/errors.ts";
import { removeFile } from "../system/remove-file.ts";

/** Writes all of `data` to an open file from byte `from` on, however many calls that takes. */
export function writeAll(fd: number, data: Uint8Array, from = 0): void {
  let at = 0;
  while (at < data.length) at += writeSync(fd, data, at, data.length - at, from + at);
}

/** Creates `file` (mode 0600 unless told) with this content, synced; it must not exist yet. */
export function writeNew(file: string, content: string | Uint8Array, mode = 0o600): void {
  const fd = openSync(file, "wx", mode);
  try {
    writeAll(fd, typeof content === "string" ? Buffer.from(content) : content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces `file` by rename: after a crash or on a full disk the old content stands. */
export function replaceFile(file: string, content: string | Uint8Array, mode = 0o600): void {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    removeFile(beside);
    writeNew(beside, content, mode);
    renameSync(beside, file);
  } catch (error) {
    removeFile(beside);
    throw error;
  }
  syncDir(dirname(file));
}

/**
 * As `replaceFile`, for a file of somebody else's: mode and owner of the one that is there are kept, and it is asked for at the last moment whether it is to be.
 * @returns what `stillTo` said
 */
export function replaceKept(file: string, content: string, stillTo: () => boolean): boolean {
  const beside = `${file}.${process.pid}.tmp`;
  const kept = statSync(file, { throwIfNoEntry: false });
  try {
    removeFile(beside);
    writeNew(beside, content);
    if (kept !== undefined) {
      const mine = statSync(beside);
      if (mine.uid !== kept.uid || mine.gid !== kept.gid) chownSync(beside, kept.uid, kept.gid);
      chmodSync(beside, kept.mode & 0o7777);
    }
    if (!stillTo()) {
      removeFile(beside);
      return false;
    }
    renameSync(beside, file);
  } catch (error) {
    removeFile(beside);
    throw error;
  }
  syncDir(dirname(file));
  return true;
}

/** Makes renames and new names in `dir` last through a power cut. */
export function syncDir(dir: string): void {
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The text of a file; undefined when there is none. */
export function readMaybe(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Makes `dir` and what is above it, 0700. @throws CopseError CANNOT_WRITE */
export function makeDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotWrite(dir, error);
  }
}

/** A failed write to our own state, in words. */
export function cannotWrite(path: string, error: unknown): CopseError {
  const why = isDiskFull(error)
    ? "the disk is full"
    : {
        EROFS: "it is on a read-only file system",
        EACCES: "permission denied",
        EPERM: "permission denied",
        ENOTDIR: "something in the path is not a folder",
      }[systemCode(error)];
  return new CopseError("CANNOT_WRITE", `cannot write Copse's state in ${path}: ${why ?? String(error)}`, {
    hint: isDiskFull(error)
      ? "Free some space and try again; nothing was half-written."
      : "Make the folder writable, or name another one with COPSE_STATE_DIR.",
    cause: error,
  });
}
