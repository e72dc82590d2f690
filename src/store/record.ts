/** One open task in the runner's hands: its fold, its folder, and the only way the runner writes to its log. */
import { statSync } from "node:fs";
import { CopseError, isDiskFull } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import type { Progress, Task } from "../core/task.ts";
import { crashPoint } from "../system/crash.ts";
import { debug } from "../system/debug.ts";
import { append } from "./append.ts";
import { holdsEpoch } from "./epoch.ts";
import { noteInIndex } from "./index-file.ts";
import { epochDir, eventsFile, taskDir } from "./paths.ts";
import { readTask } from "./tasks.ts";

/** How often a write that met a full disk is tried again. */
const spaceRetryMs = 1000;

/** The runner that is no longer the runner writes nothing more. */
export class Superseded extends Error {
  override readonly name = "Superseded";
}

export class TaskRecord {
  readonly state: string;
  readonly epoch: number;
  readonly dir: string;
  /** The task as the log has it; progress of a run under way is in `live`. */
  task: Task;
  bytes: number;
  #live: Progress | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(state: string, epoch: number, repoId: string, id: string) {
    this.state = state;
    this.epoch = epoch;
    this.dir = taskDir(state, repoId, id);
    const { task, bytes } = readTask(this.dir);
    this.task = task;
    this.bytes = bytes;
  }

  /** Appends facts decided on the log as it stands; waits while the disk is full. @throws Superseded, CopseError */
  async add(facts: readonly Fact[] | ((task: Task) => readonly Fact[])): Promise<Task> {
    let chosen: readonly Fact[] = [];
    const decide = (task: Task) => {
      this.requireLead();
      chosen = typeof facts === "function" ? facts(task) : facts;
      for (const fact of chosen) crashPoint(`before-${fact.type}`);
      return chosen;
    };
    for (;;) {
      try {
        const { task, bytes } = await append(this.state, this.task.repoId, this.task.id, this.epoch, decide, (next) =>
          this.#overlaid(next),
        );
        for (const fact of chosen) crashPoint(`after-${fact.type}`);
        this.#take(task, bytes);
        return this.task;
      } catch (error) {
        const busy = error instanceof CopseError && error.code === "BUSY";
        if (!isDiskFull(error) && !busy) throw error;
        debug(() => `${this.task.label}: ${String(error)}; trying again`);
        await new Promise((resolve) => setTimeout(resolve, spaceRetryMs));
      }
    }
  }

  /** @throws Superseded when another runner has taken over, or the state folder is gone */
  requireLead(): void {
    if (!holdsEpoch(epochDir(this.state), this.epoch)) throw new Superseded();
  }

  /** Takes in what others appended (`stop`, `retry`). @returns whether there was anything. */
  refresh(): boolean {
    if (statSync(eventsFile(this.dir)).size === this.bytes) return false;
    const { task, bytes } = readTask(this.dir);
    if (bytes === this.bytes) return false;
    this.#take(task, bytes);
    return true;
  }

  /** Puts the task into the index once more, as it is now. */
  noteAgain(): void {
    noteInIndex(this.state, this.#overlaid(this.task), this.bytes);
  }

  /** What the run shows of itself; kept in the index only. undefined when no run is under way. */
  show(progress: Progress | undefined): void {
    this.#live = progress;
    if (progress) this.noteAgain();
  }

  /** Calls back at every change, and when somebody wakes the record. @returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Settles at the next change, or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        end();
        resolve();
      };
      const end = this.onChange(done);
      const timer = setTimeout(done, ms);
    });
  }

  /** Something outside the log happened (a process of ours ended): whoever waits looks again. */
  wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #take(task: Task, bytes: number): void {
    this.task = task;
    this.bytes = bytes;
    this.wake();
  }

  #overlaid(task: Task): Task {
    return this.#live && task.runStarted ? { ...task, progress: this.#live } : task;
  }
}
