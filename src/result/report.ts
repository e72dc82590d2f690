/** The summary report of one task: asked, done, evidence, changes, cost, how to go on. Fills `templates/report.md`; whatever an agent said is quoted, redacted and made safe. */
import { chainText, stepsOf, wordsOf } from "../core/chain.ts";
import { sayDuration } from "../core/duration.ts";
import { cell, code, count, plain, quote, shorten } from "../core/markdown.ts";
import { afterOf } from "../core/prerequisites.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import type { Cost, Failure, Outcome, Result, Task } from "../core/task.ts";
import type { Difference } from "../git/changes.ts";
import { type Combined, combinedPage } from "./combined.ts";

export interface ReportFacts {
  readonly task: Task;
  readonly outcome: Outcome;
  /** What went wrong in the delivery of work that had failed or was stopped already. */
  readonly failure: Failure | null;
  readonly prompt: string;
  readonly result: Result;
  readonly difference: Difference | null;
  readonly subjects: readonly string[];
  readonly artefacts: readonly string[];
  /** Of a batch's joint task. */
  readonly combined?: Combined | undefined;
  readonly secrets: readonly string[];
  readonly now: Date;
}

/** Values for the template. Pure. */
export function reportValues(facts: ReportFacts): Record<string, string> {
  const { task, outcome, artefacts } = facts;
  const words = wordsOf(task);
  const clean = (text: string) => safe(redact(text, facts.secrets));
  const notes = notesOf(facts)
    .map((note) => `- ${plain(clean(note))}`)
    .join("\n");
  return {
    label: plain(clean(task.label)),
    verdict: clean(verdict(facts)),
    asked: `${quote(clean(shorten(facts.prompt === "" ? (task.request.exec?.join(" ") ?? task.request.title) : facts.prompt, 4000)))}${after(task, clean)}${followUps({ ...task, outcome }, clean)}`,
    done:
      facts.combined !== undefined
        ? combinedPage(facts.combined, facts.secrets)
        : words === null
          ? "The agent said nothing about it."
          : quote(clean(shorten(words, 8000))),
    artefacts:
      artefacts.length === 0 ? "" : `Files it was told to write:\n\n${artefacts.map((path) => `- ${code(clean(path))}`).join("\n")}`,
    evidence: clean(evidence(task)),
    changes: clean(changes(facts)),
    cost: cost(task.progress.cost, task, facts.now),
    notes: notes === "" ? "" : `## Notes\n\n${notes}`,
    next: clean(next(facts)),
  };
}

function verdict({ task, outcome, result }: ReportFacts): string {
  const where = task.branch === null ? "in the checkout it was started in" : `on branch ${code(task.branch)}`;
  const at = chainText({ ...task, state: outcome.kind, outcome });
  const chain = at === "" ? "" : ` (${at})`;
  if (outcome.kind === "failed")
    return `**Failed** (${stages[outcome.failure.stage]})${chain}:\n\n${quote(shorten(outcome.failure.message, 4000))}`;
  if (outcome.kind === "stopped") return `**Stopped**${chain}: ${plain(outcome.how)}.`;
  const checks = {
    verified: ", verified by its checks",
    failed: ", but its checks FAILED",
    unverified: ", its checks did not all run",
    none: ", without checks",
  }[task.verify.status];
  if (result.outcome === "no-changes") return `**Finished, no changes**${checks}. The agent ended well and left nothing to commit${chain}.`;
  return `**Completed** ${where}${checks}${chain}.`;
}

/** What had to end well before it. */
function after(task: Task, clean: (text: string) => string): string {
  if (task.request.joint) return "";
  const labels = afterOf(task).map(({ label }) => code(clean(label)));
  return labels.length === 0 ? "" : `\n\nAfter ${labels.join(", ")}.`;
}

/** What was to be done behind the prompt, and what became of each. */
function followUps(task: Task, clean: (text: string) => string): string {
  const rows = stepsOf(task)
    .slice(1)
    .map(({ step, title, state }) => `${step}. ${plain(clean(title))}: ${state === "not-run" ? "**not run**" : state}`);
  return rows.length === 0 ? "" : `\n\nThen, in the same session:\n\n${rows.join("\n")}`;
}

const stages = { prepare: "while its worktree was made", run: "in the run", deliver: "in the delivery" } as const;

function notesOf({ task, outcome, failure }: ReportFacts): readonly string[] {
  return failure && outcome.kind !== "failed" ? [...task.notes, `the delivery failed: ${failure.message}`] : task.notes;
}

function evidence({ verify }: Task): string {
  if (verify.checks.length === 0)
    return verify.status === "none"
      ? "None: no check was asked for (`--verify`). What the agent says of itself is not evidence."
      : "None: the checks were not run to their end.";
  const rows = verify.checks.map((check) => `| ${cell(check.command)} | ${check.exitCode ?? "none"} | ${sayDuration(check.durationMs)} |`);
  return `| check | exit code | time |\n| --- | --- | --- |\n${rows.join("\n")}`;
}

function changes({ task, difference, subjects, result }: ReportFacts): string {
  if (task.base === null || task.worktree === null) return "No worktree was made.";
  const from = `Base: ${code(task.base.slice(0, 12))}${task.baseRef === null ? "" : ` (${plain(task.baseRef)})`}.`;
  if (difference === null) return `${from} What it changed could not be read.`;
  if (result.outcome === "no-changes") return `${from} No changes.`;
  const rows = difference.paths
    .slice(0, 100)
    .map((one) => `| ${cell(one.path)} | ${one.insertions ?? "binary"} | ${one.deletions ?? "binary"} |`);
  const more = difference.paths.length > 100 ? `\n\n… and ${difference.paths.length - 100} more files.` : "";
  const commits = subjects.length === 0 ? "" : `\n\nCommits:\n\n${subjects.map((one) => `- ${code(one)}`).join("\n")}`;
  return `${from} ${count(difference.commits, "commit")}, ${count(difference.files, "file")}, +${difference.insertions} −${difference.deletions}.\n\n| file | + | − |\n| --- | --- | --- |\n${rows.join("\n")}${more}${commits}`;
}

function cost(spent: Cost, task: Task, now: Date): string {
  const took = task.startedAt === null ? "" : `${sayDuration(now.getTime() - Date.parse(task.startedAt))}, ${count(task.run, "attempt")}`;
  const money = spent.usd === null ? "" : `, $${spent.usd.toFixed(2)}`;
  const tokens = spent.inputTokens === null ? "" : `, ${spent.inputTokens} tokens in, ${spent.outputTokens ?? 0} out`;
  const turns = spent.turns === null ? "" : `, ${count(spent.turns, "turn")}`;
  return `${took || "It never started"}${money}${tokens}${turns}.`;
}

function next({ task, outcome, result }: ReportFacts): string {
  const label = /^\w[\w.-]*$/.test(task.label) ? task.label : task.id;
  const rows = [`copse show ${label}`, `copse logs ${label}`];
  if (task.branch !== null && task.base !== null) rows.push(`copse diff ${label}`, `copse merge ${label}`);
  if (outcome.kind !== "completed") rows.push(`copse retry ${label}`);
  if (task.sessionId !== null && task.sessionBegun) rows.push(`copse attach ${label}`);
  const issues =
    result.issues === undefined
      ? ""
      : `Issues:\n\n${result.issues.map((one) => `- #${one.number} ${plain(one.title)}: ${encodeURI(one.url)}`).join("\n")}\n\n`;
  const pr =
    result.pr === null ? "" : `${result.pr.draft ? "Draft pull" : "Pull"} request #${result.pr.number}: ${encodeURI(result.pr.url)}\n\n`;
  return `${pr}${issues}\`\`\`sh\n${rows.join("\n")}\n\`\`\``;
}
