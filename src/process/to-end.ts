/** A supervised run that is waited for: a setup command, a check. */

import { stopRun, sweepRun } from "./stop.ts";
import { awaitClaim, lookAt, type Sight, type Start, startRun } from "./supervised.ts";

const pollMs = 50;

export interface ToEnd {
  /** null when it ended without one: killed with its supervisor, fenced, or timed out. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/** Starts it, waits for its end, and leaves no process of it behind; an abort or the time limit ends it. */
export async function runToEnd(start: Start, timeoutMs: number, signal: AbortSignal): Promise<ToEnd> {
  const startedAt = performance.now();
  const child = await startRun(start);
  let sight: Sight = await awaitClaim(start.dir, child);
  const over = () => performance.now() - startedAt > timeoutMs;
  while (sight.is === "alive" && !signal.aborted && !over()) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    sight = lookAt(start.dir);
  }
  const timedOut = sight.is === "alive" && over();
  const leader = "identity" in sight ? sight.identity : null;
  if (sight.is === "alive") await stopRun(start.cookie, leader);
  else await sweepRun(start.cookie, leader);
  const durationMs = Math.round(performance.now() - startedAt);
  return { code: sight.is === "ended" ? sight.code : null, timedOut, durationMs };
}
