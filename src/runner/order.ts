/** What the line is told of open tasks that belong together: how long each is likely to take, and the way behind it. Worked out when the line asks, from the logs only. */
import { jobOf } from "../core/line.ts";
import { median, type Weight, weigh } from "../core/order.ts";
import type { Task } from "../core/task.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import type { TaskRecord } from "../store/record.ts";
import { wakeDependants } from "./prerequisites.ts";

/** Of a task like which none has been completed before. */
const unknownMs = 10 * 60_000;
/** Completed tasks that are looked at for how long they took, the last ones. */
const mostSeen = 2000;

type Named = Pick<Task, "repoId" | "label" | "request">;

export class Order {
  readonly #state: string;
  readonly #records: ReadonlyMap<string, TaskRecord>;
  #weights: ReadonlyMap<string, Weight> | undefined;
  /** How long those of one name took, and those of one batch; read once somebody needs it. */
  #took: Map<string, number[]> | undefined;

  constructor(state: string, records: ReadonlyMap<string, TaskRecord>) {
    this.#state = state;
    this.#records = records;
  }

  /** A task has come or gone: what waits for it looks again. */
  changed(task: Task): void {
    wakeDependants(this.#records, task.id);
    this.#weights = undefined;
    if (this.#took !== undefined) note(this.#took, task);
  }

  /** undefined while no task waits for another or is of a batch: then whoever came first goes first. */
  weightOf(id: string): Weight | undefined {
    this.#weights ??= this.#weigh();
    return this.#weights.get(id);
  }

  #weigh(): ReadonlyMap<string, Weight> {
    const tasks = [...this.#records.values()].map(({ task }) => task);
    if (!tasks.some(({ request }) => request.after !== undefined || request.batch !== undefined)) return new Map();
    this.#took ??= this.#read();
    const took = this.#took;
    const expected = new Map(tasks.map((task) => [task.id, expectedMs(task, took)]));
    return weigh(tasks.map(jobOf), (id) => expected.get(id) ?? unknownMs);
  }

  #read(): Map<string, number[]> {
    const took = new Map<string, number[]>();
    const done = [...readIndex(this.#state).values()].filter(({ state }) => state === "completed");
    for (const entry of done.slice(-mostSeen)) note(took, taskOf(entry));
    return took;
  }
}

const labelKey = ({ repoId, label }: Named): string => `${repoId} task ${label}`;
const batchKey = ({ repoId, request }: Named): string => `${repoId} batch ${request.batch ?? ""}`;

function expectedMs(task: Named, took: ReadonlyMap<string, readonly number[]>): number {
  const ofBatch = task.request.batch === undefined ? undefined : took.get(batchKey(task));
  return median(took.get(labelKey(task)) ?? ofBatch ?? []) ?? unknownMs;
}

/** From its start to its end; what it waited for persons in between counts, as it keeps others waiting too. */
function note(took: Map<string, number[]>, task: Task): void {
  if (task.state !== "completed" || task.startedAt === null || task.endedAt === null) return;
  const ms = Date.parse(task.endedAt) - Date.parse(task.startedAt);
  for (const key of [labelKey(task), ...(task.request.batch === undefined ? [] : [batchKey(task)])])
    took.set(key, [...(took.get(key) ?? []), ms].slice(-20));
}
