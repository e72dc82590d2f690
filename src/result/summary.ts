/** One page over many tasks, the morning's: what was done, with what evidence, what failed, what needs a person, what it cost. The same numbers as Markdown and as JSON. Pure. */
import { chainText, wordsOf } from "../core/chain.ts";
import { sayDuration } from "../core/duration.ts";
import { cell, code, count, plain, quote, shorten } from "../core/markdown.ts";
import { skippedCode } from "../core/prerequisites.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import type { StateName, Task } from "../core/task.ts";

export interface Numbers {
  readonly tasks: number;
  readonly byState: Readonly<Partial<Record<StateName, number>>>;
  readonly verified: number;
  readonly checksFailed: number;
  readonly withoutChecks: number;
  readonly commits: number;
  readonly files: number;
  readonly insertions: number;
  readonly deletions: number;
  /** null: nobody said what it cost. */
  readonly usd: number | null;
}

export function numbersOf(tasks: readonly Task[]): Numbers {
  const completed = tasks.filter((task) => task.state === "completed");
  const sum = (pick: (task: Task) => number | undefined) => tasks.reduce((total, task) => total + (pick(task) ?? 0), 0);
  const costs = tasks.flatMap(({ progress }) => (progress.cost.usd === null ? [] : [progress.cost.usd]));
  const byState: Partial<Record<StateName, number>> = {};
  for (const { state } of tasks) byState[state] = (byState[state] ?? 0) + 1;
  return {
    tasks: tasks.length,
    byState,
    verified: completed.filter(({ verify }) => verify.status === "verified").length,
    checksFailed: completed.filter(({ verify }) => verify.status === "failed").length,
    withoutChecks: completed.filter(({ verify }) => verify.status === "none").length,
    commits: sum((task) => task.result?.commits),
    files: sum((task) => task.result?.diff.files),
    insertions: sum((task) => task.result?.diff.insertions),
    deletions: sum((task) => task.result?.diff.deletions),
    usd: costs.length === 0 ? null : Math.round(costs.reduce((total, usd) => total + usd, 0) * 1e6) / 1e6,
  };
}

const order: readonly StateName[] = ["completed", "failed", "stopped", "blocked", "delivering", "running", "preparing", "queued"];

/** `about`: what the page is over, such as "since yesterday". `first`: below the title, `more`: behind the numbers, both in Markdown. */
export function summaryPage(tasks: readonly Task[], about: string, now: Date, { first = "", more = "" } = {}): string {
  const numbers = numbersOf(tasks);
  if (tasks.length === 0) return `# Report: ${plain(about)}\n\nNo tasks.\n`;
  const states = order.flatMap((state) => (numbers.byState[state] ? [`${numbers.byState[state]} ${state}`] : [])).join(", ");
  const evidence = [
    numbers.verified > 0 ? `${numbers.verified} verified by checks` : "",
    numbers.checksFailed > 0 ? `**${numbers.checksFailed} completed with FAILED checks**` : "",
    numbers.withoutChecks > 0 ? `${numbers.withoutChecks} without checks` : "",
  ].filter((text) => text !== "");
  const parts = [
    `# Report: ${plain(about)}`,
    first,
    `${count(numbers.tasks, "task")}: ${states}.${evidence.length === 0 ? "" : ` Of the completed: ${evidence.join(", ")}.`} ${count(numbers.commits, "commit")}, ${count(numbers.files, "file")}, +${numbers.insertions} −${numbers.deletions}${numbers.usd === null ? "" : `, $${numbers.usd.toFixed(2)}`}.`,
    more,
    `| task | state | evidence | changes | time | cost | branch or PR |\n| --- | --- | --- | --- | --- | --- | --- |\n${tasks.map((task) => row(task, now)).join("\n")}`,
    section("Needs you", tasks, ["blocked"], needs),
    section("Failed", tasks, ["failed"], failed),
    section("Skipped", tasks.filter(isSkipped), ["stopped"], failed),
    section("Waiting for others", tasks.filter(waitsForTasks), ["queued"], waits),
    section(
      "Done",
      tasks.filter((task) => !isSkipped(task)),
      ["completed", "stopped"],
      done,
    ),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function section(title: string, tasks: readonly Task[], states: readonly StateName[], say: (task: Task) => string): string {
  const mine = tasks.filter(({ state }) => states.includes(state));
  return mine.length === 0 ? "" : `## ${title}\n\n${mine.map((task) => `### ${plain(clean(task.label))}\n\n${say(task)}`).join("\n\n")}`;
}

const clean = (text: string): string => safe(redact(text));

function row(task: Task, now: Date): string {
  const { result, verify, progress } = task;
  const changes =
    result === null
      ? ""
      : result.outcome === "no-changes"
        ? "none"
        : `${count(result.diff.files, "file")}, +${result.diff.insertions} −${result.diff.deletions}`;
  const from = task.startedAt === null ? null : Date.parse(task.startedAt);
  const time = from === null ? "" : sayDuration((task.endedAt === null ? now.getTime() : Date.parse(task.endedAt)) - from);
  const where = result?.pr ? `[#${result.pr.number}](${encodeURI(result.pr.url)})` : task.branch === null ? "" : cell(clean(task.branch));
  const cost = progress.cost.usd === null ? "" : `$${progress.cost.usd.toFixed(2)}`;
  return `| ${cell(clean(task.label))} | ${task.state} | ${verify.status === "failed" ? "**failed**" : verify.status} | ${changes} | ${time} | ${cost} | ${where} |`;
}

/** Where its chain ended, unless it went through. */
const chain = (task: Task): string => (chainText(task) === "" ? "" : ` (${chainText(task)})`);

const asked = (task: Task): string => `Asked: ${code(clean(shorten(task.request.title, 300)))}`;

function needs(task: Task): string {
  const ref = /^\w[\w.-]*$/.test(task.label) ? task.label : task.id;
  return `${asked(task)}\n\nIt asks (${task.needs?.kind ?? "question"}):\n\n${quote(clean(shorten(task.needs?.text ?? "", 2000)))}\n\nAnswer: ${code(task.needs?.kind === "question" ? `copse send ${ref} "…"` : `copse approve ${ref}`)}`;
}

function failed(task: Task): string {
  const tail = task.failure?.hint ? `\n\nNext: ${plain(clean(task.failure.hint))}` : "";
  return `${asked(task)}\n\nWhy, ${task.run === 0 ? "before its first attempt" : `after ${count(task.run, "attempt")}`}${chain(task)}:\n\n${quote(clean(shorten(task.failure?.message ?? "unknown", 2000)))}${tail}${notes(task)}`;
}

const isSkipped = ({ failure }: Task): boolean => failure?.code === skippedCode;
const waitsForTasks = ({ notBefore }: Task): boolean => notBefore?.kind === "task" && notBefore.at === null;
const waits = (task: Task): string => `${asked(task)}\n\nState: ${plain(clean(task.notBefore?.text ?? ""))}.`;

function done(task: Task): string {
  const words = wordsOf(task);
  const said = words === null ? "The agent said nothing about it." : quote(clean(shorten(words, 1500)));
  const checks = task.verify.checks
    .map((one) => `- ${code(clean(one.command))}: ${one.exitCode === 0 ? "ok" : `exit code ${one.exitCode ?? "none"}`}`)
    .join("\n");
  return `${asked(task)}${chain(task)}\n\n${said}${checks === "" ? "" : `\n\nChecks:\n\n${checks}`}${issues(task)}${notes(task)}`;
}

function issues({ result }: Task): string {
  const rows = (result?.issues ?? []).map(({ number, title, url }) => `- #${number} ${plain(clean(title))}: ${encodeURI(url)}`);
  return rows.length === 0 ? "" : `\n\nIssues:\n\n${rows.join("\n")}`;
}

const notes = (task: Task): string =>
  task.notes.length === 0 ? "" : `\n\nNotes:\n\n${task.notes.map((note) => `- ${plain(clean(note))}`).join("\n")}`;
