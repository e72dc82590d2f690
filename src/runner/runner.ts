/**
 * The runner: one a user, started on demand, gone when idle, disposable: it holds nothing that is not on disk. It drives every open task,
 * takes in what commands append, keeps the index whole, and leaves when another holds a higher epoch.
 */
import { statSync } from "node:fs";
import type { Server } from "node:net";
import { messageOf } from "../core/errors.ts";
import { waitingFor } from "../core/line.ts";
import { holdsSlot } from "../core/next.ts";
import { type Answer, type Ask, type Hello, isOlder, protocol } from "../core/protocol.ts";
import { isTerminal, type Task } from "../core/task.ts";
import { memoryQueue } from "../queue/memory.ts";
import type { Queue } from "../queue/queue.ts";
import { type Config, loadConfig } from "../store/config.ts";
import { holdsEpoch } from "../store/epoch.ts";
import { compactIndex, entryLine, indexSize, noteInIndex, readIndex, taskOf } from "../store/index-file.ts";
import { epochDir, eventsFile, taskDir } from "../store/paths.ts";
import { Superseded, TaskRecord } from "../store/record.ts";
import { listTaskDirs, readTask } from "../store/tasks.ts";
import { drive, type House } from "./drive.ts";
import { listen } from "./socket.ts";

const tickMs = 1000;
const staggerMs = 500;
/** The index is rewritten when it is this much larger than after the last time. */
const indexGrowth = 4 * 1024 * 1024;

export class Runner {
  readonly #state: string;
  readonly #epoch: number;
  readonly #version: string;
  readonly #say: (line: string) => void;
  readonly #since = new Date().toISOString();
  readonly #records = new Map<string, TaskRecord>();
  readonly #idle = new Set<string>();
  /** Sizes of logs of tasks that have ended (or cannot be read): only a change makes them worth a look. */
  readonly #settled = new Map<string, number>();
  readonly #queue: Queue;
  readonly #starts = new Map<string, Promise<void>>();
  #config: Config;
  #server: Server | undefined;
  #busyAt = performance.now();
  #indexBase = 0;
  #ticks = 0;
  #leave: (code: number) => void = () => {};

  constructor(state: string, epoch: number, version: string, say: (line: string) => void) {
    this.#state = state;
    this.#epoch = epoch;
    this.#version = version;
    this.#say = say;
    this.#config = loadConfig(null).config;
    this.#queue = memoryQueue({ machine: this.#config.limit, groups: this.#config.groups });
  }

  /** Runs until there is nothing left to do. @returns the exit code. */
  async run(): Promise<number> {
    const left = new Promise<number>((resolve) => {
      this.#leave = resolve;
    });
    this.#takeStock();
    this.#server = await listen((ask) => this.#answer(ask));
    this.#say(`runner ${process.pid} is up: epoch ${this.#epoch}, ${this.#records.size} open tasks, limit ${this.#config.limit}`);
    const timer = setInterval(() => void this.#tick(), tickMs);
    const code = await left;
    clearInterval(timer);
    this.#server?.close();
    return code;
  }

  /** Reads every folder once: heals the index, then drives what is open, tasks that hold a slot first. */
  #takeStock(): void {
    const index = readIndex(this.#state);
    const lines: string[] = [];
    const open: TaskRecord[] = [];
    for (const { repoId, id, dir } of listTaskDirs(this.#state)) {
      const known = index.get(id);
      const size = sizeOf(eventsFile(dir));
      if (known && known.bytes === size && isTerminal(known)) {
        lines.push(entryLine(taskOf(known), known.bytes));
        this.#settled.set(id, size);
        continue;
      }
      const record = this.#open(repoId, id);
      if (!record) continue;
      lines.push(entryLine(record.task, record.bytes));
      if (!isTerminal(record.task)) open.push(record);
    }
    try {
      compactIndex(this.#state, lines);
    } catch (error) {
      this.#say(`the index could not be rewritten: ${messageOf(error)}`);
    }
    this.#indexBase = indexSize(this.#state);
    open.sort((a, b) => Number(holdsSlot(b.task)) - Number(holdsSlot(a.task)));
    for (const record of open) this.#drive(record);
  }

  #open(repoId: string, id: string): TaskRecord | undefined {
    try {
      const record = new TaskRecord(this.#state, this.#epoch, repoId, id);
      this.#settled.set(id, record.bytes);
      return record;
    } catch (error) {
      this.#settled.set(id, sizeOf(eventsFile(taskDir(this.#state, repoId, id))));
      this.#say(`task ${id} cannot be read and is left alone: ${messageOf(error)}`);
      return undefined;
    }
  }

  #drive(record: TaskRecord): void {
    const { id } = record.task;
    this.#records.set(id, record);
    const house: House = {
      queue: this.#queue,
      config: () => this.#config,
      stagger: (agent) => this.#stagger(agent),
      idle: (task, idle) => (idle ? this.#idle.add(task) : this.#idle.delete(task)),
    };
    drive(record, house)
      .then(() => {
        this.#records.delete(id);
        this.#settled.set(id, record.bytes);
        this.#say(`${record.task.label} (${id}): ${record.task.state}`);
        this.#look(record.task.repoId, id);
      })
      .catch((error: unknown) => {
        this.#records.delete(id);
        if (error instanceof Superseded) return this.#goAway("another runner holds the lead");
        // The task is taken up again at its next change or by the next runner; nothing is lost, the log has it all.
        this.#settled.set(id, record.bytes);
        this.#say(`${record.task.label} (${id}): bug: ${error instanceof Error ? error.stack : String(error)}`);
      })
      .finally(() => this.#idle.delete(id));
  }

  /** Takes in a task that is new, or was changed by somebody. */
  #look(repoId: string, id: string): Task | undefined {
    const known = this.#records.get(id);
    if (known) {
      if (known.refresh()) noteInIndex(this.#state, known.task, known.bytes);
      return known.task;
    }
    const size = sizeOf(eventsFile(taskDir(this.#state, repoId, id)));
    if (size === 0 || this.#settled.get(id) === size) return undefined;
    const record = this.#open(repoId, id);
    if (!record) return undefined;
    noteInIndex(this.#state, record.task, record.bytes);
    if (!isTerminal(record.task)) this.#drive(record);
    return record.task;
  }

  async #tick(): Promise<void> {
    try {
      if (!holdsEpoch(epochDir(this.#state), this.#epoch)) return this.#goAway("another runner holds the lead");
      // Commands poke for what they append; a lost poke is made up for here: new and open tasks at once, ended ones twice a minute.
      const all = this.#ticks++ % 30 === 0;
      for (const { repoId, id } of listTaskDirs(this.#state))
        if (all || this.#records.has(id) || !this.#settled.has(id)) this.#look(repoId, id);
      this.#reload();
      if (indexSize(this.#state) > 2 * this.#indexBase + indexGrowth) this.#compact();
      if (this.#records.size > this.#idle.size) this.#busyAt = performance.now();
      else if (performance.now() - this.#busyAt > this.#config.idleSeconds * 1000) await this.#tryToLeave();
    } catch (error) {
      this.#say(`tick: ${messageOf(error)}`);
    }
  }

  #reload(): void {
    const { config } = loadConfig(null);
    if (config.limit !== this.#config.limit || JSON.stringify(config.groups) !== JSON.stringify(this.#config.groups)) {
      this.#queue.resize({ machine: config.limit, groups: config.groups });
      this.#say(`limit is ${config.limit} now`);
    }
    this.#config = config;
  }

  #compact(): void {
    const lines = [...readIndex(this.#state).values()].map(
      (entry) => `${entry.id}\t${entry.repoId}\t${entry.state}\t${entry.endedAt}\t${entry.bytes}\t${entry.json()}\n`,
    );
    compactIndex(this.#state, lines);
    this.#indexBase = indexSize(this.#state);
    // A line that was appended between reading and renaming is written again from the log.
    for (const { id, dir } of listTaskDirs(this.#state)) {
      const { task, bytes } = this.#records.get(id) ?? readTask(dir);
      noteInIndex(this.#state, task, bytes);
    }
    this.#indexBase = indexSize(this.#state);
  }

  #stagger(agent: string): Promise<void> {
    const before = this.#starts.get(agent) ?? Promise.resolve();
    this.#starts.set(
      agent,
      before.then(() => new Promise((resolve) => setTimeout(resolve, staggerMs))),
    );
    return before;
  }

  #hello(): Hello {
    return { proto: protocol, version: this.#version, epoch: this.#epoch, pid: process.pid, node: process.version };
  }

  #answer(ask: Ask): Answer {
    switch (ask.do) {
      case "hello":
        return { hello: this.#hello() };
      case "poke": {
        this.#busyAt = performance.now();
        if (!/^[a-z0-9]{1,48}$/.test(ask.id) || !/^[0-9a-f]{16}$/.test(ask.repoId)) return { error: "bad id" };
        const task = this.#look(ask.repoId, ask.id);
        const all = [...this.#records.values()].map((record) => record.task);
        return {
          poked: { state: task?.state ?? "unknown", position: waitingFor(all, new Date().toISOString()).get(ask.id)?.position ?? null },
        };
      }
      case "status":
        return {
          status: {
            ...this.#hello(),
            since: this.#since,
            limit: this.#config.limit,
            running: this.#queue.running,
            waiting: this.#queue.waiting,
            open: this.#records.size,
            rssMb: Math.round(process.memoryUsage().rss / 1e6),
          },
        };
      case "leave": {
        const leaving = ask.handover === undefined || isOlder(this.#version, ask.handover);
        if (leaving)
          setImmediate(() => this.#goAway(ask.handover === undefined ? "asked to leave" : `makes room for version ${ask.handover}`));
        return { leaving };
      }
      default:
        return { error: "unknown request" };
    }
  }

  /** Closes the ear first and looks once more: a command that came in between finds nobody, and starts the next runner. */
  async #tryToLeave(): Promise<void> {
    this.#server?.close();
    for (const { repoId, id } of listTaskDirs(this.#state)) this.#look(repoId, id);
    if (this.#records.size > this.#idle.size) {
      this.#server = await listen((ask) => this.#answer(ask));
      return;
    }
    this.#goAway("nothing left to do");
  }

  #goAway(why: string): void {
    this.#say(`runner ${process.pid} leaves: ${why}`);
    this.#leave(0);
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
