/** A run's recording (its stdout, byte for byte) once it has ended: an enormous one keeps its head and its tail. */
import { closeSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { writeAll } from "../store/files.ts";

const headBytes = 1024 * 1024;
const tailBytes = 63 * 1024 * 1024;

/** Cuts the middle out of a recording over 64 MB. @returns what to tell, or undefined when it stayed whole. */
export function trimRecording(file: string): string | undefined {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= headBytes + tailBytes) return undefined;
  const beside = `${file}.trimmed`;
  const from = openSync(file, "r");
  const to = openSync(beside, "w", 0o600);
  try {
    let at = copy(from, to, 0, headBytes, 0);
    const mark = Buffer.from(`\n[${size - headBytes - tailBytes} bytes are cut out here]\n`);
    writeAll(to, mark, at);
    at += mark.length;
    copy(from, to, size - tailBytes, size, at);
    renameSync(beside, file);
  } catch {
    // No room for the shorter copy: the long one stays.
    rmSync(beside, { force: true });
    return undefined;
  } finally {
    closeSync(from);
    closeSync(to);
  }
  return `its output was ${Math.round(size / 1e6)} MB; the log keeps the first 1 MB and the last 63 MB`;
}

/** Copies bytes [start, end) to position `at`; @returns the position behind them. */
function copy(from: number, to: number, start: number, end: number, at: number): number {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let position = at;
  for (let read = start; read < end; ) {
    const got = readSync(from, buffer, 0, Math.min(buffer.length, end - read), read);
    if (got === 0) break;
    writeAll(to, buffer.subarray(0, got), position);
    read += got;
    position += got;
  }
  return position;
}
