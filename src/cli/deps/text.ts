/** What `copse deps` says: lines while it works, the result, the same as JSON. */

import { safeLine } from "../../core/safe.ts";
import type { News, Report, Wish } from "../../deps/campaign.ts";
import type { Left, Listed, Target, Update } from "../../deps/ecosystem.ts";
import { familiesOf } from "../../deps/families.ts";
import { groupsOf } from "../../deps/groups.ts";
import type { Part } from "../../deps/page.ts";
import { count } from "../view/words.ts";

/** One line, or several; "" for what is worth none. */
export function newsText(news: News): string {
  switch (news.type) {
    case "resumed":
      return `going on with a campaign that was cut short; ${count(news.checks, "check")} done before`;
    case "listed":
      return `${count(news.updates, "update")} to try${news.groups.length > 1 ? `, in ${count(news.groups.length, "group")}: ${news.groups.join(", ")}` : ""}`;
    case "searching":
      return `${news.group}: ${count(news.updates, "update")}`;
    case "branched":
      return `made ${news.branch}`;
    case "handed": {
      const over = news.over.length === 0 ? "" : `; over --max-tasks and not begun: ${news.over.join(", ")}`;
      return `${count(news.tasks.length, "task")} for an agent: ${news.tasks.join(", ") || "none"}${over}`;
    }
    case "published":
      return publishedLines(news).join("\n");
    case "checking":
      return "";
    case "checked": {
      const { again, outcome } = news;
      const failed = `failed: ${safeLine(outcome.command, 80)} exited ${outcome.exitCode ?? "without a code"}`;
      const end = outcome.ok ? (again ? "passed, so that check is flaky" : "passed") : failed;
      return `${outcome.ok ? "✓" : "✗"} ${setText(news)}: ${end} (${(outcome.durationMs / 1000).toFixed(1)} s)`;
    }
  }
}

/** What is being checked. */
export function setText({ names, all, again }: Pick<Extract<News, { type: "checking" }>, "names" | "all" | "again">): string {
  const many = all && names.length > 1 ? `all ${names.length} at once` : names.length > 3 ? `${names.length} of them` : names.join(", ");
  return `${names.length === 0 ? "without any update" : many}${again ? ", once more" : ""}`;
}

function publishedLines({ pr, notes }: NonNullable<Part["published"]>): string[] {
  return [...(pr === null ? [] : [`${pr.draft ? "draft " : ""}pull request #${pr.number}: ${pr.url}`]), ...notes];
}

/** Columns as wide as what stands in them. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => [...(row[i] ?? "")].length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((text, i) => text.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

const cells = ({ name, from, to, kind, dev }: Update): string[] => [name, from, `→ ${to}`, dev ? `${kind}, dev` : kind];
const leftText = (left: readonly Left[]): string =>
  left.length === 0 ? "" : `\nnot tried:\n${table(left.map(({ name, from, latest, why }) => [`  ${name}`, from, `→ ${latest}`, why]))}`;
const notesText = (notes: readonly string[]): string => (notes.length === 0 ? "" : `\n${notes.map((one) => `note: ${one}\n`).join("")}`);

export function listText({ updates, left, notes = [] }: Listed, target: Target, rules: readonly string[]): string {
  const families = familiesOf(updates);
  const groups = groupsOf(families, rules).map(({ name, families: mine }) => {
    const rows = mine.flatMap((i) => families[i] ?? []).map((one) => [`${name === "" ? "" : "  "}${one.name}`, ...cells(one).slice(1)]);
    return `${name === "" ? "" : `${name}:\n`}${table(rows)}`;
  });
  const head = updates.length === 0 ? `nothing to update (target ${target})\n` : groups.join("");
  return `${head}${leftText(left)}${notesText(notes)}`;
}

export function reportText({ parts, verdicts, left, notes, tasks, number, report, checks, checksNow }: Report): string {
  if (verdicts.length === 0) return `nothing to update\n${leftText(left)}${notesText(notes)}`;
  const before = checks === checksNow ? "" : `, ${checks - checksNow} of them before`;
  const all = parts.map((part) => partText(part, `${count(checks, "check")}${before}`));
  const handed = tasks.length === 0 ? "" : `handed to an agent: ${tasks.join(", ")} (copse tasks --batch deps-${number})\n`;
  return `${all.join("\n")}${leftText(left)}${notesText(notes)}\n${handed}report: ${report}\n`;
}

function partText({ group, verdicts, branch, published, commits }: Part, checks: string): string {
  const kept = verdicts.filter(({ reverted }) => reverted === null).length;
  const rows = verdicts.map(({ update, reverted, flaky }) => [
    reverted === null ? "✓" : "✗",
    ...cells(update),
    reverted === null ? `kept${flaky === null ? "" : " (its check is flaky: it failed once)"}` : `reverted: ${safeLine(reverted.why, 160)}`,
  ]);
  const head = group === "" ? "" : `${group}:\n`;
  if (branch === null) return `${head}${table(rows)}\nnone could be kept, so there is no branch\n`;
  const each = commits > 1 ? `, ${commits} commits` : "";
  const outside = published === null ? [`take it over: git merge ${branch}`] : publishedLines(published);
  return `${head}${table(rows)}\n${kept} of ${verdicts.length} kept, on ${branch}${each}, checked as it stands there (${checks})\n${outside.map((line) => `${line}\n`).join("")}`;
}

/** Everything of it, the updates flat. */
export function jsonOf(report: Report, { asked, baseRef }: Wish) {
  const { verdicts, number, parts, ...rest } = report;
  return {
    campaign: number,
    ...asked,
    baseRef,
    ...rest,
    groups: parts.map(({ group, branch, commit, commits, audits, published, verdicts: mine }) => ({
      name: group === "" ? null : group,
      branch,
      commit,
      commits,
      kept: mine.filter(({ reverted }) => reverted === null).length,
      audits,
      pr: published?.pr ?? null,
      notes: published?.notes ?? [],
    })),
    updates: parts.flatMap(({ group, verdicts: mine }) =>
      mine.map(({ update, family, flaky, reverted }) => ({
        ...update,
        group: group === "" ? null : group,
        family,
        flaky,
        kept: reverted === null,
        reverted: reverted === null ? null : { together: reverted.together, why: reverted.why, ...reverted.outcome },
      })),
    ),
  };
}
