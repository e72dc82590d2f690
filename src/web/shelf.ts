/** The newest of every task, kept up to date by reading on in the index, and what has come into the logs since; the logs are the truth, the index says where to look. */
import { type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { TaskEvent } from "../core/events.ts";
import { pausedText, waitingFor } from "../core/line.ts";
import { isTerminal, type Task, type WaitingFor } from "../core/task.ts";
import { taskJson } from "../core/task-json.ts";
import { type Entry, type Place, readIndexFrom, taskOf } from "../store/index-file.ts";
import { readLogFrom } from "../store/log.ts";
import { readOverlaps } from "../store/overlaps.ts";
import { eventsFile, overlapsFile, runDir, taskDir } from "../store/paths.ts";
import { readQueueSettings } from "../store/queue-settings.ts";
import type { TaskRow } from "./api.ts";

interface Shelved {
  task: Task;
  readonly dir: string;
  /** Whole lines of its log that have been read. */
  bytes: number;
  /** The last event in them. */
  version: number;
}

/** What came at one look. */
export interface News {
  /** Tasks that show something else than before. */
  readonly changed: ReadonlySet<string>;
  readonly events: readonly { readonly id: string; readonly events: readonly TaskEvent[] }[];
  /** Somebody is in the line who was not, or the other way round. */
  readonly line: boolean;
}

export class Shelf {
  readonly #state: string;
  readonly #say: (line: string) => void;
  readonly #tasks = new Map<string, Shelved>();
  #place: Place | undefined;
  #waiting: ReadonlyMap<string, WaitingFor> | undefined;
  #overlaps: ReturnType<typeof readOverlaps> = {};
  #overlapsOf = "";

  constructor(state: string, say: (line: string) => void) {
    this.#state = state;
    this.#say = say;
  }

  /** Reads on. The first look finds everything, and calls nothing of it news. */
  look(): News {
    const first = this.#place === undefined;
    const { entries, place, whole } = readIndexFrom(this.#state, this.#place ?? { file: "", at: 0 });
    this.#place = place;
    const changed = new Set<string>();
    const events: { id: string; events: readonly TaskEvent[] }[] = [];
    let line = false;
    const newest = new Map<string, Entry>();
    for (const entry of entries) {
      const other = newest.get(entry.id);
      // A line that was written a moment too late says less than one that is there.
      if (other === undefined || other.bytes <= entry.bytes) newest.set(entry.id, entry);
    }
    if (whole) for (const id of this.#tasks.keys()) if (!newest.has(id)) this.#tasks.delete(id);
    for (const entry of newest.values()) {
      const known = this.#tasks.get(entry.id);
      if (known !== undefined && entry.bytes < known.bytes) continue;
      // Written anew when the index was; nothing happens to it.
      if (known !== undefined && entry.bytes === known.bytes && isTerminal(known.task)) continue;
      const task = this.#read(entry);
      if (task === undefined) continue;
      line ||= task.state === "queued" || known?.task.state === "queued";
      if (known === undefined) {
        const dir = taskDir(this.#state, entry.repoId, entry.id);
        const shelved: Shelved = { task, dir, bytes: entry.bytes, version: task.seq };
        this.#tasks.set(entry.id, shelved);
        if (!first) events.push(...this.#readOn(Object.assign(shelved, { bytes: 0, version: 0 })));
      } else {
        known.task = task;
        if (entry.bytes > known.bytes) events.push(...this.#readOn(known));
      }
      changed.add(entry.id);
    }
    for (const id of this.#lookAtOverlaps()) changed.add(id);
    if (line) this.#waiting = undefined;
    return first ? { changed: new Set(), events: [], line: false } : { changed, events, line };
  }

  /** A damaged line is made good from the log; where that is damaged as well, the task is passed over. */
  #read(entry: Entry): Task | undefined {
    try {
      return taskOf(entry);
    } catch (error) {
      this.#say(`dashboard: task ${entry.id} cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  #readOn(shelved: Shelved): { id: string; events: readonly TaskEvent[] }[] {
    try {
      const { events, bytes } = readLogFrom(eventsFile(shelved.dir), { bytes: shelved.bytes, seq: shelved.version });
      shelved.bytes = bytes;
      shelved.version += events.length;
      return events.length === 0 ? [] : [{ id: shelved.task.id, events }];
    } catch (error) {
      this.#say(`dashboard: the log of ${shelved.task.id} cannot be read: ${messageOf(error)}`);
      return [];
    }
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()].map(({ task }) => task);
  }

  has(id: string): boolean {
    return this.#tasks.has(id);
  }

  /** undefined for a task that ended long ago. */
  task(id: string): Task | undefined {
    return this.#tasks.get(id)?.task;
  }

  versions(): Record<string, number> {
    return Object.fromEntries([...this.#tasks].map(([id, { version }]) => [id, version]));
  }

  /** `rev` is the caller's. */
  row(id: string): Omit<TaskRow, "rev"> | undefined {
    const shelved = this.#tasks.get(id);
    if (shelved === undefined) return undefined;
    return { ...this.rowOf(shelved.task), version: shelved.version };
  }

  /** Also of a task that is not here any more. */
  rowOf(task: Task): Omit<TaskRow, "rev"> {
    const waiting = task.state === "queued" ? this.waiting().get(task.id) : undefined;
    const overlaps = isTerminal(task) ? [] : (this.#overlaps[task.id] ?? []);
    const beside = { waiting, overlaps, lastOutputAt: task.state === "running" ? (this.outputOf(task)?.at ?? task.runStartedAt) : null };
    return { ...taskJson(task, beside), repoId: task.repoId, version: task.seq };
  }

  waiting(): ReadonlyMap<string, WaitingFor> {
    if (this.#waiting !== undefined) return this.#waiting;
    const { paused } = readQueueSettings(this.#state);
    const found = waitingFor(this.tasks, new Date().toISOString());
    this.#waiting = new Map([...found].map(([id, waiting]) => [id, pausedText(waiting, paused) ?? waiting]));
    return this.#waiting;
  }

  /** Times go by, and the queue may have been paused. */
  forgetWaiting(): void {
    this.#waiting = undefined;
  }

  /** How far the recording of its run has grown. */
  outputOf(task: Task): { readonly bytes: number; readonly at: string } | undefined {
    const shelved = this.#tasks.get(task.id);
    const file = join(runDir(shelved?.dir ?? taskDir(this.#state, task.repoId, task.id), task.run), "out");
    const stat = statMaybe(file);
    return stat && { bytes: stat.size, at: stat.mtime.toISOString() };
  }

  #lookAtOverlaps(): string[] {
    const stat = statMaybe(overlapsFile(this.#state));
    const stamp = stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs}`;
    if (stamp === this.#overlapsOf) return [];
    this.#overlapsOf = stamp;
    const before = this.#overlaps;
    this.#overlaps = readOverlaps(this.#state);
    const ids = new Set([...Object.keys(before), ...Object.keys(this.#overlaps)]);
    return [...ids].filter((id) => this.#tasks.has(id) && JSON.stringify(before[id]) !== JSON.stringify(this.#overlaps[id]));
  }
}

function statMaybe(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}
