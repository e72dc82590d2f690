/** A full disk: noticed while a step runs, before anything is blamed for it, and told with the way on. */
import { CopseError, isDiskFull, messageOf } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { isFull } from "../system/disk.ts";

/** Thrown where a check was ended before its time; it says nothing about the updates. */
export class CutShort extends Error {
  override readonly name = "CutShort";
}

const lookMs = 1000;
/** Looks in a row: what is full for a moment only may go well. */
const mostFull = 5;

/** Ends what runs under its signal when there is no room below `dir` for some seconds: nobody could write down how it ends. */
export function watchRoom(dir: string, signal: AbortSignal): { readonly signal: AbortSignal; stop(): void } {
  const mine = new AbortController();
  let full = 0;
  const timer = setInterval(() => {
    full = isFull(dir) ? full + 1 : 0;
    if (full >= mostFull) mine.abort();
  }, lookMs);
  return { signal: AbortSignal.any([signal, mine.signal]), stop: () => clearInterval(timer) };
}

export const diskFull = (dir: string, cause?: unknown): CopseError =>
  new CopseError("CANNOT_WRITE", `the disk is full: ${cause === undefined || isFull(dir) ? dir : safeLine(messageOf(cause), 300)}`, {
    hint: "Free some space. What has been checked stays checked; go on with: copse deps",
    cause,
  });

/** Whatever fails for want of room says so. @throws CopseError CANNOT_WRITE; else what `work` throws */
export async function withRoom<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CutShort || isOwn(error)) throw error;
    throw isDiskFull(error) || isFull(dir) ? diskFull(dir, error) : error;
  }
}

/** It says already what it is about. */
const isOwn = (error: unknown): boolean => error instanceof CopseError && ["CANNOT_WRITE", "BUSY", "CHECKS_FAILED"].includes(error.code);
