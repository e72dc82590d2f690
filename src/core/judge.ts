/** How a run ended, from what the agent's adapter read, the wrapper's exit code and what the person asked. Pure; the adapter judges the stream, this judges the run. */
import { followUpCount, nextFollowUp } from "./chain.ts";
import type { After } from "./events.ts";
import type { Failure, Instant, NeedsKind, Task } from "./task.ts";

/** What an adapter makes of a stream that has ended, with the exit code in hand. */
export type Ending =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly hint: string | null }
  | { readonly kind: "question"; readonly needs: Pending }
  | { readonly kind: "limited"; readonly until: Instant | null; readonly text: string };

/** Why the runner ended the run, if it did. */
export type Cut =
  | { readonly by: "stop"; readonly how: string }
  | { readonly by: "timeout"; readonly afterMs: number }
  | { readonly by: "attach" }
  /** Blocked for longer than it may keep a process; it is resumed with the answer. */
  | { readonly by: "park" }
  /** Another run of the same login met a usage limit. */
  | { readonly by: "limit"; readonly until: Instant | null; readonly text: string }
  /** It has cost more than it may. */
  | { readonly by: "cost"; readonly usd: number; readonly maxUsd: number }
  | null;

export type Pending = {
  readonly kind: NeedsKind;
  readonly text: string;
  readonly options?: readonly string[];
  readonly rules?: readonly string[];
};

/** What was seen of the process: a code, or why there is none. */
export type Exit = { readonly code: number } | { readonly code: null; readonly why: "killed" | "rebooted" };

/** Delay before attempt n+1 of a task that may be tried again: 2 s, 4 s, 8 s … up to 5 minutes. */
export const retryDelayMs = (failures: number): number => Math.min(300_000, 2000 * 2 ** failures);

/** When to look again at a limit whose end nobody named. */
const unknownLimitMs = 15 * 60_000;

/** `pending`: a question the agent still waited for when it ended; it stays open, and is answered by resuming the session. */
export function judge(task: Task, ending: Ending, exit: Exit, cut: Cut, pending: Pending | undefined, now: Date): After {
  if (cut?.by === "attach") return { to: "attach" };
  if (cut?.by === "stop") return { to: "deliver", outcome: { kind: "stopped", how: cut.how } };
  if (cut?.by === "timeout")
    return fail(
      "TIMED_OUT",
      `ran longer than its limit of ${Math.round(cut.afterMs / 1000)} s and was stopped; its changes are kept`,
      `copse retry ${task.label} goes on where it stopped.`,
    );
  if (cut?.by === "cost")
    return fail(
      "COST_LIMIT",
      `cost $${cut.usd.toFixed(2)}, more than its limit of $${cut.maxUsd.toFixed(2)}, and was stopped; its changes are kept`,
      `copse show ${task.label}`,
    );
  if (cut?.by === "limit" && pending === undefined) return { to: "queue", counts: false, at: cut.until, kind: "limit", why: cut.text };
  // An answer that came too late for this process is given to the next one.
  if (task.answer !== null && (ending.kind !== "done" || cut?.by === "park"))
    return { to: "queue", counts: false, at: null, kind: "time", why: "goes on with the answer" };
  if (cut?.by === "park")
    return task.needs !== null
      ? { to: "block", needs: task.needs }
      : { to: "queue", counts: false, at: null, kind: "time", why: "what it asked was settled while it was being parked" };
  if (pending && ending.kind !== "done")
    return { to: "block", needs: { ...pending, since: task.needs?.since ?? now.toISOString(), source: "stream" } };
  if (exit.code === null) {
    if (exit.why === "rebooted")
      return fail("INTERRUPTED", "the machine was restarted while it ran", `copse retry ${task.label} goes on in the same worktree.`);
    return again(
      "RUN_LOST",
      "it ended without an exit code: its supervising process was killed (kill -9, or out of memory)",
      `copse retry ${task.label} goes on in the same worktree.`,
    );
  }
  switch (ending.kind) {
    case "done":
      // What a person sent too late for this process is not lost: the session is taken up once more.
      if (task.messages.length > 0 && task.sessionBegun)
        return { to: "queue", counts: false, at: null, kind: "time", why: "goes on with what a person sent" };
      return goOn(nextFollowUp(task)) ?? { to: "deliver", outcome: { kind: "completed" } };
    case "question":
      return { to: "block", needs: { ...ending.needs, since: now.toISOString(), source: "stream" } };
    case "limited":
      return {
        to: "queue",
        counts: false,
        at: ending.until ?? new Date(now.getTime() + unknownLimitMs).toISOString(),
        kind: "limit",
        why: ending.text,
      };
    case "failed":
      return again(ending.code, ending.message, ending.hint ?? `copse logs ${task.label}`);
  }

  function goOn(step: number | undefined): After | undefined {
    if (step === undefined) return undefined;
    return { to: "queue", counts: false, at: null, kind: "time", why: `goes on with follow-up ${step} of ${followUpCount(task)}`, step };
  }
  function fail(code: string, message: string, hint: string): After {
    const failure: Failure = { stage: "run", code, message, hint };
    return { to: "deliver", outcome: { kind: "failed", failure } };
  }
  function again(code: string, message: string, hint: string): After {
    if (task.failures >= task.request.retries) return fail(code, message, hint);
    return {
      to: "queue",
      counts: true,
      at: new Date(now.getTime() + retryDelayMs(task.failures)).toISOString(),
      kind: "time",
      why: `trying again (${task.failures + 1} of ${task.request.retries}): ${message}`,
    };
  }
}
