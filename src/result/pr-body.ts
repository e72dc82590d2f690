/**
 * Title and body of a pull request. The agent's words stand only inside fenced blocks that they cannot close, so they cannot forge the evidence beside them, mention anybody or close an issue;
 * the marker by which the pull request is known as ours is the last line, and nothing of it is left in anybody else's text. Pure.
 */
import { wordsOf } from "../core/chain.ts";
import { sayDuration } from "../core/duration.ts";
import { cell, code, count, mute, plain, quote, shorten } from "../core/markdown.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import type { Task } from "../core/task.ts";
import type { Difference } from "../git/changes.ts";
import { type Combined, combinedPage, fixesLine } from "./combined.ts";

export const markerOf = (task: Pick<Task, "id">): string => `<!-- copse task ${task.id} -->`;

/** Is the pull request with this body this task's own, to be written over? Only the last line counts. */
export const isOurs = (body: string, task: Pick<Task, "id">): boolean => body.trimEnd().split(/\r?\n/).at(-1)?.trim() === markerOf(task);

export interface PrFacts {
  readonly task: Task;
  readonly difference: Difference;
  /** The repository's own template for pull requests, or "". */
  readonly template: string;
  readonly showCost: boolean;
  readonly notes: readonly string[];
  /** Exact secrets to take out. */
  readonly secrets: readonly string[];
  /** Of a batch's joint task. */
  readonly combined?: Combined | undefined;
}

export function titleOf(task: Task, most: number, secrets: readonly string[]): string {
  const text = safe(redact(task.request.title, secrets)).replace(/\s+/g, " ").replaceAll("@", "@\u200b").trim();
  const title = text === "" ? task.label : text;
  return title.length <= most ? title : `${title.slice(0, most - 1)}…`;
}

/** Values for `templates/pull-request.md`. */
export function prValues({ task, difference, template, showCost, notes, secrets, combined }: PrFacts): Record<string, string> {
  const clean = (text: string) => safe(redact(text, secrets)).replaceAll("<!--", "<! --");
  const { cost } = task.progress;
  const words = wordsOf(task);
  const spent = [cost.usd === null ? "" : `$${cost.usd.toFixed(2)}`, cost.turns === null ? "" : count(cost.turns, "turn")].filter(
    (part) => part !== "",
  );
  return {
    summary:
      combined !== undefined
        ? combinedPage(combined, secrets)
        : `${fixes(task)}Asked of an agent (task ${code(clean(task.label))}):\n\n${quote(clean(shorten(task.request.title, 2000)))}\n\n${words === null ? "The agent said nothing about it." : `What the agent says of it:\n\n${quote(clean(shorten(words, 20_000)))}`}`,
    evidence: evidence(task, combined === undefined ? "after the agent had left" : "on all work put together", clean),
    changes: changes(difference, clean),
    cost: showCost && spent.length > 0 ? `Cost: ${spent.join(", ")}.` : "",
    notes: notes.length === 0 ? "" : notes.map((note) => `- ${mute(plain(clean(note)))}`).join("\n"),
    own: template.replace(/<!--[\s\S]*?-->/g, (comment) => (/copse task/.test(comment) ? "" : comment)),
    marker: markerOf(task),
  };
}

const fixes = ({ request: { issue } }: Task): string => (issue?.closes ? `${fixesLine(issue)}\n\n` : "");

/** No longer than the forge takes: the middle goes, the marker stays. */
export function fit(body: string, marker: string, most: number): string {
  if (body.length <= most) return body;
  const tail = `\n\`\`\`\`\`\`\n\n… (cut: the report has it whole)\n\n${marker}\n`;
  return body.slice(0, most - tail.length) + tail;
}

function evidence({ verify }: Task, when: string, clean: (text: string) => string): string {
  if (verify.checks.length === 0) return "None: no check was asked for. What the agent says of itself is not evidence.";
  const rows = verify.checks.map(
    (one) =>
      `| ${cell(clean(one.command))} | ${one.exitCode === 0 ? "passed" : `**failed** (exit code ${one.exitCode ?? "none"})`} | ${sayDuration(one.durationMs)} |`,
  );
  return `Run by Copse ${when}:\n\n| check | result | time |\n| --- | --- | --- |\n${rows.join("\n")}`;
}

function changes(difference: Difference, clean: (text: string) => string): string {
  const rows = difference.paths
    .slice(0, 50)
    .map((one) => `| ${cell(clean(one.path))} | ${one.insertions ?? "binary"} | ${one.deletions ?? "binary"} |`);
  const more = difference.paths.length > 50 ? `\n\n… and ${difference.paths.length - 50} more files.` : "";
  return `${count(difference.commits, "commit")}, ${count(difference.files, "file")}, +${difference.insertions} −${difference.deletions}.\n\n| file | + | − |\n| --- | --- | --- |\n${rows.join("\n")}${more}`;
}
