/** The summary report of one task: asked, done, evidence, changes, cost, how to go on. Fills `templates/report.md`; whatever an agent said is quoted, redacted and made safe. */
import { sayDuration } from "../core/duration.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import type { Cost, Outcome, Result, Task } from "../core/task.ts";
import type { Difference } from "../git/changes.ts";

export interface ReportFacts {
  readonly task: Task;
  readonly outcome: Outcome;
  readonly prompt: string;
  readonly result: Result;
  readonly difference: Difference | null;
  readonly subjects: readonly string[];
  readonly artefacts: readonly string[];
  readonly secrets: readonly string[];
  readonly now: Date;
}

/** Values for the template. Pure. */
export function reportValues(facts: ReportFacts): Record<string, string> {
  const { task, artefacts } = facts;
  const clean = (text: string) => safe(redact(text, facts.secrets));
  const notes = task.notes.map((note) => `- ${clean(note)}`).join("\n");
  return {
    label: clean(task.label),
    verdict: clean(verdict(facts)),
    asked: quote(clean(shorten(facts.prompt === "" ? task.request.title : facts.prompt, 4000))),
    done: task.summary === null ? "The agent said nothing about it." : quote(clean(shorten(task.summary, 8000))),
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
  if (outcome.kind === "failed") return `**Failed**: ${outcome.failure.message}.`;
  if (outcome.kind === "stopped") return `**Stopped**: ${outcome.how}.`;
  if (result.outcome === "no-changes") return "**Finished, no changes.** The agent ended well and left nothing to commit.";
  return `**Completed** ${where}${{ verified: ", verified by its checks", failed: ", but its checks FAILED", unverified: ", its checks did not all run", none: ", without checks" }[task.verify.status]}.`;
}

function evidence({ verify }: Task): string {
  if (verify.checks.length === 0)
    return verify.status === "none"
      ? "None: no check was asked for (`--verify`). What the agent says of itself is not evidence."
      : "None: the checks were not run to their end.";
  const rows = verify.checks.map(
    (check) => `| ${code(check.command.replaceAll("|", "\\|"))} | ${check.exitCode ?? "none"} | ${sayDuration(check.durationMs)} |`,
  );
  return `| check | exit code | time |\n| --- | --- | --- |\n${rows.join("\n")}`;
}

function changes({ task, difference, subjects, result }: ReportFacts): string {
  if (difference === null || task.base === null) return "No worktree was made.";
  const from = `Base: ${code(task.base.slice(0, 12))}${task.baseRef === null ? "" : ` (${task.baseRef})`}.`;
  if (result.outcome === "no-changes") return `${from} No changes.`;
  const rows = difference.paths
    .slice(0, 100)
    .map((one) => `| ${code(one.path)} | ${one.insertions ?? "binary"} | ${one.deletions ?? "binary"} |`);
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

function next({ task, outcome }: ReportFacts): string {
  const label = /^[\w.-]+$/.test(task.label) ? task.label : task.id;
  const rows = [`copse show ${label}`, `copse logs ${label}`];
  if (task.branch !== null && task.base !== null)
    rows.push(`git diff ${task.base.slice(0, 12)}...${task.branch}`, `git merge ${task.branch}`);
  if (outcome.kind !== "completed") rows.push(`copse retry ${label}`);
  if (task.sessionId !== null && task.sessionBegun) rows.push(`copse attach ${label}`);
  return `\`\`\`sh\n${rows.join("\n")}\n\`\`\``;
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
const code = (text: string) => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);
const shorten = (text: string, max: number) => (text.length <= max ? text : `${text.slice(0, max)}\n… (${text.length} characters in all)`);

/** A fenced block that its content cannot close. */
function quote(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}
