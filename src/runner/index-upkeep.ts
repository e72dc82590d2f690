/** Keeps the index of tasks whole and short. It is a convenience for listings: the tasks' own logs are the truth. */
import { messageOf } from "../core/errors.ts";
import { compact, healIndex } from "../store/heal.ts";
import { compactIndex, type Entry, indexSize } from "../store/index-file.ts";

/** It is rewritten when it is this much larger than after the last time. */
const growth = 512 * 1024;

export class IndexUpkeep {
  readonly #state: string;
  #base = 0;

  constructor(state: string) {
    this.#state = state;
  }

  /** With what a new runner has found on disk. */
  begin(entries: readonly Entry[], say: (line: string) => void): void {
    try {
      compactIndex(this.#state, entries);
      healIndex(this.#state);
    } catch (error) {
      say(`the index could not be rewritten: ${messageOf(error)}`);
    }
    this.#base = indexSize(this.#state);
  }

  tick(thorough: boolean): void {
    if (thorough) healIndex(this.#state);
    if (indexSize(this.#state) <= 2 * this.#base + growth) return;
    compact(this.#state);
    this.#base = indexSize(this.#state);
  }
}
