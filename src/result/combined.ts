/** What came of putting a batch's work together: which task is in, which is not and why. A file beside the joint task's log, and its page for a pull request. */
import { cell, count } from "../core/markdown.ts";
import type { OfIssue } from "../core/of-batch.ts";
import { skippedCode } from "../core/prerequisites.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import { isTerminal, type StateName, type Task, type Verify } from "../core/task.ts";
import { readMaybe, replaceFile } from "../store/files.ts";
import { combinedFile } from "../store/paths.ts";

export interface Joined {
  readonly id: string;
  readonly label: string;
  readonly title: string;
  readonly state: StateName;
  readonly verify: Verify["status"];
  readonly checks: number;
  readonly commits: number;
  readonly issue: OfIssue | null;
  /** Its work as one commit of the combination; null where it is not in. */
  readonly commit: string | null;
  /** Why it is not in; for one that is, null. */
  readonly why: string | null;
  /** It was to be in, and is not. */
  readonly lost: boolean;
}

/** Why there is nothing of a task to put in. `lost`: though there should be. */
export interface Out {
  readonly why: string;
  readonly lost: boolean;
}

export interface Combined {
  /** What Copse itself has made the branch lead to, the newest last: a branch that leads elsewhere has somebody else's commits. */
  readonly tips: readonly string[];
  readonly tasks: readonly Joined[];
  /** Of tasks the batch's file has no more, as they were in before; left out by earlier versions. */
  readonly left?: readonly Joined[];
}

/** Of the task in this folder; undefined where nothing was put together yet. */
export function readCombined(dir: string): Combined | undefined {
  const text = readMaybe(combinedFile(dir));
  return text === undefined ? undefined : (JSON.parse(text) as Combined);
}

export const writeCombined = (dir: string, combined: Combined): void => replaceFile(combinedFile(dir), `${JSON.stringify(combined)}\n`);

export const rowOf = (task: Task, commit: string | null, out: Out | null): Joined => ({
  id: task.id,
  label: task.label,
  title: task.request.title,
  state: task.state,
  verify: task.verify.status,
  checks: task.verify.checks.length,
  commits: task.result?.commits ?? 0,
  issue: task.request.issue ?? null,
  commit,
  why: out?.why ?? null,
  lost: out?.lost ?? false,
});

/** As far as a task's own record tells; undefined where it has something to put in. Pure. */
export function whyOut(task: Task): Out | undefined {
  const { state, verify, failure, request, result } = task;
  const lost = (why: string): Out => ({ why, lost: true });
  if (!request.joins) return { why: `delivered by itself (${request.deliver})`, lost: false };
  if (!isTerminal(task)) return lost(`it has not ended (${state})`);
  if (failure?.code === skippedCode) return lost(failure.message);
  if (state === "failed") return lost(`it failed: ${failure?.message ?? "nobody knows why"}`);
  if (state === "stopped") return lost(task.outcome?.kind === "stopped" ? task.outcome.how : "it was stopped");
  const bad = verify.checks.find(({ exitCode }) => exitCode !== 0);
  if (verify.status === "failed") return lost(`its check failed: ${bad?.command} (exit code ${bad?.exitCode ?? "none"})`);
  if (verify.status === "unverified") return lost("its checks did not all run");
  return result?.outcome === "changes" && task.branch !== null ? undefined : { why: "it changed nothing", lost: false };
}

export function sayCombined({ tasks, left = [] }: Combined): string {
  const out = tasks.filter(({ lost }) => lost);
  const inside = tasks.filter(({ commit }) => commit !== null).length;
  const rows = out.slice(0, 20).map(({ label, why }) => `- ${label}: ${why}`);
  const more = out.length > 20 ? `\n… and ${out.length - 20} more` : "";
  const gone =
    left.length === 0
      ? ""
      : `\nNo longer in the batch: ${left.map(({ label, why }) => (why === noMore ? label : `${label} (${why})`)).join(", ")}.`;
  return `${inside} of ${count(tasks.length, "task")} put together.${out.length === 0 ? "" : `\nLeft out:\n${rows.join("\n")}${more}`}${gone}`;
}

/** Why what was in is in no more. */
export const noMore = "no longer in the batch's file";
export const noMoreButIn = "no longer in the batch's file, but others' commits stand on it";

const mostRows = 200;
const mostWhy = 300;

/** In Markdown: a row a task. What tasks, agents and strangers said stands in code spans that it cannot leave. Pure. */
export function combinedPage({ tasks, left = [] }: Combined, secrets: readonly string[]): string {
  const clean = (text: string) => safe(redact(text, secrets)).replaceAll("<!--", "<! --");
  const inside = tasks.filter(({ commit }) => commit !== null).length;
  const evidence = ({ verify, checks }: Joined) =>
    ({ verified: `passed ${count(checks, "check")}`, failed: "**failed**", unverified: "not all run", none: "none" })[verify];
  const place = ({ commit, lost, why }: Joined) =>
    commit !== null
      ? `in, ${commit.slice(0, 12)}${why === null ? "" : `: ${why}`}`
      : `${lost ? "**left out**: " : ""}${cell(clean((why ?? "").replace(/\s+/g, " ").slice(0, mostWhy)))}`;
  const rows = [...tasks, ...left]
    .slice(0, mostRows)
    .map(
      (one) =>
        `| ${cell(clean(one.label))} | ${cell(clean(one.title.slice(0, 120)))} | ${one.state} | ${evidence(one)} | ${one.commits} | ${place(one)} |`,
    );
  const others = tasks.length + left.length - mostRows;
  const more = others > 0 ? `\n\n… and ${others} more tasks.` : "";
  const fixes = tasks.flatMap(({ commit, issue }) => (commit !== null && issue?.closes ? [fixesLine(issue)] : []));
  return `${inside} of ${count(tasks.length, "task")} of a batch, a commit each.\n\n| task | asked | state | evidence | commits | in |\n| --- | --- | --- | --- | --- | --- |\n${rows.join("\n")}${more}${fixes.length === 0 ? "" : `\n\n${fixes.join("\n")}`}`;
}

/** By which forges close the issue when the pull request is merged. A number, so nothing of a stranger's. */
export const fixesLine = ({ number }: OfIssue): string => `Fixes #${Math.trunc(number)}`;
