/**
 * The runner: one a user, started on demand, gone when idle, disposable: it holds nothing that is not on disk. It drives every open task,
 * takes in what commands append, keeps the index whole, and leaves when another holds a higher epoch.
 */
import { CopseError, messageOf } from "../core/errors.ts";
import { type Hello, protocol } from "../core/protocol.ts";
import { isTerminal, type Task } from "../core/task.ts";
import { Announcer } from "../notify/announcer.ts";
import { limitNotice } from "../notify/text.ts";
import { memoryQueue } from "../queue/memory.ts";
import type { Queue } from "../queue/queue.ts";
import { holdsEpoch } from "../store/epoch.ts";
import { logSize, sweepHalfMade } from "../store/heal.ts";
import { type Entry, entryOf, readIndex } from "../store/index-file.ts";
import { epochDir, taskDir } from "../store/paths.ts";
import { Superseded, TaskRecord } from "../store/record.ts";
import { folderStamp, listTaskDirs } from "../store/tasks.ts";
import { Again } from "./again.ts";
import { cleanUpAfter } from "./clean-up.ts";
import { DayBudget } from "./day-budget.ts";
import { Door } from "./door.ts";
import { drive, type House } from "./drive.ts";
import { type Closed, Gates } from "./gate.ts";
import { HookRoom } from "./hook-room.ts";
import { IndexUpkeep } from "./index-upkeep.ts";
import { once } from "./once.ts";
import { openLine } from "./opening.ts";
import { Order } from "./order.ts";
import { OverlapWatch } from "./overlaps.ts";
import { heldByTasks, noteIdle } from "./prerequisites.ts";
import { Settings } from "./settings.ts";
import { stagger } from "./stagger.ts";
import { type Talked, talk } from "./talk.ts";
import { UiRoom } from "./ui-room.ts";

const tickMs = 1000;
const staggerMs = 500;

export class Runner {
  readonly #state: string;
  readonly #epoch: number;
  readonly #version: string;
  readonly #say: (line: string) => void;
  readonly #sayOnce: (line: string) => void;
  readonly #since = new Date().toISOString();
  readonly #records = new Map<string, TaskRecord>();
  readonly #idle = new Set<string>();
  /** Open tasks that a step threw out of. */
  readonly #again = new Again();
  /** Sizes of logs of tasks that have ended (or cannot be read): only a change makes them worth a look. */
  readonly #settled = new Map<string, number>();
  readonly #queue: Queue;
  readonly #order: Order;
  readonly #stagger = stagger(staggerMs);
  readonly #settings: Settings;
  readonly #announcer: Announcer;
  readonly #gates = new Gates();
  readonly #budget: DayBudget;
  readonly #door: Door;
  readonly #index: IndexUpkeep;
  readonly #overlaps: OverlapWatch;
  readonly #hooks: HookRoom;
  readonly #ui: UiRoom;
  #busyAt = performance.now();
  #ticks = 0;
  #stamp: string | undefined;
  #leaving = false;
  #leave: (code: number) => void = () => {};

  constructor(state: string, epoch: number, version: string, say: (line: string) => void) {
    this.#state = state;
    this.#epoch = epoch;
    this.#version = version;
    this.#say = say;
    this.#sayOnce = once(say);
    this.#settings = new Settings(state);
    this.#announcer = new Announcer(() => this.#settings.config.notify, say);
    this.#budget = new DayBudget(state, () => this.#settings.config.maxCostPerDayUsd);
    this.#index = new IndexUpkeep(state);
    this.#overlaps = new OverlapWatch(state, this.#sayOnce);
    this.#hooks = new HookRoom(state, this.#records, () => this.#settings.config, this.#sayOnce);
    this.#door = new Door(
      (ask) => talk(ask, this.#talked()),
      (repoId, id) => this.#poke(repoId, id),
    );
    this.#ui = new UiRoom({ state, epoch, version, say, slots: () => this.#slots() });
    this.#order = new Order(state, this.#records);
    this.#queue = memoryQueue(this.#settings.limits, { weightOf: (id) => this.#order.weightOf(id), closed: true });
  }

  /** Runs until there is nothing left to do. @returns the exit code. */
  async run(): Promise<number> {
    const left = new Promise<number>((resolve) => {
      this.#leave = resolve;
    });
    this.#takeStock();
    // Before the door: who has met the runner sends it events.
    await this.#hooks.open();
    await this.#door.open();
    void this.#ui.begin();
    this.#say(`runner ${process.pid} is up: epoch ${this.#epoch}, ${this.#records.size} open tasks, limit ${this.#settings.text}`);
    const timer = setInterval(() => void this.#tick(), tickMs);
    const code = await left;
    clearInterval(timer);
    this.#again.clear();
    this.#door.close();
    return code;
  }

  /** Reads every folder once: heals the index, then drives what is open; slots are given once all have come into line. */
  #takeStock(): void {
    const index = readIndex(this.#state);
    const entries: Entry[] = [];
    const open: TaskRecord[] = [];
    for (const { repoId, id, dir } of listTaskDirs(this.#state)) {
      const known = index.get(id);
      const size = logSize(dir);
      if (known && known.bytes === size && isTerminal(known)) {
        entries.push(known);
        this.#settled.set(id, size);
        continue;
      }
      const record = this.#open(repoId, id);
      if (record) entries.push(entryOf(record.task, record.bytes));
      if (record && !isTerminal(record.task)) open.push(record);
    }
    this.#index.begin(entries, this.#say);
    sweepHalfMade(this.#state);
    this.#gates.recall(open);
    for (const record of open) this.#drive(record);
    openLine(this.#queue, open);
  }

  #open(repoId: string, id: string): TaskRecord | undefined {
    try {
      const record = new TaskRecord(this.#state, this.#epoch, repoId, id);
      this.#settled.set(id, record.bytes);
      return record;
    } catch (error) {
      this.#settled.set(id, logSize(taskDir(this.#state, repoId, id)));
      this.#say(`task ${id} cannot be read and is left alone: ${messageOf(error)}`);
      return undefined;
    }
  }

  #drive(record: TaskRecord): void {
    const { id } = record.task;
    this.#records.set(id, record);
    this.#order.changed(record.task);
    const house: House = {
      queue: this.#queue,
      config: () => this.#settings.config,
      stagger: (agent) => this.#stagger(agent),
      gates: this.#gates,
      daySpent: (afresh, task) => this.#budget.spent(afresh, task),
      cleanUp: (task) => cleanUpAfter(this.#state, task, this.#settings.config, this.#say),
      limitMet: (task, closed) => this.#limitMet(task, closed),
      tell: (task) => this.#announcer.tell(task),
      hookSettings: (task) => this.#hooks.settingsFor(task),
      idle: (task, isIdle) => noteIdle(this.#idle, this.#records, task, isIdle),
      heldByTasks: (task) => heldByTasks(task, this.#records, this.#idle, (held) => this.#announcer.tellHeld(held)),
    };
    drive(record, house)
      .then(() => {
        this.#records.delete(id);
        this.#order.changed(record.task);
        this.#again.forget(id);
        this.#settled.set(id, record.bytes);
        this.#say(`${record.task.label} (${id}): ${record.task.state}`);
        this.#look(record.task.repoId, id);
      })
      .catch((error: unknown) => {
        this.#records.delete(id);
        if (error instanceof Superseded) return this.#goAway("another runner holds the lead");
        this.#takeUpAgain(record, error);
      })
      .finally(() => this.#idle.delete(id));
  }

  /** A step threw what it should not have: the log has everything, so the task is read anew and driven on, later and later. */
  #takeUpAgain(record: TaskRecord, error: unknown): void {
    const { id, label, repoId } = record.task;
    this.#settled.set(id, record.bytes);
    const waitMs = this.#again.later(id, () => {
      if (this.#records.has(id)) return;
      this.#settled.delete(id);
      this.#look(repoId, id);
      if (!this.#records.has(id)) this.#again.forget(id);
    });
    this.#say(
      `${label} (${id}): ${error instanceof CopseError ? error.message : `bug: ${error instanceof Error ? error.stack : String(error)}`}; taken up again in ${waitMs / 1000} s`,
    );
  }

  /** Takes in a task that is new, or was changed by somebody. */
  #look(repoId: string, id: string): Task | undefined {
    const known = this.#records.get(id);
    if (known) {
      if (known.refresh()) known.noteAgain();
      return known.task;
    }
    const size = logSize(taskDir(this.#state, repoId, id));
    if (size === 0 || this.#settled.get(id) === size) return undefined;
    const record = this.#open(repoId, id);
    if (!record) return undefined;
    record.noteAgain();
    if (!isTerminal(record.task)) this.#drive(record);
    return record.task;
  }

  async #tick(): Promise<void> {
    try {
      if (!holdsEpoch(epochDir(this.#state), this.#epoch))
        return this.#goAway("another runner holds the lead, or the state folder is gone");
      // Commands poke for what they append; a lost poke is made up for here: new and open tasks at once, ended ones twice a minute.
      const all = this.#ticks++ % 30 === 0;
      for (const { task } of [...this.#records.values()]) this.#lookSafely(task.repoId, task.id);
      const stamp = folderStamp(this.#state);
      if (all || stamp === undefined || stamp !== this.#stamp)
        for (const { repoId, id } of listTaskDirs(this.#state)) if (all || !this.#settled.has(id)) this.#lookSafely(repoId, id);
      this.#stamp = stamp;
      this.#index.tick(all);
      this.#overlaps.tick([...this.#records.values()].map(({ task }) => task));
      if (this.#busy()) this.#busyAt = performance.now();
      else if (performance.now() - this.#busyAt > this.#settings.config.idleSeconds * 1000) await this.#tryToLeave();
      this.#reload();
      this.#ui.tick();
    } catch (error) {
      this.#sayOnce(`tick: ${messageOf(error)}`);
    }
  }

  /** Is there anything to do but wait for persons? A person's own session needs its hooks answered. */
  #busy(): boolean {
    return this.#records.size > this.#idle.size || this.#again.size > 0 || this.#hooks.needed() || this.#ui.needed();
  }

  /** One task that cannot be read keeps no other from being looked at. */
  #lookSafely(repoId: string, id: string): void {
    try {
      this.#look(repoId, id);
    } catch (error) {
      this.#sayOnce(`task ${id} cannot be looked at: ${messageOf(error)}`);
    }
  }

  #reload(): void {
    if (!this.#settings.reload(this.#sayOnce)) return;
    this.#queue.resize(this.#settings.limits);
    this.#say(`limit is ${this.#settings.text} now`);
  }

  #hello(): Hello {
    return { proto: protocol, version: this.#version, epoch: this.#epoch, pid: process.pid, node: process.version };
  }

  #poke(repoId: string, id: string): void {
    this.#busyAt = performance.now();
    this.#lookSafely(repoId, id);
  }

  #slots() {
    const { machine, paused = false } = this.#settings.limits;
    return { limit: machine, configuredLimit: this.#settings.config.limit, paused, running: this.#queue.running };
  }

  /** What is asked over the socket is asked of this. */
  #talked(): Talked {
    return {
      hello: () => this.#hello(),
      status: () => ({
        since: this.#since,
        ...this.#slots(),
        waiting: this.#queue.waiting,
        open: this.#records.size,
      }),
      poke: (repoId, id) => this.#poke(repoId, id),
      reload: () => this.#reload(),
      leave: (why) => this.#goAway(why),
      ui: this.#ui,
    };
  }

  /** Closes the ear first and looks once more: a command that came in between finds nobody, and starts the next runner. */
  async #tryToLeave(): Promise<void> {
    this.#door.close();
    for (const { repoId, id } of listTaskDirs(this.#state)) this.#lookSafely(repoId, id);
    if (this.#busy()) {
      await this.#door.open();
      return;
    }
    await this.#announcer.settled();
    this.#goAway("nothing left to do");
  }

  /** Whoever waits looks again: it is held until then. One notification for the login, not one a task. */
  #limitMet(task: Task, closed: Closed): void {
    this.#say(`${task.label}: ${closed.text}; nothing of this login starts before ${closed.until ?? "a person tries again"}`);
    for (const record of this.#records.values()) record.wake();
    if (this.#settings.config.notify.when !== "off") this.#announcer.say(limitNotice(task, closed.text));
  }

  #goAway(why: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#door.close();
    this.#say(`runner ${process.pid} leaves: ${why}`);
    void Promise.all([this.#hooks.close(), this.#ui.close()]).finally(() => this.#leave(0));
  }
}
