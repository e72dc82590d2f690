/** What has changed, as messages for every connected page: looked for while anybody is connected, and whenever somebody asks. */
import { messageOf } from "../core/errors.ts";
import { redactAll } from "../core/redact.ts";
import type { Task } from "../core/task.ts";
import type { EventsMessage, OutputMessage, QueueState, Reset, TaskRow } from "./api.ts";
import { History, message } from "./history.ts";
import { Shelf } from "./shelf.ts";
import { sentences } from "./story.ts";

const lookMs = 100;
/** A task's row goes out at most so often for what its agent does; what its log says goes at once. */
const rowMs = 250;
const outputMs = 500;
const queueMs = 1000;

/** How the queue stands, as the runner has it. */
export interface Slots {
  readonly limit: number;
  readonly configuredLimit: number;
  readonly paused: boolean;
  readonly running: number;
}

export type Listener = (text: string) => void;

export class Feed {
  readonly shelf: Shelf;
  readonly #epoch: number;
  readonly #history: History;
  readonly #slots: () => Slots;
  readonly #say: (line: string) => void;
  readonly #listeners = new Set<Listener>();
  readonly #rows = new Map<string, { rev: number; shown: string; at: number }>();
  readonly #dirty = new Set<string>();
  readonly #outputs = new Map<string, number>();
  #queue = "";
  #queueAt = 0;
  #lineMoved = false;
  #outputAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: string, epoch: number, slots: () => Slots, say: (line: string) => void) {
    this.shelf = new Shelf(state, say);
    this.#epoch = epoch;
    this.#history = new History(epoch);
    this.#slots = slots;
    this.#say = say;
    this.shelf.look();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** `lastId`: of the last message it has, or "". What it missed comes at once, then whatever happens. @returns how to end that. */
  listen(listener: Listener, lastId: string): () => void {
    this.refresh();
    for (const text of this.#history.since(lastId) ?? [this.reset()]) listener(text);
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tick(), lookMs);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** For one that cannot go on where it was. */
  reset(): string {
    return message("reset", { epoch: this.#epoch, versions: this.shelf.versions() } satisfies Reset, this.#history.id);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  row(id: string): TaskRow | undefined {
    const row = this.shelf.row(id);
    return row && { ...row, rev: this.#rows.get(id)?.rev ?? 0 };
  }

  queue(): QueueState {
    const waiting = this.shelf.waiting();
    const at = (task: Task) => waiting.get(task.id)?.position ?? Number.MAX_SAFE_INTEGER;
    const line = this.shelf.tasks
      .filter(({ state }) => state === "queued")
      .sort((a, b) => at(a) - at(b))
      .map(({ id, request }) => ({ id, priority: request.priority, waiting: waiting.get(id) ?? null }));
    return { ...this.#slots(), line };
  }

  /** Takes in what has come since the last look, and tells those who listen. */
  refresh(): void {
    const { changed, events, line } = this.shelf.look();
    const now = performance.now();
    for (const { id, events: came } of events) {
      const shown = redactAll(came);
      this.#tell("events", { id, events: shown, story: sentences(shown) } satisfies EventsMessage);
    }
    for (const id of changed) this.#dirty.add(id);
    const logged = new Set(events.map(({ id }) => id));
    for (const id of this.#dirty) {
      if (!logged.has(id) && now - (this.#rows.get(id)?.at ?? 0) < rowMs) continue;
      this.#dirty.delete(id);
      this.#tellRow(id, now);
    }
    this.#tellQueue(line, now);
  }

  /** The runner has other things to do than to die of what one look met. */
  #tick(): void {
    try {
      this.#look();
    } catch (error) {
      this.#say(`dashboard: ${messageOf(error)}`);
    }
  }

  #look(): void {
    this.refresh();
    const now = performance.now();
    if (now - this.#outputAt < outputMs) return;
    this.#outputAt = now;
    for (const task of this.shelf.tasks) {
      if (task.state !== "running") {
        this.#outputs.delete(task.id);
        continue;
      }
      const output = this.shelf.outputOf(task);
      if (output === undefined || this.#outputs.get(task.id) === output.bytes) continue;
      this.#outputs.set(task.id, output.bytes);
      const said: OutputMessage = { id: task.id, run: task.run, ...output };
      this.#send(message("output", said));
    }
  }

  /** A row that shows nothing new is not sent; that an agent has written something is no news of this kind. */
  #tellRow(id: string, now: number): void {
    const row = this.shelf.row(id);
    if (row === undefined) return;
    const known = this.#rows.get(id);
    const shown = JSON.stringify({ ...row, lastOutputAt: null, waitingFor: row.waitingFor?.kind === "slot" ? null : row.waitingFor });
    if (known?.shown === shown) return;
    const rev = this.#history.last + 1;
    this.#rows.set(id, { rev, shown, at: now });
    this.#tell("task", { ...row, rev } satisfies TaskRow);
  }

  #tellQueue(line: boolean, now: number): void {
    this.#lineMoved ||= line;
    if (now - this.#queueAt < (this.#lineMoved ? queueMs / 4 : queueMs)) return;
    this.#queueAt = now;
    this.#lineMoved = false;
    this.shelf.forgetWaiting();
    const queue = this.queue();
    const shown = JSON.stringify(queue);
    if (shown === this.#queue) return;
    this.#queue = shown;
    this.#tell("queue", queue);
  }

  #tell(event: string, data: unknown): void {
    this.#send(this.#history.add(event, data));
  }

  #send(text: string): void {
    for (const listener of this.#listeners) listener(text);
  }
}
