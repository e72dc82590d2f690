/** What people and programs read of a command: written at once and in order. Node's own streams take 10 ms to load; only a terminal needs them. */
import { fstatSync, statSync, writeSync } from "node:fs";
import { systemCode } from "../core/errors.ts";

/** To standard output. Waits for a slow reader; a reader that has seen enough (`| head -1`) ends the process with 0. */
export const out = (text: string | Uint8Array): void => write(1, text);

/** To standard error. */
export const err = (text: string): void => write(2, text);

/** Whether 0, 1 or 2 is a terminal. */
export function isTty(fd: 0 | 1 | 2): boolean {
  try {
    const file = fstatSync(fd);
    if (!file.isCharacterDevice() || isNull(file.rdev)) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule("node:tty").isatty(fd);
}

/** Scripts and schedulers hand us the null device; asking Node about it takes 5 ms. */
const isNull = (rdev: number): boolean => process.platform !== "win32" && rdev === statSync("/dev/null").rdev;

/** What `paintFor` wants to know of standard output. */
export const screen = (): { isTTY: boolean; columns?: number } =>
  isTty(1) ? { isTTY: true, columns: process.stdout.columns } : { isTTY: false };

const retryMs = 5;

function write(fd: number, text: string | Uint8Array): void {
  const data = typeof text === "string" ? Buffer.from(text) : text;
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
      // Another program has made this pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
