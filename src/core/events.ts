/** The facts a task's log is made of: past tense, one a line. A known type never changes meaning; an unknown one is skipped by readers. */
import type {
  Answer,
  Check,
  Failure,
  Identity,
  Instant,
  Needs,
  NotifyPolicy,
  Outcome,
  Prerequisite,
  Progress,
  Removal,
  Request,
  Result,
  Verify,
} from "./task.ts";

/** Format of the log; readers of a higher one go read-only. */
export const logFormat = 1;

export type Fact =
  | {
      readonly type: "added";
      readonly format: number;
      readonly id: string;
      readonly label: string;
      readonly slug: string;
      readonly repo: string;
      readonly repoId: string;
      readonly cwd: string;
      readonly request: Request;
    }
  /** A worktree that somebody else made became this task's, as it stands. */
  | {
      readonly type: "adopted";
      readonly path: string;
      readonly branch: string;
      readonly base: string;
      readonly baseRef: string;
      readonly sessionId: string | null;
    }
  | { readonly type: "slot-taken" }
  | {
      readonly type: "worktree-planned";
      readonly path: string;
      readonly branch: string | null;
      readonly base: string;
      readonly baseRef: string;
    }
  | { readonly type: "worktree-made"; readonly path: string; readonly branch: string | null; readonly base: string }
  /** `step`: the follow-up whose prompt this run is given. */
  | {
      readonly type: "run-starting";
      readonly run: number;
      readonly sessionId: string | null;
      readonly messages?: number;
      readonly step?: number;
    }
  | { readonly type: "run-started"; readonly run: number; readonly identity: Identity }
  | { readonly type: "run-fenced"; readonly run: number }
  | { readonly type: "session-named"; readonly sessionId: string }
  | { readonly type: "blocked"; readonly needs: Needs }
  | { readonly type: "unblocked" }
  | {
      readonly type: "run-ended";
      readonly run: number;
      readonly exitCode: number | null;
      readonly summary: string | null;
      readonly progress: Progress;
      readonly after: After;
    }
  | { readonly type: "attempt-failed"; readonly failure: Failure; readonly retryAt: Instant | null }
  /** `needsPerson`: it goes on only once a person has done something. */
  | {
      readonly type: "held";
      readonly kind: "limit" | "time" | "task";
      readonly until: Instant | null;
      readonly text: string;
      readonly needsPerson?: true;
    }
  | { readonly type: "answered"; readonly answer: Answer; readonly by: string }
  | { readonly type: "answer-given"; readonly run: number; readonly requestId: string | null; readonly granted: readonly string[] }
  | { readonly type: "messaged"; readonly text: string; readonly by: string }
  | { readonly type: "messages-given"; readonly run: number; readonly count: number }
  | { readonly type: "notify-set"; readonly policy: NotifyPolicy | null; readonly by: string }
  | { readonly type: "priority-set"; readonly priority: number; readonly by: string }
  | { readonly type: "told"; readonly of: Instant }
  | { readonly type: "stop-asked"; readonly by: string }
  | { readonly type: "stopped"; readonly how: string }
  /** What it waited for did not end well, so it was never begun. */
  | { readonly type: "skipped"; readonly failure: Failure }
  | { readonly type: "checked"; readonly checks: readonly Check[]; readonly status: Verify["status"] }
  | { readonly type: "sent-back"; readonly check: string; readonly text: string }
  | { readonly type: "delivered"; readonly result: Result; readonly failure: Failure | null }
  | { readonly type: "retried"; readonly by: string }
  /** More tasks whose work a joint task has to put together: what it did before is done again. Written by earlier versions. */
  | { readonly type: "joined"; readonly after: readonly Prerequisite[] }
  /** What a batch's file asks of its joint task now, in place of what it asked before: done again, on the same branch. */
  | { readonly type: "asked-anew"; readonly request: Request }
  | { readonly type: "attached"; readonly by: Identity }
  | { readonly type: "detached"; readonly to: "queue" | "deliver" | "same" }
  | { readonly type: "pushed"; readonly remote: string; readonly sha: string }
  | { readonly type: "pull-request"; readonly pr: NonNullable<Result["pr"]> }
  | { readonly type: "noted"; readonly text: string }
  | { readonly type: "removal-begun"; readonly removal: Removal }
  | { readonly type: "worktree-removed"; readonly why: string }
  | { readonly type: "worktree-restored"; readonly path: string; readonly branch: string | null };

/** What a run's end leads to; decided once by `judge` and written down with the end itself. */
export type After =
  | { readonly to: "deliver"; readonly outcome: Outcome }
  /** `step`: the one it was at is done, and this follow-up comes next. */
  | {
      readonly to: "queue";
      readonly counts: boolean;
      readonly at: Instant | null;
      readonly kind: "limit" | "time";
      readonly why: string;
      readonly step?: number;
    }
  | { readonly to: "block"; readonly needs: Needs }
  | { readonly to: "attach" };

/** A fact as it stands in the log. `seq` runs 1, 2, 3 …; `epoch` is the runner's (0: written by a command). */
export type TaskEvent = Fact & { readonly seq: number; readonly at: Instant; readonly epoch: number };
