/** What a task is: the words of the contract (PRODUCT) as types. Pure; a `Task` is the fold of its events (`evolve.ts`). */

import type { OfBatch } from "./of-batch.ts";
import type { IssuesOpened, IssuesWanted } from "./opened-issues.ts";

export type StateName = "queued" | "preparing" | "running" | "blocked" | "delivering" | "completed" | "failed" | "stopped";
export type Source = "stream" | "hook" | "process" | "git" | "person" | "runner";
export type WorktreeState = "none" | "present" | "kept" | "removed";
export type NeedsKind = "permission" | "question" | "plan" | "login" | "trust";
export type Delivery = "report" | "branch" | "pr";

/** A moment, ISO 8601 in UTC with milliseconds. */
export type Instant = string;

/** What was asked. Settled at submission and never changed afterwards, but for the priority, and for what a batch's joint task comes after, which grows with the batch. */
export interface Request extends OfBatch, IssuesWanted {
  /** First line of the prompt, or the command, cut for display. */
  readonly title: string;
  /** Size of the prompt file, in bytes; the prompt itself is beside the log, as it was typed. */
  readonly promptBytes: number;
  /** First line of each follow-up, in order; the follow-ups themselves are beside the log. */
  readonly followUps: readonly string[];
  readonly agent: string;
  readonly model: string | null;
  /** A plain command instead of an agent (`--exec`). */
  readonly exec: readonly string[] | null;
  /** How the agent of a person's or project's configuration is started; null for built-in ones. */
  readonly command: readonly string[] | null;
  readonly agentArgs: readonly string[];
  readonly permissionMode: string | null;
  readonly allow: readonly string[];
  /** As typed; null = the remote's default branch, else HEAD. Resolved to a commit when the task starts. */
  readonly base: string | null;
  /** false: work in the checkout the task was submitted from. */
  readonly worktree: boolean;
  readonly branchName: string;
  /** Absolute path the worktree gets. */
  readonly place: string;
  readonly verify: readonly string[];
  /** How often work whose checks fail goes back to its agent. */
  readonly fix: number;
  readonly deliver: Delivery;
  readonly pr: PrPolicy;
  readonly priority: number;
  readonly group: string | null;
  readonly tags: readonly string[];
  readonly timeoutMs: number | null;
  readonly retries: number;
  readonly maxCostUsd: number | null;
  readonly setup: string | null;
  readonly setupTimeoutMs: number;
  readonly carry: readonly string[];
  readonly groupLimit: number | null;
  readonly repoLimit: number | null;
  /** null: as the person has set it. */
  readonly notify: NotifyPolicy | null;
  /** The task whose agent asked for this one; left out where a person did. */
  readonly startedBy?: StartedBy;
  /** Tasks that have to end well before this one starts; left out where there are none. */
  readonly after?: readonly Prerequisite[];
  /** The one of them on whose branch it builds (`--base @label`). */
  readonly baseOf?: Prerequisite;
  /** What becomes of it when one of them does not end well; left out: it is skipped. */
  readonly onFailure?: OnFailure;
}

/** Another task of the same repository that comes before this one. */
export interface Prerequisite {
  readonly id: string;
  readonly label: string;
}

/** `skip`: the dependant ends as stopped; `hold`: it stays queued until the other has been tried again and ended well; `run`: it starts once the others have ended, however they did. */
export type OnFailure = "skip" | "hold" | "run";

export interface StartedBy {
  readonly id: string;
  readonly label: string;
  /** How many tasks stand between this one and a person: 1 for one that a person's task started. */
  readonly depth: number;
}

/** How a pull request is opened. */
export interface PrPolicy {
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  readonly autoMerge: "merge" | "squash" | "rebase" | null;
  /** What the task cost, in its text. */
  readonly showCost: boolean;
}

export interface Needs {
  readonly kind: NeedsKind;
  readonly text: string;
  readonly options?: readonly string[];
  /** Permission rules that would allow exactly what was asked; for the agent, not for people. */
  readonly rules?: readonly string[];
  /** The agent's own name for the request: an answer is for that one only. */
  readonly requestId?: string;
  readonly since: Instant;
  readonly source: Source;
}

/** What a person says to what a task needs. */
export type Answer =
  | { readonly kind: "allow"; readonly always: boolean }
  | { readonly kind: "deny"; readonly why: string }
  | { readonly kind: "text"; readonly text: string };

/** `seq`: of the event that brought it; names it for good. */
export interface Message {
  readonly seq: number;
  readonly text: string;
  /** What its checks said, instead of a person. */
  readonly by?: "checks";
}

export interface WaitingFor {
  readonly kind: "slot" | "task" | "limit" | "time";
  readonly text: string;
  readonly position?: number;
  readonly until?: Instant;
  /** Left out where it goes on by itself. */
  readonly needsPerson?: true;
}

/** Why it stands outside of the line, and until when; null: until what the text says is over. */
export interface NotBefore {
  readonly at: Instant | null;
  readonly kind: "limit" | "time" | "task";
  readonly text: string;
  /** It goes on only once a person has done something. */
  readonly needsPerson?: true;
}

/** Another task whose work would conflict with this one's, as both stand now. */
export interface Overlap {
  readonly id: string;
  readonly label: string;
  /** Paths in conflict. */
  readonly files: readonly string[];
}

/** What is known of a task beside its log. */
export interface Beside {
  /** When it is queued. */
  readonly waiting?: WaitingFor | undefined;
  /** When a running task's agent last wrote anything. */
  readonly lastOutputAt?: string | null;
  /** While it is open. */
  readonly overlaps?: readonly Overlap[];
}

export interface Check {
  readonly command: string;
  readonly exitCode: number | null;
  readonly durationMs: number;
}

export interface Verify {
  readonly status: "verified" | "failed" | "unverified" | "none";
  readonly checks: readonly Check[];
}

export interface Failure {
  readonly stage: "prepare" | "run" | "deliver";
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** A task's pull request as the forge last had it. */
export interface PullRequestSeen {
  readonly number: number;
  readonly url: string;
  readonly draft: boolean;
  readonly state: "open" | "merged" | "closed";
  /** What its checks say; null where there are none, or nobody has looked since it was opened. */
  readonly checks: "passing" | "failing" | "pending" | null;
}

export interface Result extends IssuesOpened {
  readonly outcome: "changes" | "no-changes";
  readonly summary: string | null;
  readonly commits: number;
  readonly diff: { readonly files: number; readonly insertions: number; readonly deletions: number };
  readonly pr: PullRequestSeen | null;
  readonly report: string;
}

export interface Cost {
  readonly usd: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly turns: number | null;
}

/** What a run shows of itself while it goes on; kept in the index and in the last event of the run, not in the log line by line. */
export interface Progress {
  readonly activity: string | null;
  readonly filesChanged: number;
  readonly toolCalls: number;
  readonly cost: Cost;
}

/** Which process is (or was) a run's wrapper. pid alone says nothing: see `system/identity.ts`. */
export interface Identity {
  readonly pid: number;
  readonly start: string;
  readonly boot: string;
}

/** How the task will end once its work has been delivered. */
export type Outcome =
  | { readonly kind: "completed" }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "stopped"; readonly how: string };

/** When to tell a person. */
export type NotifyPolicy = "on-complete" | "on-block" | "always" | "off";

/** `notify` of the person's configuration. */
export interface NotifySettings {
  readonly when: NotifyPolicy;
  readonly desktop: boolean;
  readonly webhook?: { readonly url: string; readonly secret?: string };
  readonly ntfy?: string;
  readonly slack?: string;
}

export interface Task {
  readonly id: string;
  readonly label: string;
  /** The label as a safe name for branch, folder and claim. */
  readonly slug: string;
  /** Root of the repository's main checkout (of the repository itself when bare). */
  readonly repo: string;
  readonly repoId: string;
  /** Top of the checkout the task was submitted from. */
  readonly cwd: string;
  readonly request: Request;
  readonly state: StateName;
  readonly since: Instant;
  readonly source: Source;
  readonly branch: string | null;
  readonly base: string | null;
  readonly baseRef: string | null;
  readonly worktree: string | null;
  readonly worktreeState: WorktreeState;
  /** Planned before git is touched, so that a crash in between can be mended. */
  readonly planned: { readonly path: string; readonly branch: string | null; readonly base: string } | null;
  /** Number of the last run folder; 0 before the first. */
  readonly run: number;
  /** Has the run `run` been started (true), is it only intended (false), or is none under way (null)? */
  readonly runStarted: boolean | null;
  readonly runStartedAt: Instant | null;
  readonly identity: Identity | null;
  readonly sessionId: string | null;
  /** Has the agent really begun that session, so that it can be resumed? */
  readonly sessionBegun: boolean;
  readonly createdAt: Instant;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly needs: Needs | null;
  readonly notBefore: NotBefore | null;
  readonly progress: Progress;
  readonly summary: string | null;
  /** Of a chain: the agent's last words at the end of each step that is done, the prompt's first (see `chain.ts`). */
  readonly said: readonly (string | null)[];
  /** Has a run begun the step the task is at? If not, the next one is given its prompt. */
  readonly stepBegun: boolean;
  readonly outcome: Outcome | null;
  readonly verify: Verify;
  readonly result: Result | null;
  readonly failure: Failure | null;
  /** How often its work has gone back to its agent. */
  readonly fixes: number;
  /** Failed attempts that count against `retries`. */
  readonly failures: number;
  readonly stopAsked: string | null;
  /** The task's own policy, when it was changed after submission. */
  readonly notify: NotifyPolicy | null;
  /** The `since` of the state that was last told of. */
  readonly toldOf: Instant | null;
  /** Given, and not yet passed on to the agent; with what it answers. */
  readonly answer: { readonly answer: Answer; readonly needs: Needs } | null;
  /** Requests of the run under way that have been answered; the agent may take long to show it. */
  readonly givenTo: readonly string[];
  /** Guidance sent to the session that it has not taken up yet. */
  readonly messages: readonly Message[];
  /** How many of them the run under way was started with. */
  readonly carried: number;
  /** A person approved a plan: it is carried out, however often the session is resumed. */
  readonly planApproved: boolean;
  /** Permission rules a person allowed for the rest of the task. */
  readonly granted: readonly string[];
  /** An `attach` holds the session; the queue leaves the task alone until it is handed back. */
  readonly attachedBy: Identity | null;
  readonly notes: readonly string[];
  /** Of its worktree: begun (`worktreeState` is as before), or done (`removed`). */
  readonly removal: Removal | null;
  /** What its branch was last pushed as. */
  readonly pushed: string | null;
  readonly seq: number;
}

/** Settled before anything is removed, so that a crash in between can be mended. */
export interface Removal {
  /** Names the commit that brings everything back; null when there was nothing to keep. */
  readonly ref: string | null;
  readonly path: string;
  /** Where the folder is moved to before it is deleted. */
  readonly trash: string;
  /** The task's branch, which goes with it. */
  readonly branch: { readonly name: string; readonly sha: string } | null;
}

export const noCost: Cost = { usd: null, inputTokens: null, outputTokens: null, turns: null };
export const noProgress: Progress = { activity: null, filesChanged: 0, toolCalls: 0, cost: noCost };

export const terminalStates: readonly StateName[] = ["completed", "failed", "stopped"];

/** A task whose life is over: nothing changes it but `retry`. */
export function isTerminal(task: { readonly state: StateName }): boolean {
  return terminalStates.includes(task.state);
}
