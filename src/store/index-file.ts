/**
 * The index that listings read: one append-only file, a line a change, the last line of a task counts. Derived from the logs and healed by the runner;
 * appending needs no lock (single O_APPEND writes do not tear). A line is `id ⇥ repoId ⇥ state ⇥ endedAt ⇥ bytes ⇥ JSON of the task`, so that a listing parses only what it shows.
 * What ended some time ago is put into a second file of the same form, so that a listing takes no longer for ten thousand old tasks.
 */
import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { systemCode } from "../core/errors.ts";
import { isTerminal, type StateName, type Task } from "../core/task.ts";
import { debug } from "../system/debug.ts";
import { replaceFile } from "./files.ts";
import { indexFile, olderIndexFile, stateDir, taskDir } from "./paths.ts";
import { readTask } from "./tasks.ts";

export interface Entry {
  readonly id: string;
  readonly repoId: string;
  readonly state: StateName;
  /** ISO, or "" while open. */
  readonly endedAt: string;
  /** Size of the log this was folded from. */
  readonly bytes: number;
  /** The task as JSON; decoded only when asked for. */
  readonly json: () => string;
  /** Whether that JSON contains this text; nothing is decoded. */
  readonly mentions: (text: Buffer) => boolean;
}

/** The task of an entry; where the line is damaged, from its log. */
export function taskOf(entry: Entry): Task {
  try {
    return JSON.parse(entry.json()) as Task;
  } catch {
    return readTask(taskDir(stateDir(), entry.repoId, entry.id)).task;
  }
}
export const isOpen = (entry: Entry): boolean => !isTerminal(entry);

export const entryLine = (task: Task, bytes: number): string => lineOf(entryOf(task, bytes));

/** Notes a task as it is now. A write that fails is no error: the log has the fact, and the runner mends the index. */
export function noteInIndex(state: string, task: Task, bytes: number): void {
  try {
    appendFileSync(indexFile(state), entryLine(task, bytes), { mode: 0o600 });
  } catch (error) {
    debug(() => `index not written for ${task.id}: ${String(error)}`);
  }
}

/** The newest entry of each task. Torn or foreign lines are passed over. */
export function readIndex(state: string): Map<string, Entry> {
  // In this order: what is moved to the older file meanwhile is seen there.
  const lately = readBytes(indexFile(state));
  return collect(lately, collect(readBytes(olderIndexFile(state))));
}

/** As `readIndex`, without what ended some time ago: whatever is open, of each repository what ended last, and of the last week what ended since the oldest open task was made. */
export const readLately = (state: string): Map<string, Entry> => collect(readBytes(indexFile(state)));

/** As `readLately` at each call, for somebody who looks again and again: only what has been appended since is read, all of it when the file is another. */
export function latelyReader(state: string): () => Map<string, Entry> {
  let entries = new Map<string, Entry>();
  let file = "";
  let read = 0;
  return () => {
    const fd = openMaybe(indexFile(state));
    if (fd === undefined) return new Map();
    try {
      const { ino, birthtimeMs, size } = fstatSync(fd);
      const now = `${ino} ${birthtimeMs}`;
      if (now !== file || size < read) [entries, file, read] = [new Map(), now, 0];
      const data = Buffer.alloc(size - read);
      const got = data.subarray(0, readSync(fd, data, 0, data.length, read));
      // A last line that is being written is read next time.
      read += got.lastIndexOf(10) + 1;
      return collect(got, entries);
    } finally {
      closeSync(fd);
    }
  };
}

function openMaybe(file: string): number | undefined {
  try {
    return openSync(file, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function collect(data: Buffer, entries = new Map<string, Entry>()): Map<string, Entry> {
  for (const entry of entriesIn(data)) entries.set(entry.id, entry);
  return entries;
}

function* entriesIn(data: Buffer): Generator<Entry> {
  for (let at = 0; ; ) {
    const end = data.indexOf(10, at);
    if (end < 0) return;
    const entry = parse(data, at, end);
    if (entry) yield entry;
    at = end + 1;
  }
}

/** How far somebody has read the index that listings read, and which one: it is replaced now and then. */
export interface Place {
  readonly file: string;
  readonly at: number;
}

/** What has been added behind `from`, in the order it was; `whole`: it is another file, read from its beginning. */
export function readIndexFrom(
  state: string,
  from: Place,
): { readonly entries: readonly Entry[]; readonly place: Place; readonly whole: boolean } {
  let fd: number;
  try {
    fd = openSync(indexFile(state), "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { entries: [], place: from, whole: false };
    throw error;
  }
  try {
    const { dev, ino, birthtimeMs, size } = fstatSync(fd);
    const file = `${dev} ${ino} ${birthtimeMs}`;
    const whole = file !== from.file || size < from.at;
    const at = whole ? 0 : from.at;
    const data = Buffer.alloc(size - at);
    const got = data.subarray(0, readSync(fd, data, 0, data.length, at));
    return { entries: [...entriesIn(got)], place: { file, at: at + got.lastIndexOf(10) + 1 }, whole };
  } finally {
    closeSync(fd);
  }
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** Columns in front of the JSON take at most this much; decoding megabytes to show twenty lines would cost more than all the rest. */
const headBytes = 160;
const brace = 123;

function parse(data: Buffer, from: number, end: number): Entry | undefined {
  const head = data.toString("latin1", from, Math.min(end, from + headBytes)).split("\t", 6);
  const [id = "", repoId = "", state = "", endedAt = "", bytes = ""] = head;
  if (head.length < 6) return undefined;
  const start = from + id.length + repoId.length + state.length + endedAt.length + bytes.length + 5;
  if (data[start] !== brace || data[end - 1] !== brace + 2) return undefined;
  return {
    id,
    repoId,
    state: state as StateName,
    endedAt,
    bytes: Number(bytes),
    json: () => data.toString("utf8", start, end),
    mentions: (text) => data.subarray(start, end).includes(text),
  };
}

const lineOf = (entry: Entry): string =>
  `${entry.id}\t${entry.repoId}\t${entry.state}\t${entry.endedAt}\t${entry.bytes}\t${entry.json()}\n`;

/** Ended tasks that a listing shows besides the open ones: of the last week, at most this many of a repository. */
export const recentMs = 7 * 86_400_000;
export const recentMost = 20;

/**
 * Rewrites the index with one line a task. Only the runner does this, and looks through the folders afterwards (`heal.ts`) for what came in between.
 * The older file is written first: what a crash leaves in both is one task still.
 */
export function compactIndex(state: string, entries: Iterable<Entry>, now = Date.now()): void {
  const { lately, older } = apart([...entries], now);
  const text = older.map(lineOf).join("");
  if (readBytes(olderIndexFile(state)).toString() !== text) replaceFile(olderIndexFile(state), text);
  replaceFile(indexFile(state), lately.map(lineOf).join(""));
}

function apart(entries: readonly Entry[], now: number): { lately: Entry[]; older: Entry[] } {
  const weekAgo = new Date(now - recentMs).toISOString();
  const oldest =
    entries
      .filter(isOpen)
      .map((entry) => taskOf(entry).createdAt)
      .sort()[0] ?? "~";
  const left = new Map<string, number>();
  const keep = new Set<Entry>();
  for (const entry of entries.filter((one) => !isOpen(one)).sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1))) {
    const room = left.get(entry.repoId) ?? recentMost;
    left.set(entry.repoId, room - 1);
    if (entry.endedAt > weekAgo && (room > 0 || entry.endedAt >= oldest)) keep.add(entry);
  }
  const isLate = (entry: Entry) => isOpen(entry) || keep.has(entry);
  return { lately: entries.filter(isLate), older: entries.filter((entry) => !isLate(entry)) };
}

/** The entry of a task as it is now. */
export function entryOf(task: Task, bytes: number): Entry {
  const json = JSON.stringify(task);
  const { id, repoId, state } = task;
  return { id, repoId, state, endedAt: task.endedAt ?? "", bytes, json: () => json, mentions: (text) => json.includes(text.toString()) };
}

/** Bytes of the index that listings read; 0 when there is none. */
export function indexSize(state: string): number {
  try {
    return statSync(indexFile(state)).size;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return 0;
    throw error;
  }
}
