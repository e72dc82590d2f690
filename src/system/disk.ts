/** Room on a file system, and how to copy with as little of it as can be. */
import { statfsSync } from "node:fs";

/** Free bytes and inodes for an ordinary user below `path`; undefined where the system does not say. */
export function roomAt(path: string): { bytes: number; inodes: number } | undefined {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(path);
    return { bytes: bavail * bsize, inodes: files === 0 ? Number.POSITIVE_INFINITY : ffree };
  } catch {
    return undefined;
  }
}

/** So little room that a write of any size may fail. */
export function isFull(path: string): boolean {
  const room = roomAt(path);
  return room !== undefined && (room.bytes < 256 * 1024 || room.inodes < 16);
}

/** For `cp`: all of a folder as it is, without copying contents where the file system can share them until one of both changes. */
export const copyFlags: readonly string[] = process.platform === "linux" ? ["-a", "--reflink=auto"] : ["-a", "-c"];
