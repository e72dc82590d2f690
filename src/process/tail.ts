/** Reads a growing file line by line without ever holding much of it: chunks of 256 KB, lines of at most 4 MB. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { systemCode } from "../core/errors.ts";

const chunkBytes = 256 * 1024;
const maxLineBytes = 4 * 1024 * 1024;

export interface Tail {
  /** Hands every whole line that has come since the last call to `take`; yields to the event loop now and then. @returns bytes read. */
  read(take: (line: string) => void): Promise<number>;
  /** A last line without newline, once the writer is gone. */
  rest(): string;
}

/** Lines are decoded as UTF-8, broken bytes as `�`; a longer line is replaced by a note of its size. */
export function tail(file: string, from = 0): Tail {
  let offset = from;
  let parts: Buffer[] = [];
  let held = 0;
  let dropped = 0;

  function keep(piece: Buffer): void {
    if (held + piece.length > maxLineBytes) {
      dropped += held + piece.length;
      parts = [];
      held = 0;
    } else if (dropped > 0) {
      dropped += piece.length;
    } else {
      parts.push(Buffer.from(piece));
      held += piece.length;
    }
  }

  function takeLine(): string {
    const text = dropped > 0 ? `[a line of ${dropped} bytes is left out]` : Buffer.concat(parts).toString("utf8");
    parts = [];
    held = 0;
    dropped = 0;
    return text;
  }

  function split(chunk: Buffer, take: (line: string) => void): void {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(10, at);
      if (end < 0) break;
      keep(chunk.subarray(at, end));
      take(takeLine());
      at = end + 1;
    }
    if (at < chunk.length) keep(chunk.subarray(at));
  }

  return {
    async read(take) {
      let fd: number;
      try {
        fd = openSync(file, "r");
      } catch (error) {
        if (systemCode(error) === "ENOENT") return 0;
        throw error;
      }
      const before = offset;
      const buffer = Buffer.allocUnsafe(chunkBytes);
      try {
        for (let n = 0; ; n++) {
          const got = readSync(fd, buffer, 0, chunkBytes, offset);
          if (got === 0) return offset - before;
          offset += got;
          split(buffer.subarray(0, got), take);
          if (n % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        closeSync(fd);
      }
    },
    rest: () => takeLine(),
  };
}

/** The last `bytes` of a file as text; "" when there is none. */
export function endOf(file: string, bytes: number): string {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
  try {
    const buffer = Buffer.alloc(bytes);
    const got = readSync(fd, buffer, 0, bytes, Math.max(0, fstatSync(fd).size - bytes));
    return buffer.toString("utf8", 0, got);
  } finally {
    closeSync(fd);
  }
}
