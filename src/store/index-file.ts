/**
 * The index that listings read: one append-only file, a line a change, the last line of a task counts. Derived from the logs and healed by the runner;
 * appending needs no lock (single O_APPEND writes do not tear). A line is `id ⇥ repoId ⇥ state ⇥ endedAt ⇥ bytes ⇥ JSON of the task`, so that a listing parses only what it shows.
 */
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { systemCode } from "../core/errors.ts";
import { isTerminal, type StateName, type Task } from "../core/task.ts";
import { debug } from "../system/debug.ts";
import { replaceFile } from "./files.ts";
import { indexFile, stateDir, taskDir } from "./paths.ts";
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

export function entryLine(task: Task, bytes: number): string {
  return `${task.id}\t${task.repoId}\t${task.state}\t${task.endedAt ?? ""}\t${bytes}\t${JSON.stringify(task)}\n`;
}

/** Notes a task as it is now. A write that fails is no error: the log has the fact, and the runner mends the index. */
export function noteInIndex(state: string, task: Task, bytes: number): void {
  try {
    appendFileSync(indexFile(state), entryLine(task, bytes), { mode: 0o600 });
  } catch (error) {
    debug(() => `index not written for ${task.id}: ${String(error)}`);
  }
}

/** The newest entry of each task, in the order the tasks were first seen. Torn or foreign lines are passed over. */
export function readIndex(state: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const data = readBytes(indexFile(state));
  for (let at = 0; ; ) {
    const end = data.indexOf(10, at);
    if (end < 0) return entries;
    const entry = parse(data, at, end);
    if (entry) entries.set(entry.id, entry);
    at = end + 1;
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
  return { id, repoId, state: state as StateName, endedAt, bytes: Number(bytes), json: () => data.toString("utf8", start, end) };
}

export const lineOf = (entry: Entry): string =>
  `${entry.id}\t${entry.repoId}\t${entry.state}\t${entry.endedAt}\t${entry.bytes}\t${entry.json()}\n`;

/** Rewrites the index with one line a task. Only the runner does this, and looks through the folders afterwards (`heal.ts`) for what came in between. */
export function compactIndex(state: string, lines: Iterable<string>): void {
  replaceFile(indexFile(state), [...lines].join(""));
}

/** Bytes of the index; 0 when there is none. */
export function indexSize(state: string): number {
  try {
    return statSync(indexFile(state)).size;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return 0;
    throw error;
  }
}
