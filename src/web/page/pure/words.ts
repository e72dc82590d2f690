/** What the page says of a task in a few words. Pure; texts of agents pass through `shown` first. */
import { sayDuration } from "../../../core/duration.ts";
import { count } from "../../../core/markdown.ts";
import type { PullRequestSeen } from "../../../core/task.ts";
import type { TaskRow } from "../../api.ts";
import { shownLine } from "./text.ts";

/** `12 min`, for an ended one `8 min ago`; "" for one in the line. */
export function ageOf(task: TaskRow, nowMs: number): string {
  const since = (at: string) => sayDuration(nowMs - Date.parse(at));
  switch (task.state) {
    case "queued":
      return "";
    case "preparing":
    case "running":
    case "delivering":
      return since(task.startedAt ?? task.since);
    case "blocked":
      return since(task.since);
    default:
      return `${since(task.endedAt ?? task.since)} ago`;
  }
}

/** What stands behind its state: activity, question, evidence, reason, place in the line. */
export function detailOf(task: TaskRow): string {
  switch (task.state) {
    case "queued":
      return waitingText(task);
    case "preparing":
      return task.worktree === null ? "making its worktree" : "setting up its worktree";
    case "running":
      return shownLine(task.activity ?? (task.toolCalls > 0 ? count(task.toolCalls, "tool call") : ""));
    case "delivering":
      return "running its checks and writing its report";
    case "blocked":
      return task.needs === null ? "a person is attached" : shownLine(task.needs.text);
    case "completed":
      return evidenceOf(task);
    default:
      return shownLine(task.failure?.message ?? evidenceOf(task));
  }
}

function waitingText({ waitingFor }: TaskRow): string {
  if (waitingFor === null) return "";
  const text = shownLine(waitingFor.text);
  return waitingFor.until === undefined ? text : `${text}, until ${momentOf(waitingFor.until, Date.now())}`;
}

/** `verified · 3 files, +10 −2 · PR #4`. */
export function evidenceOf({ verify, result }: TaskRow): string {
  const failed = verify.checks.find((check) => check.exitCode !== 0);
  const checked = {
    verified: "verified",
    failed: `verify FAILED: ${shownLine(failed?.command ?? "", 60)} exited ${failed?.exitCode ?? "without a code"}`,
    unverified: "unverified",
    none: "",
  }[verify.status];
  return [checked, changesOf(result), result?.pr ? prText(result.pr) : ""].filter((part) => part !== "").join(" · ");
}

export function changesOf(result: TaskRow["result"]): string {
  if (result === null) return "";
  if (result.outcome === "no-changes") return "finished, no changes";
  return `${count(result.diff.files, "file")}, +${result.diff.insertions} −${result.diff.deletions}`;
}

export function prText({ number, draft, state, checks }: PullRequestSeen): string {
  if (state !== "open") return `PR #${number} ${state}`;
  return `PR #${number}${draft ? " (draft)" : ""}${checks === null ? "" : `, checks ${checks}`}`;
}

/** `$0.42`, or "". */
export const moneyOf = (task: TaskRow): string => (task.cost.usd === null ? "" : `$${task.cost.usd.toFixed(2)}`);

export function costText({ cost }: TaskRow): string {
  return [
    cost.usd === null ? "" : `$${cost.usd.toFixed(2)}`,
    cost.inputTokens === null
      ? ""
      : `${cost.inputTokens.toLocaleString("en")} tokens in, ${(cost.outputTokens ?? 0).toLocaleString("en")} out`,
    cost.turns === null ? "" : count(cost.turns, "turn"),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** Local time as 09:05:03. */
export function clock(at: string): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/** `clock`, or the day and hour where it was another day: Nov 21 09:05. */
export function momentOf(at: string, nowMs: number): string {
  const [time, now] = [new Date(at), new Date(nowMs)];
  return time.toDateString() === now.toDateString()
    ? clock(at)
    : `${time.toLocaleDateString("en", { month: "short", day: "numeric" })} ${clock(at).slice(0, 5)}`;
}

/** 47 MB. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
