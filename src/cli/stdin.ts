/** Standard input, whole. */
import { readSync } from "node:fs";
import { systemCode } from "../core/errors.ts";

/** To its end, or just beyond `most` bytes; also where it does not block (a pipe of another program): then an empty look is waited out. */
export function readStandardInput(most: number): Buffer {
  const parts: Buffer[] = [];
  const chunk = Buffer.allocUnsafe(256 * 1024);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let total = 0; total <= most; ) {
    try {
      const got = readSync(0, chunk);
      if (got === 0) break;
      parts.push(Buffer.from(chunk.subarray(0, got)));
      total += got;
    } catch (error) {
      if (systemCode(error) === "EOF") break;
      if (systemCode(error) !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
  return Buffer.concat(parts);
}
