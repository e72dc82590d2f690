/** What a batch may spend: when that is spent nothing more of it starts that may cost; what runs goes on to its end. */
import type { Task } from "../core/task.ts";
import { budgetOf } from "../store/batches.ts";
import { type Entry, readIndex, taskOf } from "../store/index-file.ts";
import type { Closed } from "./gate.ts";

const lookMs = 3000;

export class BatchBudgets {
  readonly #state: string;
  readonly #seen = new Map<string, { readonly at: number; readonly usd: number }>();

  constructor(state: string) {
    this.#state = state;
  }

  /** null while there is something left for this task's batch, and for one of no batch. `afresh`: looks again, however lately it has looked. */
  spent({ repoId, request: { batch } }: Task, afresh = false): Closed | null {
    if (batch === undefined) return null;
    const max = budgetOf(this.#state, repoId, batch);
    if (max === null) return null;
    const key = `${repoId} ${batch}`;
    let seen = this.#seen.get(key);
    if (seen === undefined || afresh || performance.now() - seen.at > lookMs) {
      seen = { at: performance.now(), usd: costOfBatch(readIndex(this.#state).values(), repoId, batch) };
      this.#seen.set(key, seen);
    }
    // No figure of what was spent: the text would be a new event at every look.
    return seen.usd < max
      ? null
      : {
          until: null,
          text: `the $${max.toFixed(2)} of the batch ${batch} is spent: start it again with a higher budget, or stop what is left`,
        };
  }
}

/** US dollars of all its tasks, whenever they ran. */
export function costOfBatch(entries: Iterable<Entry>, repoId: string, batch: string): number {
  const mark = Buffer.from(`"batch":${JSON.stringify(batch)}`);
  let usd = 0;
  for (const entry of entries) {
    if (entry.repoId !== repoId || !entry.mentions(mark)) continue;
    const task = taskOf(entry);
    if (task.request.batch === batch) usd += task.progress.cost.usd ?? 0;
  }
  return usd;
}
