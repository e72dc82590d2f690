/** The queue in memory; the only user of p-queue. p-queue counts the slots, `Line` below tells it who is next. */
import PQueue from "p-queue";
import { fits, type Limits, type Place, pick, type WeightOf } from "../core/line.ts";
import { noTurns, type Turns } from "../core/turns.ts";
import type { Queue, Slot } from "./queue.ts";

type Run = () => Promise<unknown>;
interface Waiting {
  readonly run: Run;
  readonly place: Place;
  readonly adopted: boolean;
}

/** `weightOf`: what is known of a task beside its place; asked anew at every choice. */
export function memoryQueue(limits: Limits, weightOf: WeightOf = () => undefined): Queue {
  const line = new Line(limits, weightOf);
  const slots = new PQueue<Line, LineOptions>({ concurrency: limits.machine, queueClass: lineClass(line) });
  // p-queue starts one job for one that ended; here one end can let two in (one by its group, one by its repository).
  slots.on("next", () => {
    slots.concurrency = line.limits.machine;
  });
  const take = (place: Place, adopted: boolean, signal?: AbortSignal) =>
    new Promise<Slot>((resolve, reject) => {
      let given = false;
      // Not p-queue's own signal: that would also free a slot that was given in the same moment.
      const leave = () => {
        if (given || !line.leave(place)) return;
        reject(signal?.reason);
      };
      const run = () =>
        new Promise<void>((done) => {
          given = true;
          signal?.removeEventListener("abort", leave);
          resolve(occupy(line, place, done));
        });
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener("abort", leave, { once: true });
      slots.add(run, { place, adopted }).catch(reject);
    });
  return {
    enter: (place, signal) => take(place, false, signal),
    adopt(place) {
      const over = new AbortController();
      const slot = take(place, true, over.signal);
      return {
        release() {
          // It may have ended while it stood in line itself, after a limit was lowered.
          over.abort();
          slot.then(
            (one) => one.release(),
            () => {},
          );
        },
      };
    },
    resize(next) {
      line.limits = next;
      slots.concurrency = next.machine;
    },
    get running() {
      return slots.pending;
    },
    get waiting() {
      return line.length;
    },
  };
}

/** Counts `place` among the busy until its slot is given back. */
function occupy(line: Line, place: Place, done: () => void): Slot {
  line.busy.push(place);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      line.busy.splice(line.busy.indexOf(place), 1);
      done();
    },
  };
}

interface LineOptions {
  readonly place?: Place;
  readonly adopted?: boolean;
  readonly priority?: number;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

/** The waiting tasks; `size` counts only while somebody in it may start now, so that p-queue never takes one whose group or repository is full. */
class Line {
  limits: Limits;
  readonly busy: Place[] = [];
  readonly #weightOf: WeightOf;
  #waiting: Waiting[] = [];
  #turns = noTurns;

  constructor(limits: Limits, weightOf: WeightOf) {
    this.limits = limits;
    this.#weightOf = weightOf;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get size(): number {
    const mayStart = this.#waiting.some((item) => item.adopted || fits(item.place, this.busy, this.limits) === "yes");
    return mayStart ? this.#waiting.length : 0;
  }

  enqueue(run: Run, options: LineOptions = {}): void {
    const place = options.place as Place;
    this.#waiting.push({ run, place, adopted: options.adopted === true });
  }

  dequeue(): Run | undefined {
    const next = this.#next();
    if (next === undefined) return undefined;
    this.#turns = next.turns;
    return this.#waiting.splice(this.#waiting.indexOf(next.item), 1)[0]?.run;
  }

  filter(): Run[] {
    return this.#waiting.map((item) => item.run);
  }

  setPriority(): void {}

  /** Takes a waiting place out; false when it has gone in already. */
  leave(place: Place): boolean {
    const at = this.#waiting.findIndex((item) => item.place === place);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    return true;
  }

  #next(): { item: Waiting; turns: Turns } | undefined {
    const adopted = this.#waiting.find((item) => item.adopted);
    if (adopted !== undefined) return { item: adopted, turns: this.#turns };
    const items = new Map(this.#waiting.map((item) => [item.place, item]));
    const next = pick([...items.keys()], this.busy, this.limits, this.#turns, this.#weightOf);
    return next && { item: items.get(next.place) as Waiting, turns: next.turns };
  }
}

/** p-queue makes its own queue; it gets the one line we can also see into. */
function lineClass(line: Line): new () => Line {
  return class {
    constructor() {
      // biome-ignore lint/correctness/noConstructorReturn: p-queue wants a class, and there is one line.
      return line;
    }
  } as unknown as new () => Line;
}
