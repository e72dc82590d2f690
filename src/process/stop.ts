/** Ending a run: politely first, then firmly, then everything that carries its cookie. Only processes proven to be the run's are signalled. */
import type { Identity } from "../core/task.ts";
import { processesOf } from "../system/identity.ts";

export interface Ladder {
  readonly intMs: number;
  readonly termMs: number;
}

/** What a run that has ended may take to be gone altogether. */
const leaveMs = 200;

export const usualLadder: Ladder = { intMs: 5000, termMs: 10_000 };

/** How the last process went; `gone` when none was there. */
export type Ended = "gone" | "SIGINT" | "SIGTERM" | "SIGKILL" | "survives";

/**
 * SIGINT, SIGTERM, SIGKILL, each to all processes of the run that still live (its group and whatever escaped it), with time between.
 * Settles when none is left; `survives` when something outlives SIGKILL by 5 s (an uninterruptible state).
 */
export async function stopRun(cookie: string, leader: Identity | null, ladder: Ladder = usualLadder): Promise<Ended> {
  if (processesOf(cookie, leader).length === 0) return "gone";
  const rungs = [
    ["SIGINT", ladder.intMs],
    ["SIGTERM", ladder.termMs],
    ["SIGKILL", 5000],
  ] as const;
  for (const [signal, waitMs] of rungs) {
    signalAll(processesOf(cookie, leader), signal);
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline) {
      const left = processesOf(cookie, leader);
      if (left.length === 0) return signal;
      // A child born between look and signal is met again here.
      if (signal === "SIGKILL") signalAll(left, signal);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return "survives";
}

/** Ends what a finished run left behind (a server it forked, a `setsid` child). @returns how many there were. */
export async function sweepRun(cookie: string, leader: Identity | null): Promise<number> {
  // The wrapper and its helpers are still on their way out when the exit code is there already.
  const deadline = performance.now() + leaveMs;
  let left = processesOf(cookie, leader);
  while (left.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = processesOf(cookie, leader);
  }
  if (left.length > 0) await stopRun(cookie, leader, { intMs: 0, termMs: 2000 });
  return left.length;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile, or not ours to signal: the next look tells.
    }
  }
}
