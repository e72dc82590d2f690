/** Slots: at most so many tasks at once on this machine, fewer per group and repository. What is queued is on disk; this is rebuilt from it. */
import type { Limits, Place } from "../core/line.ts";

export interface Slot {
  /** Gives the slot back; may be called twice. */
  release(): void;
}

export interface Queue {
  /** Settles with a slot once one is free for this task: higher priority first, then first come. Rejects with `signal.reason` if aborted while waiting. */
  enter(place: Place, signal: AbortSignal): Promise<Slot>;
  /** Takes a slot for a run that is under way already (adopted after a crash): before everybody else, whatever its group's limit. */
  adopt(place: Place): Slot;
  /** Where none was given from the start, slots are given from now on, or once all of these ids have come into line. */
  open(expected?: Iterable<string>): void;
  /** New limits from the configuration. */
  resize(limits: Limits): void;
  readonly running: number;
  readonly waiting: number;
}
