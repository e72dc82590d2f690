/** The queue in memory; the only user of p-queue. p-queue counts the slots, `Line` below tells it who is next. */
import PQueue from "p-queue";
import { fits, type Limits, type Place, pick, turnOf, type WeightOf } from "../core/line.ts";
import { type AtWork, endTurn, noTurns } from "../core/turns.ts";
import type { Queue, Slot } from "./queue.ts";

type Run = () => Promise<unknown>;
interface Waiting {
  readonly run: Run;
  readonly place: Place;
  readonly adopted: boolean;
}

/** Those who wait under the same limits: whether one of them fits says it of all, and a crowd is mostly of a few kinds. */
interface Kind {
  readonly place: Place;
  count: number;
}

const kindOf = ({ repoId, repoLimit, group, groupLimit, ownLimit, batch }: Place): string =>
  JSON.stringify([repoId, repoLimit, group, groupLimit, ownLimit, batch]);

export interface QueueOptions {
  /** What is known of a task beside its place; asked anew at every choice. */
  readonly weightOf?: WeightOf;
  /** Nobody gets a slot before `open`. */
  readonly closed?: boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
}

export function memoryQueue(limits: Limits, options: QueueOptions = {}): Queue {
  const { weightOf = () => undefined, closed = false, clock = () => performance.now() } = options;
  const line = new Line(limits, weightOf, clock);
  const slots = new PQueue<Line, LineOptions>({ concurrency: limits.machine, queueClass: lineClass(line), autoStart: !closed });
  // p-queue starts one job for one that ended; here one end can let two in (one by its group, one by its repository).
  slots.on("next", () => {
    slots.concurrency = line.limits.machine;
  });
  let missing: Set<string> | undefined;
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
          resolve(line.occupy(place, done));
        });
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener("abort", leave, { once: true });
      slots.add(run, { place, adopted }).catch(reject);
      if (missing?.delete(place.id) && missing.size === 0) slots.start();
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
    open(expected = []) {
      missing = new Set(expected);
      for (const id of line.ids()) missing.delete(id);
      if (missing.size === 0) slots.start();
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
  readonly #clock: () => number;
  #waiting: Waiting[] = [];
  readonly #kinds = new Map<string, Kind>();
  #adopted = 0;
  #turns = noTurns;
  /** When each of the busy was let in. */
  readonly #since = new Map<Place, number>();

  constructor(limits: Limits, weightOf: WeightOf, clock: () => number) {
    this.limits = limits;
    this.#weightOf = weightOf;
    this.#clock = clock;
  }

  /** Counts `place` among the busy until its slot is given back. */
  occupy(place: Place, done: () => void): Slot {
    this.busy.push(place);
    const since = this.#clock();
    this.#since.set(place, since);
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.busy.splice(this.busy.indexOf(place), 1);
        this.#since.delete(place);
        this.#turns = endTurn(this.#turns, turnOf(place), this.#clock() - since);
        done();
      },
    };
  }

  *ids(): Iterable<string> {
    for (const { place } of this.#waiting) yield place.id;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get size(): number {
    if (this.#adopted > 0) return this.#waiting.length;
    for (const { place } of this.#kinds.values()) if (fits(place, this.busy, this.limits) === "yes") return this.#waiting.length;
    return 0;
  }

  enqueue(run: Run, options: LineOptions = {}): void {
    const place = options.place as Place;
    const item = { run, place, adopted: options.adopted === true };
    this.#waiting.push(item);
    this.#count(item, 1);
  }

  dequeue(): Run | undefined {
    const item = this.#waiting.find((one) => one.adopted) ?? this.#next();
    if (item === undefined) return undefined;
    this.#takeOut(this.#waiting.indexOf(item));
    return item.run;
  }

  filter(): Run[] {
    return this.#waiting.map((item) => item.run);
  }

  setPriority(): void {}

  /** Takes a waiting place out; false when it has gone in already. */
  leave(place: Place): boolean {
    const at = this.#waiting.findIndex((item) => item.place === place);
    if (at < 0) return false;
    this.#takeOut(at);
    return true;
  }

  #takeOut(at: number): void {
    for (const item of this.#waiting.splice(at, 1)) this.#count(item, -1);
  }

  #count({ place, adopted }: Waiting, by: 1 | -1): void {
    if (adopted) {
      this.#adopted += by;
      return;
    }
    const key = kindOf(place);
    const kind = this.#kinds.get(key) ?? { place, count: 0 };
    kind.count += by;
    if (kind.count > 0) this.#kinds.set(key, kind);
    else this.#kinds.delete(key);
  }

  #next(): Waiting | undefined {
    const items = new Map(this.#waiting.map((item) => [item.place, item]));
    const next = pick([...items.keys()], this.busy, this.limits, this.#turns, this.#weightOf, this.#atWork());
    if (next === undefined) return undefined;
    this.#turns = next.turns;
    return items.get(next.place);
  }

  #atWork(): Map<string, AtWork> {
    const now = this.#clock();
    const atWork = new Map<string, AtWork>();
    for (const [place, since] of this.#since) {
      const { tasks, elapsedMs } = atWork.get(turnOf(place)) ?? { tasks: 0, elapsedMs: 0 };
      atWork.set(turnOf(place), { tasks: tasks + 1, elapsedMs: elapsedMs + now - since });
    }
    return atWork;
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
