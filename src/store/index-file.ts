/**
 * The index that listings read: one append-only file, a line a change, the last line of a task counts. Derived from the logs and healed by the runner;
 * appending needs no lock (single O_APPEND writes do not tear). A line is `id ⇥ repoId ⇥ state ⇥ endedAt ⇥ bytes ⇥ JSON of the task`, so that a listing parses only what it shows.
 */
import { appendFileSync, statSync } from "node:fs";
import { systemCode } from "../core/errors.ts";
import { isTerminal, type StateName, type Task } from "../core/task.ts";
import { debug } from "../system/debug.ts";
import { readMaybe, replaceFile } from "./files.ts";
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
  readonly json: string;
}

/** The task of an entry; where the line is damaged, from its log. */
export function taskOf(entry: Entry): Task {
  try {
    return JSON.parse(entry.json) as Task;
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
  const text = readMaybe(indexFile(state)) ?? "";
  let at = 0;
  for (;;) {
    const end = text.indexOf("\n", at);
    if (end < 0) return entries;
    const entry = parse(text, at, end);
    if (entry) entries.set(entry.id, entry);
    at = end + 1;
  }
}

function parse(text: string, from: number, end: number): Entry | undefined {
  const cuts: number[] = [];
  let at = from;
  for (let i = 0; i < 5; i++) {
    const tab = text.indexOf("\t", at);
    if (tab < 0 || tab > end) return undefined;
    cuts.push(tab);
    at = tab + 1;
  }
  if (text[at] !== "{" || text[end - 1] !== "}") return undefined;
  const [a, b, c, d, e] = cuts as [number, number, number, number, number];
  return {
    id: text.slice(from, a),
    repoId: text.slice(a + 1, b),
    state: text.slice(b + 1, c) as StateName,
    endedAt: text.slice(c + 1, d),
    bytes: Number(text.slice(d + 1, e)),
    json: text.slice(e + 1, end),
  };
}

export const lineOf = (entry: Entry): string =>
  `${entry.id}\t${entry.repoId}\t${entry.state}\t${entry.endedAt}\t${entry.bytes}\t${entry.json}\n`;

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
