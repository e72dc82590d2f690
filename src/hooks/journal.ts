/** A session's file on disk: lines of JSON, each appended in one write, and beside it what was made of them up to some byte. Nothing here knows what the lines mean. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { messageOf } from "../core/errors.ts";
import { readMaybe } from "../store/files.ts";
import { debug } from "../system/debug.ts";

/** Begins with a new line: what a full disk cut off spoils no line but its own. @returns the bytes from which and up to which this line alone was added; undefined when others wrote too */
export function append(file: string, line: object): { readonly from: number; readonly to: number } | undefined {
  const data = Buffer.from(`\n${JSON.stringify(line)}\n`);
  const fd = openSync(file, "a", 0o600);
  try {
    const from = fstatSync(fd).size;
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
    const to = fstatSync(fd).size;
    return to === from + data.length ? { from, to } : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Names of the journals in a folder. */
export function journalsIn(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(".ndjson"));
  } catch {
    return [];
  }
}

const snapshotOf = (file: string): string => file.replace(/ndjson$/, "json");

/** Another form of what is written down is made anew from the journal. */
const form = 2;

interface Snapshot<T> {
  readonly bytes: number;
  readonly session: T;
}

export function readSnapshot<T>(file: string): Snapshot<T> | undefined {
  try {
    const read = JSON.parse(readMaybe(snapshotOf(file)) ?? "") as Snapshot<T> & { readonly form?: number };
    return read.form === form ? { bytes: read.bytes, session: read.session } : undefined;
  } catch {
    return undefined;
  }
}

/** Not synced: the journal is the truth, and is read from its beginning where this is damaged. */
export function writeSnapshot<T>(file: string, { bytes, session }: Snapshot<T>): void {
  const beside = `${snapshotOf(file)}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, JSON.stringify({ form, bytes, session }), { mode: 0o600 });
    renameSync(beside, snapshotOf(file));
  } catch (error) {
    rmSync(beside, { force: true });
    debug(() => `hooks: ${messageOf(error)}`);
  }
}

export function forget(file: string): void {
  rmSync(snapshotOf(file), { force: true });
  rmSync(file, { force: true });
}

/** Whole lines from byte `from` on, and where they end; undefined when the file is shorter than that. */
export function linesFrom<T extends { readonly at: string }>(
  file: string,
  from: number,
): { readonly lines: T[]; readonly bytes: number } | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return from === 0 ? { lines: [], bytes: 0 } : undefined;
  }
  try {
    const { size } = fstatSync(fd);
    if (size < from) return undefined;
    const data = Buffer.alloc(size - from);
    let length = 0;
    for (let n = 1; n > 0 && length < data.length; length += n) n = readSync(fd, data, length, data.length - length, from + length);
    const whole = data.subarray(0, data.subarray(0, length).lastIndexOf(10) + 1);
    return {
      lines: whole
        .toString("utf8")
        .split("\n")
        .flatMap(parsed<T>),
      bytes: from + whole.length,
    };
  } finally {
    closeSync(fd);
  }
}

function parsed<T extends { readonly at: string }>(line: string): T[] {
  if (line === "") return [];
  try {
    const value = JSON.parse(line) as T | null;
    return typeof value?.at === "string" ? [value] : [];
  } catch {
    return [];
  }
}
