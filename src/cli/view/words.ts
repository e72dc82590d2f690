/** Every sentence a person reads about a task. Pure: tasks in, text out; nothing an agent said reaches it unsafe. */
import { chainText, followUpCount, followUpsDone, stepsOf } from "../../core/chain.ts";
import { sayDuration } from "../../core/duration.ts";
import type { IssueSeen } from "../../core/opened-issues.ts";
import { afterOf, nameOf, policyOf, skippedCode } from "../../core/prerequisites.ts";
import { redact } from "../../core/redact.ts";
import { safe, safeLine } from "../../core/safe.ts";
import type { Beside, Overlap, PullRequestSeen, Task, WaitingFor } from "../../core/task.ts";
import type { Paint } from "./paint.ts";

/** The contract's marks, and for terminals without UTF-8 the same in ASCII. */
export const marks = {
  utf8: { running: "●", preparing: "●", delivering: "●", completed: "✓", blocked: "✗", failed: "✗", stopped: "✗", queued: "○" },
  ascii: { running: "*", preparing: "*", delivering: "*", completed: "+", blocked: "x", failed: "x", stopped: "x", queued: "o" },
} as const;

export const colours = {
  running: "blue",
  preparing: "blue",
  delivering: "blue",
  completed: "green",
  blocked: "yellow",
  failed: "red",
  stopped: "red",
  queued: "dim",
} as const;

/** The lines of `tasks`, in columns. */
export function taskLines(
  tasks: readonly Task[],
  paint: Paint,
  now: number,
  lookBeside: (task: Task) => Beside = () => ({}),
  showRepo = false,
): string[] {
  const labels = tasks.map((task) => safeLine(task.label, 40));
  const width = Math.min(40, Math.max(0, ...labels.map(widthOf)));
  return tasks.map((task, i) => {
    const label = labels[i] as string;
    const beside = lookBeside(task);
    const pad = " ".repeat(Math.max(0, width - widthOf(label)));
    const state = task.state.padEnd(10);
    const age = ageOf(task, now).padEnd(14);
    const where = showRepo ? `${paint.dim(safeLine(task.repo.split("/").at(-1) ?? "", 24).padEnd(16))}  ` : "";
    const line = `${paint[colours[task.state]](marks[paint.utf8 ? "utf8" : "ascii"][task.state])} ${label}${pad} ${where}${state} ${age} ${safeLine(remarks(task, beside, now), 160)}`;
    return paint.fit(line.trimEnd());
  });
}

/** Columns a text takes in a terminal: marks that combine take none, wide characters two. */
export function widthOf(text: string): number {
  // The patterns below take 1 ms to get ready.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) {
    if (/\p{M}|\u200d|\ufe0f/u.test(char)) continue;
    width +=
      /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        char,
      ) && char > "\u00ff"
        ? 2
        : 1;
  }
  return width;
}

/** How long it has been at that, as `(12 min)`; "" for one in line. */
export function ageOf(task: Task, now: number): string {
  const since = (at: string) => sayDuration(now - Date.parse(at));
  switch (task.state) {
    case "queued":
      return "";
    case "running":
    case "preparing":
    case "delivering":
      return `(${since(task.runStartedAt ?? task.since)})`;
    case "blocked":
      return `(${since(task.since)})`;
    default:
      return `(${since(task.endedAt ?? task.since)} ago)`;
  }
}

/** An agent that has written nothing for this long may have stalled, or may be at a long command. */
const stalledMs = 10 * 60_000;

/** `no output for 12 min`, or "". */
function stalledText(lastOutputAt: string | null, now: number): string {
  const silentMs = lastOutputAt === null ? 0 : now - Date.parse(lastOutputAt);
  return silentMs < stalledMs ? "" : `no output for ${sayDuration(silentMs)}`;
}

/** `conflicts with docs: a.txt`, or "". */
function overlapText(overlaps: readonly Overlap[]): string {
  const named = overlaps.map(({ label, files }) => `${label}: ${files.slice(0, 2).join(", ")}${files.length > 2 ? " …" : ""}`);
  return overlaps.length === 0 ? "" : `conflicts with ${named.join("; ")}`;
}

/** What is to be known of it beside its state, then what stands behind that. */
export function remarks(task: Task, { overlaps = [], lastOutputAt = null, waiting }: Beside, now: number): string {
  const parts = [redact(overlapText(overlaps)), stalledText(lastOutputAt, now), chainText(task), detailOf(task, waiting)];
  return parts.filter((part) => part !== "").join(" · ");
}

/** What stands behind a task's state: activity, question, evidence, reason, position. */
export const detailOf = (task: Task, waiting: WaitingFor | undefined): string => redact(detail(task, waiting));

function detail(task: Task, waiting: WaitingFor | undefined): string {
  switch (task.state) {
    case "queued":
      if (waiting === undefined) return task.notBefore?.kind === "task" && task.notBefore.at === null ? task.notBefore.text : "";
      return waiting.until === undefined ? waiting.text : `${waiting.text}, until ${clock(waiting.until)}`;
    case "preparing":
      if (!task.request.worktree) return "getting ready";
      return task.planned === null ? "making its worktree" : "setting up its worktree";
    case "running":
      return task.progress.activity ?? (task.progress.toolCalls > 0 ? `${task.progress.toolCalls} tool calls` : "");
    case "delivering":
      return task.verify.status === "none" && task.request.verify.length > 0 ? "running its checks" : "writing its report";
    case "blocked":
      return task.attachedBy !== null ? "a person is attached" : `waiting for input: ${task.needs?.text ?? ""}`;
    case "completed":
      return evidenceOf(task);
    case "failed":
      return task.failure?.message ?? "";
    case "stopped":
      return task.outcome?.kind === "stopped" ? task.outcome.how : "";
  }
}

/** `verified · 3 files, +10 −2`. */
export function evidenceOf(task: Task): string {
  const { result, verify } = task;
  const failed = verify.checks.find((check) => check.exitCode !== 0);
  const checked = {
    verified: "verified",
    failed: `verify FAILED: ${failed?.command} exited ${failed?.exitCode}`,
    unverified: "unverified",
    none: "",
  }[verify.status];
  const changed =
    result === null
      ? ""
      : result.outcome === "no-changes"
        ? "finished, no changes"
        : `${count(result.diff.files, "file")}, +${result.diff.insertions} −${result.diff.deletions}`;
  return [checked, changed, result?.pr ? prText(result.pr) : "", issuesText(result?.issues)].filter((part) => part !== "").join(" · ");
}

/** `issue #12`, `issues #12, #13`, `20 issues`. */
function issuesText(issues: readonly IssueSeen[] = []): string {
  if (issues.length > 5) return `${issues.length} issues`;
  return issues.length === 0 ? "" : `issue${issues.length === 1 ? "" : "s"} ${issues.map(({ number }) => `#${number}`).join(", ")}`;
}

/** `PR #12 (draft)`, `PR #12 merged`, `PR #12, checks failing`. */
function prText({ number, draft, state, checks }: PullRequestSeen): string {
  if (state === "merged" || state === "closed") return `PR #${number} ${state}`;
  return `PR #${number}${draft ? " (draft)" : ""}${checks === null ? "" : `, checks ${checks}`}`;
}

/** What `run` prints: label, id, next commands. */
export function submittedText(task: Task, waiting: WaitingFor | undefined, paint: Paint): string {
  const name = safeLine(task.label, 100);
  const ref = refOf(task);
  const { kind, text, position = 0 } = waiting ?? { kind: "slot", text: "" };
  const where = kind === "task" ? `, ${safeLine(text, 200)}` : position <= 1 ? "" : `, ${position} in line`;
  return [
    `${paint.bold(name)} ${paint.dim(`(${task.id})`)} queued${where}`,
    `  copse show ${ref}       what it does, what it costs`,
    `  copse logs -f ${ref}    follow it`,
    `  copse stop ${ref}       end it; its work is kept`,
    "",
  ].join("\n");
}

/** How a person names the task on a command line: its label where that needs no quotes, else its id. */
export const refOf = (task: Task): string => nameOf(task);

/** One task's life in sentences, what it cost, what can be done next. */
export function showText(task: Task, beside: Beside, story: readonly string[], paint: Paint, now: number): string {
  const mark = marks[paint.utf8 ? "utf8" : "ascii"][task.state];
  const rows: [string, string | null][] = [
    ["asked", task.request.title],
    [
      "agent",
      [
        task.request.exec === null ? task.request.agent : "command",
        task.request.model,
        task.sessionId === null ? null : `session ${task.sessionId}`,
      ]
        .filter((part) => part !== null)
        .join(", "),
    ],
    [
      "branch",
      task.branch === null
        ? task.request.worktree
          ? null
          : "none: it works in your checkout"
        : `${task.branch} from ${task.baseRef} (${task.base?.slice(0, 12)})`,
    ],
    ["worktree", task.worktree],
    [
      "after",
      task.request.joint
        ? `the other tasks of ${task.request.batch}, however they end`
        : afterOf(task).length === 0
          ? null
          : `${afterOf(task)
              .map(({ label }) => label)
              .join(", ")}${{ skip: "", hold: " (held if one of them does not end well)", run: " (however they end)" }[policyOf(task)]}`,
    ],
    [
      "evidence",
      task.verify.checks.length === 0
        ? null
        : task.verify.checks
            .map((check) => `${check.command} → ${check.exitCode ?? "no exit code"} (${sayDuration(check.durationMs)})`)
            .join("; "),
    ],
    [
      "changes",
      task.result === null
        ? null
        : task.result.outcome === "no-changes"
          ? "finished, no changes"
          : `${count(task.result.commits, "commit")}, ${count(task.result.diff.files, "file")}, +${task.result.diff.insertions} −${task.result.diff.deletions}`,
    ],
    [
      "then",
      followUpCount(task) === 0 ? null : `${followUpsDone(task)} of ${count(followUpCount(task), "follow-up")} done: ${thenText(task)}`,
    ],
    ["cost", costText(task)],
    ["issues", (task.result?.issues ?? []).map(({ number, title, url }) => `#${number} ${title} (${url})`).join("; ")],
    ["report", task.result?.report ?? null],
  ];
  const facts = rows
    .filter((row): row is [string, string] => row[1] !== null && row[1] !== "")
    .map(([name, value]) => `  ${name.padEnd(9)} ${safeLine(redact(value), 1000)}`);
  const head =
    `${paint[colours[task.state]](mark)} ${paint.bold(safeLine(task.label, 100))} ${paint.dim(`(${task.id})`)} ${task.state} ${ageOf(task, now)} ${safe(remarks(task, beside, now))}`.trimEnd();
  const hint = task.failure?.hint ? [`  ${"hint".padEnd(9)} ${safeLine(redact(task.failure.hint), 500)}`] : [];
  return `${[head, "", ...facts, ...hint, "", ...story.map((line) => `  ${line}`), "", ...nextCommands(task).map((line) => `  ${line}`)].join("\n")}\n`;
}

/** `1. now write the tests (completed); 2. update the changelog (current)`. */
const thenText = (task: Task): string =>
  stepsOf(task)
    .slice(1)
    .map(({ step, title, state }) => `${step}. ${title} (${state === "not-run" ? "not run" : state})`)
    .join("; ");

export function costText(task: Task): string | null {
  const { cost } = task.progress;
  const parts = [
    cost.usd === null ? null : `$${cost.usd.toFixed(2)}`,
    cost.inputTokens === null ? null : `${cost.inputTokens} tokens in, ${cost.outputTokens ?? 0} out`,
    cost.turns === null ? null : count(cost.turns, "turn"),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

/** What can be done with the task as it is. */
export function nextCommands(task: Task): string[] {
  const ref = refOf(task);
  const attach = task.sessionBegun ? [`copse attach ${ref}    answer and go on in the agent's own session`] : [];
  if (task.worktreeState === "removed")
    return task.removal?.ref == null ? [`copse logs ${ref}`] : [`copse restore ${ref}    bring its worktree and branch back`];
  switch (task.state) {
    case "blocked":
      return [...answerCommands(task, ref), ...attach, `copse stop ${ref}`];
    case "completed":
      return [
        ...(task.branch === null
          ? [`copse logs ${ref}`]
          : [`copse diff ${ref}    what it changed`, `copse merge ${ref}    take its work over`]),
        ...attach,
      ];
    case "failed":
    case "stopped":
      if (task.failure?.code === skippedCode) return [`copse retry ${ref}    once what it comes after can go well`];
      return [`copse logs ${ref}`, `copse retry ${ref}    go on in the same worktree`, ...attach];
    default:
      return [`copse logs -f ${ref}`, `copse stop ${ref}`];
  }
}

function answerCommands(task: Task, ref: string): string[] {
  if (task.needs?.kind === "question")
    return [
      `copse send ${ref} "…"    answer it${task.needs.options === undefined ? "" : ` (${task.needs.options.map((option, i) => `${i + 1}: ${option}`).join(", ")})`}`,
    ];
  return [`copse approve ${ref}    let it (--always: for the rest of the task)`, `copse deny ${ref} "why"`];
}

/** Local time as 09:05:03. Without Intl, whose first use takes 20 ms. */
export function clock(at: string): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
