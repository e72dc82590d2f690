/** How a batch stands: what needs a person and the next command, how long it took and why, what it has cost of its budget. Pure. */
import { sayDuration } from "../core/duration.ts";
import { code, count, plain } from "../core/markdown.ts";
import { nameOf, skippedCode } from "../core/prerequisites.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import type { Task } from "../core/task.ts";
import { type CriticalPath, criticalPath, workMs } from "./critical-path.ts";

export type Trouble = "blocked" | "held" | "budget" | "failed" | "checks-failed" | "left-out" | "skipped";

/** One thing that somebody has to do, the most urgent first. */
export interface Attention {
  /** null: the batch as a whole. */
  readonly id: string | null;
  readonly label: string;
  readonly what: Trouble;
  readonly why: string;
  readonly next: string;
}

export interface Standing {
  readonly attention: readonly Attention[];
  readonly path: CriticalPath;
  /** From the first start to the last end, or to now. */
  readonly wallMs: number;
  /** Of all tasks together. */
  readonly workMs: number;
  readonly budget: { readonly usd: number; readonly spentUsd: number } | null;
}

export interface About {
  readonly batch: string;
  readonly budgetUsd: number | null;
  /** Of all its tasks, also of those that others have taken the place of. */
  readonly spentUsd: number;
  /** What the one pull request does not have, though it should. */
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
  readonly now: Date;
}

export function standingOf(tasks: readonly Task[], { batch, budgetUsd, spentUsd, leftOut, now }: About): Standing {
  const starts = tasks.flatMap(({ startedAt }) => (startedAt === null ? [] : [Date.parse(startedAt)]));
  const ends = tasks.flatMap((task) => (task.startedAt === null ? [] : [task.endedAt === null ? now.getTime() : Date.parse(task.endedAt)]));
  const waits = tasks.filter(({ state, request }) => state === "queued" && request.exec === null && request.command === null).length;
  const spent: Attention[] =
    budgetUsd !== null && spentUsd >= budgetUsd && waits > 0
      ? [
          {
            id: null,
            label: batch,
            what: "budget",
            why: `$${budgetUsd.toFixed(2)} is spent, and ${count(waits, "task")} of it ${waits === 1 ? "waits" : "wait"}`,
            next: "start it again with a higher budget",
          },
        ]
      : [];
  const own = tasks.flatMap((task) => troubleOf(task, leftOut.find(({ id }) => id === task.id)?.why) ?? []);
  return {
    attention: [...own, ...spent].sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what)),
    path: criticalPath(tasks, now),
    wallMs: starts.length === 0 ? 0 : Math.max(...ends) - Math.min(...starts),
    workMs: tasks.reduce((sum, task) => sum + workMs(task, now), 0),
    budget: budgetUsd === null ? null : { usd: budgetUsd, spentUsd },
  };
}

const order: readonly Trouble[] = ["blocked", "held", "budget", "failed", "checks-failed", "left-out", "skipped"];

function troubleOf(task: Task, leftOut: string | undefined): Attention | undefined {
  const { id, label, state, needs, notBefore, failure, verify } = task;
  const name = nameOf(task);
  const say = (what: Trouble, why: string, next: string): Attention => ({ id, label, what, why, next });
  if (state === "blocked" && task.attachedBy === null)
    return say("blocked", needs?.text ?? "it asks", needs?.kind === "question" ? `copse send ${name} "…"` : `copse approve ${name}`);
  if (state === "queued" && notBefore?.text.startsWith("held: ")) {
    const [why = "", next = ""] = notBefore.text.replace("held: ", "").split(/; (?=copse )/);
    return say("held", why, next);
  }
  if (state === "failed")
    return say(
      "failed",
      failure?.message ?? "nobody knows why",
      failure?.stage === "deliver" ? (failure.hint ?? `copse retry ${name}`) : `copse logs ${name}; copse retry ${name}`,
    );
  const bad = verify.checks.find(({ exitCode }) => exitCode !== 0);
  if (state === "completed" && verify.status === "failed")
    return say("checks-failed", `${bad?.command} (exit code ${bad?.exitCode ?? "none"})`, `copse diff ${name}; copse retry ${name}`);
  if (failure?.code === skippedCode)
    return say("skipped", failure.message.replace(/^skipped: /, ""), failure.hint ?? `copse retry ${name}`);
  return leftOut === undefined ? undefined : say("left-out", leftOut, `copse diff ${name}; copse pr ${name}`);
}

const words: Readonly<Record<Trouble, string>> = {
  blocked: "asks",
  held: "is held",
  budget: "has spent its budget",
  failed: "failed",
  "checks-failed": "has checks that failed",
  "left-out": "is not in the pull request",
  skipped: "was skipped",
};

const mostNamed = 50;

/** In Markdown, to stand first on the page; "" where nothing needs anybody. What tasks and agents said cannot leave its code span. */
export function attentionText({ attention }: Standing): string {
  if (attention.length === 0) return "";
  const clean = (text: string) => safe(redact(text)).replace(/\s+/g, " ");
  const rows = attention
    .slice(0, mostNamed)
    .map(
      ({ label, what, why, next }) =>
        `- **${plain(clean(label))}** ${words[what]}: ${code(clean(why.slice(0, 300)))}. Next: ${code(clean(next))}`,
    );
  const more = attention.length > mostNamed ? `\n- … and ${attention.length - mostNamed} more, below` : "";
  return `## What needs you\n\n${rows.join("\n")}${more}`;
}

/** How long, over which way, and what of the budget, in Markdown; "" when nothing has run. */
export function timeText({ path, wallMs, workMs: work, budget }: Standing, now: Date): string {
  const share = parallelism({ wallMs, workMs: work });
  const steps = path.tasks.map((task) => `${code(safe(task.label))} ${sayDuration(workMs(task, now))}`).join(" → ");
  const parts = [
    wallMs === 0
      ? ""
      : `Took ${sayDuration(wallMs)} for ${sayDuration(work)} of work${share === null ? "" : `, ${share} at once on average`}.`,
    path.tasks.length === 0
      ? ""
      : path.tasks.length === 1
        ? `Took longest: ${steps}.`
        : `Critical path: ${steps}; ${sayDuration(path.ms)} together.`,
    budget === null ? "" : `Cost: $${budget.spentUsd.toFixed(2)} of $${budget.usd.toFixed(2)}.`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** How many ran at once on average, to a tenth; null when nothing has run. */
export const parallelism = ({ wallMs, workMs: work }: Pick<Standing, "wallMs" | "workMs">): number | null =>
  wallMs === 0 ? null : Math.round((work / wallMs) * 10) / 10;
