/**
 * What the dashboard's page and its server say to each other: routes, and the shapes of what goes over them. Pure, imported by both; only added to, never bent.
 *
 * Getting in: `copse ui` prints `http://127.0.0.1:PORT/#token=…` (`&to=%2Ftask%2FID%2Fdiff` behind it: where to go first). The page posts `{token}` to `enterPath` once (with `X-Copse: enter`), gets the cookie and `{key}`, puts the key into localStorage and
 * takes the token out of the address. Every read needs the cookie; every change (POST) also `X-Copse: <key>` and `Content-Type: application/json`. 401 (no or no good cookie): enter anew by `copse ui`.
 *
 * Being up to date: `eventsPath` is an event stream with three kinds of messages that have an id (`<epoch>-<n>`), all of them JSON:
 *   `task`    {@link TaskRow}: the task as it is now; take it unless its `rev` is lower than that of the row you have.
 *   `events`  {@link EventsMessage}: what came into a task's log, in order. You have its events up to `v`: leave out those with `seq <= v`, append the rest; if the first is greater than `v + 1`,
 *             get `/api/tasks/ID/events?after=v` instead.
 *   `queue`   {@link QueueState}.
 * and two without, which are never repeated:
 *   `reset`   {@link Reset}: the stream cannot go on where you were (first connection, another runner, you were too slow): forget your rows' `rev`, get `tasksPath`, and for each task of which you hold
 *             events and whose `versions` is higher than yours, `/api/tasks/ID/events?after=<yours>`. Messages that follow may be applied at once.
 *   `output`  {@link OutputMessage}: a recording has grown.
 * A browser's own EventSource sends `Last-Event-ID` and so gets what it missed, each message once, as long as the same runner lives and still has them; else a `reset`.
 * A comment line comes every 10 s. The runner's end closes the stream; whoever comes next with a cookie is known to the next runner, at the same address.
 */
import type { TaskEvent } from "../core/events.ts";
import type { Check, NotifyPolicy, WaitingFor } from "../core/task.ts";
import type { TaskJson } from "../core/task-json.ts";

export const enterPath = "/api/enter";
export const eventsPath = "/api/events";
export const tasksPath = "/api/tasks";
export const queuePath = "/api/queue";
export const batchesPath = "/api/batches";
export const timelinePath = "/api/timeline";
export const formPath = "/api/form";
export const leverPath = "/api/lever";
export const leavePath = "/api/leave";

/** Of one task; `id` as in its row. */
export const taskPath = (id: string): string => `${tasksPath}/${id}`;
/** `?after=SEQ`; {@link EventsAnswer}. */
export const taskEventsPath = (id: string): string => `${tasksPath}/${id}/events`;
/** `?run=N&stream=activity|out|err|check:K&from=BYTE&length=BYTES`; {@link LogPart}. A negative `from` counts from the end. */
export const taskLogPath = (id: string): string => `${tasksPath}/${id}/log`;
/** {@link Diff}; with `?path=P&base=SHA&to=SHA` (of that answer) {@link FileDiff}. */
export const taskDiffPath = (id: string): string => `${tasksPath}/${id}/diff`;
/** {@link Report}. */
export const taskReportPath = (id: string): string => `${tasksPath}/${id}/report`;
/** `?repo=ID` where several repositories have one of that name; {@link BatchView}. */
export const batchPath = (name: string): string => `${batchesPath}/${encodeURIComponent(name)}`;

/** Sent with every POST. */
export const keyHeader = "x-copse";

/** Every answer that is not 2xx has this body, and `error` is as the CLI prints it. */
export interface Refused {
  readonly error: ErrorJson;
}
export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** POST `enterPath`: `{token}` → this, and the cookie. */
export interface Entered {
  readonly key: string;
}

/** The object of `tasks --json`, with what a view needs to stay up to date. */
export type TaskRow = TaskJson & {
  readonly repoId: string;
  /** `seq` of the last event in its log. */
  readonly version: number;
  /** Grows with every change of a row while one runner lives. */
  readonly rev: number;
};

/** GET `tasksPath`: every open task and those that ended lately, newest first. `?ended=BEFORE&limit=N` (ISO time; at most 200): ended ones before that. */
export interface TasksAnswer {
  readonly epoch: number;
  readonly tasks: readonly TaskRow[];
  /** There are older ended ones. */
  readonly more: boolean;
}

/** A sentence of a task's life, as `show` has it. */
export interface Sentence {
  readonly seq: number;
  readonly at: string;
  readonly text: string;
}

/** GET `taskPath(id)`. */
export interface TaskAnswer {
  readonly task: TaskRow;
  readonly events: readonly TaskEvent[];
  readonly story: readonly Sentence[];
  readonly prompt: string;
  readonly followUps: readonly string[];
  readonly verify: readonly string[];
  /** Of what has run: run numbers with a recording, and the checks of the last delivery (for `stream=check:K`). */
  readonly runs: readonly number[];
  readonly checks: readonly (Check & { readonly output: boolean })[];
  /** The commands `show` names as next. */
  readonly next: readonly string[];
}

export interface EventsAnswer {
  readonly events: readonly TaskEvent[];
  readonly story: readonly Sentence[];
}

export interface EventsMessage extends EventsAnswer {
  readonly id: string;
}

export interface Reset {
  readonly epoch: number;
  /** Of every open task and those that ended lately. */
  readonly versions: Readonly<Record<string, number>>;
}

/** At most twice a second a task, and only while it runs. */
export interface OutputMessage {
  readonly id: string;
  readonly run: number;
  readonly bytes: number;
  readonly at: string;
}

/**
 * The lines of a recording that begin in the `length` bytes from `from` on, the last one whole. The answer's `from` and `to` are bytes of the file at which lines begin: go on downwards at `to`. Upwards:
 * where you have what begins at F, ask from `F - length` with that length; with no lines in the answer (one that is longer) go on above.
 */
export interface LogPart {
  readonly run: number;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  /** Of the file now. */
  readonly size: number;
  /** Nothing more will come. */
  readonly ended: boolean;
  readonly lines: readonly LogLine[];
}

export interface LogLine {
  /** Where it begins in the file; several may come of one line. */
  readonly at: number;
  readonly kind: "session" | "tool" | "failed" | "said" | "needs" | "note" | "log" | "activity" | "summary";
  readonly text: string;
}

/** What `diff` shows, without the lines. */
export interface Diff {
  readonly base: string;
  /** A commit; a tree while files are not committed. */
  readonly to: string;
  readonly commits: number;
  readonly insertions: number;
  readonly deletions: number;
  readonly files: readonly DiffFile[];
  /** More files than are listed. */
  readonly truncated: boolean;
}

export interface DiffFile {
  readonly path: string;
  readonly oldPath: string | null;
  readonly status: "added" | "modified" | "deleted" | "renamed" | "copied" | "type";
  readonly binary: boolean;
  /** null for a binary file. */
  readonly insertions: number | null;
  readonly deletions: number | null;
}

export interface FileDiff extends DiffFile {
  /** git's own unified hunks, from the first `@@` on; "" for a binary file or a mere rename. */
  readonly patch: string;
  readonly truncated: boolean;
}

export interface Report {
  /** Markdown; null before there is one. */
  readonly report: string | null;
}

/** GET `queuePath`. */
export interface QueueState {
  readonly limit: number;
  /** As the configuration says, without `runner limit`. */
  readonly configuredLimit: number;
  readonly paused: boolean;
  readonly running: number;
  /** The line, the next one first. */
  readonly line: readonly { readonly id: string; readonly priority: number; readonly waiting: WaitingFor | null }[];
}

/** GET `batchesPath`. */
export interface BatchesAnswer {
  readonly batches: readonly BatchRow[];
}
export interface BatchRow {
  readonly name: string;
  readonly repo: string;
  readonly repoId: string;
  readonly since: string;
  readonly total: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly costUsd: number | null;
  readonly budgetUsd: number | null;
}

/** GET `batchPath(name)`; any tasks that wait for each other can be drawn alike: `needs` are ids of the same answer. */
export interface BatchView extends BatchRow {
  readonly tasks: readonly BatchTask[];
  /** Ids along the way that took longest, in order, and its time at work. */
  readonly critical: readonly string[];
  readonly criticalMs: number;
}
export interface BatchTask {
  readonly id: string;
  readonly key: string;
  readonly label: string;
  readonly state: TaskJson["state"];
  readonly needs: readonly string[];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly workMs: number;
}

/** GET `timelinePath?since=ISO` (default: the last 6 hours): who held which slot when. */
export interface Timeline {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly spans: readonly Span[];
}
export interface Span {
  readonly id: string;
  readonly label: string;
  readonly repo: string;
  /** 0, 1, 2 …; no two spans of one slot overlap. */
  readonly slot: number;
  readonly run: number;
  readonly doing: "preparing" | "running" | "delivering";
  readonly from: string;
  /** null: still. */
  readonly to: string | null;
  /** How it stands at its end. */
  readonly state: TaskJson["state"];
}

/** GET `formPath`: what the form of a new task offers. */
export interface FormAnswer {
  readonly version: string;
  readonly repositories: readonly { readonly repo: string; readonly repoId: string }[];
  readonly agents: readonly string[];
  readonly agent: string;
  readonly model: string | null;
  readonly deliver: "report" | "branch" | "pr";
  readonly limit: number;
  readonly verify: readonly string[];
  readonly timeout: string | null;
  readonly retries: number;
  readonly permissionModes: readonly string[];
  readonly notify: NotifyPolicy;
  /** Models and groups of earlier tasks. */
  readonly models: readonly string[];
  readonly groups: readonly string[];
}

/** POST `leverPath` with a `Lever` (`levers.ts`, pure, for the page as well: `commandOf` says which command it is). 200 whenever that was run. */
export interface Done {
  /** What was run, without `copse` in front. */
  readonly argv: readonly string[];
  readonly exitCode: number;
  /** Its standard output, as JSON; null where it printed none. */
  readonly output: unknown;
  readonly error: ErrorJson | null;
  /** What it said besides, safe to show. */
  readonly notes: string;
}
