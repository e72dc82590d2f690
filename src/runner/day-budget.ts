/** What may be spent in a day (local time), and in a batch: when the day's is spent nothing more starts that may cost, and what runs is parked until midnight or until there is more to spend. */

import type { Task } from "../core/task.ts";
import { type Entry, isOpen, readIndex, taskOf } from "../store/index-file.ts";
import { BatchBudgets } from "./batch-budget.ts";
import type { Closed } from "./gate.ts";

/** Looking through 10,000 tasks takes some 30 ms. */
const lookMs = 3000;

export class DayBudget {
  readonly #state: string;
  readonly #max: () => number | null;
  readonly #batches: BatchBudgets;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #usd = 0;

  /** `max`: US dollars a day as the configuration says now; null for no bound. */
  constructor(state: string, max: () => number | null) {
    this.#state = state;
    this.#max = max;
    this.#batches = new BatchBudgets(state);
  }

  /** null while there is something left. `afresh`: looks again, however lately it has looked. `task`: one that would start; its batch counts too. */
  spent(afresh = false, task?: Task): Closed | null {
    return this.#daySpent(afresh) ?? (task === undefined ? null : this.#batches.spent(task, afresh));
  }

  #daySpent(afresh: boolean): Closed | null {
    const max = this.#max();
    if (max === null) return null;
    if (afresh || performance.now() - this.#lookedAt > lookMs) {
      this.#usd = costOfDay(readIndex(this.#state).values(), midnight(new Date()));
      this.#lookedAt = performance.now();
    }
    // No figure of what was spent: the text would be a new event at every look.
    return this.#usd < max
      ? null
      : { until: null, text: `today's $${max.toFixed(2)} is spent: goes on at midnight, or with a higher maxCostPerDayUsd` };
  }
}

/** US dollars of the tasks that have run since then; one that began earlier counts whole. */
export function costOfDay(entries: Iterable<Entry>, since: string): number {
  let usd = 0;
  for (const entry of entries) {
    if (!isOpen(entry) && entry.endedAt < since) continue;
    const task = taskOf(entry);
    if ((task.endedAt ?? task.runStartedAt ?? "") >= since) usd += task.progress.cost.usd ?? 0;
  }
  return usd;
}

/** The beginning of this day, as ISO. */
export const midnight = (now: Date): string => new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
