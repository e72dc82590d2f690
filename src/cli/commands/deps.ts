/** `copse deps`: a campaign of dependency updates in this repository, in the foreground. What it has checked is kept, so after Ctrl-C or a crash the same command goes on. */
import { availableParallelism } from "node:os";
import { CopseError, exit } from "../../core/errors.ts";
import { safe, safeLine } from "../../core/safe.ts";
import { campaign, type News, preview, type Report, type Wish } from "../../deps/campaign.ts";
import { CutShort } from "../../deps/check.ts";
import { ecosystemOf } from "../../deps/detect.ts";
import type { Left, Listed, Target, Update } from "../../deps/ecosystem.ts";
import { resolveBase } from "../../git/base.ts";
import { findRepository } from "../../git/repository.ts";
import { taskEnvironment } from "../../session/environment.ts";
import { stateDir } from "../../store/paths.ts";
import { err, isTty, out } from "../../system/output.ts";

export interface DepsOptions {
  readonly target: Target;
  readonly verify: readonly string[];
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  readonly base: string | undefined;
  readonly limit: string | undefined;
  readonly dryRun: boolean;
  readonly fresh: boolean;
  readonly json: boolean;
}

export async function deps(options: DepsOptions): Promise<number> {
  const wish = await wishOf(options);
  const { json } = options;
  try {
    if (options.dryRun) {
      const listed = await preview(wish);
      out(json ? `${JSON.stringify(listed)}\n` : safe(listText(listed, wish.asked.target)));
      return exit.ok;
    }
    const report = await campaign(wish);
    out(json ? `${JSON.stringify(jsonOf(report, wish))}\n` : safe(reportText(report)));
    return report.branch === null && report.verdicts.length > 0 ? exit.failed : exit.ok;
  } catch (error) {
    if (!(error instanceof CutShort)) throw error;
    throw new CopseError("INTERRUPTED", "the campaign was interrupted", {
      hint: options.dryRun ? "Nothing of it is left." : "What has been checked stays checked; go on with the same command.",
      cause: error,
    });
  }
}

async function wishOf(options: DepsOptions): Promise<Wish> {
  const repo = findRepository(process.cwd());
  // Both are files of their own in dist/, which other commands use as well.
  const loaded = (await import("../../store/config.ts")).loadConfig(repo.bare ? null : repo.top);
  const { config } = loaded;
  const { sha, ref } = await resolveBase(repo.top, options.base ?? config.base);
  const ecosystem = await ecosystemOf(repo.root, sha);
  if (options.verify.length === 0 && loaded.origin.verify === "project")
    await (await import("../trust.ts")).requireTrust(loaded, repo, isTty(0) && isTty(2) && !options.json);
  const own = ecosystem.check === null ? [] : [ecosystem.check];
  const checks = [options.verify, config.verify, own].find((some) => some.length > 0);
  if (checks === undefined && !options.dryRun)
    throw new CopseError("USAGE", "there is nothing to check updates by: no test script, and no `verify` in the configuration", {
      hint: 'Name a command: copse deps --verify "…"',
    });
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  return {
    state: stateDir(),
    repo,
    asked: { base: sha, target: options.target, checks: checks ?? [], only: options.only, ignore: options.ignore },
    baseRef: ref,
    ecosystem,
    limit: limitOf(options.limit) ?? (loaded.origin.limit === "default" ? usualLimit : config.limit),
    env: taskEnvironment(process.env),
    signal: controller.signal,
    fresh: options.fresh,
    branch: (label) => config.branch.replaceAll("{label}", label),
    told: options.json ? () => {} : (news) => err(safe(`${newsText(news)}\n`)),
  };
}

/** Tests wait more than they work: measured on two cores, four at once are fastest. A part of the search has no more of them. */
const usualLimit = Math.min(4, 2 * availableParallelism());

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,2}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new CopseError("USAGE", `--limit: expected a number of checks at once, got "${text}"`, { hint: "Example: --limit 4" });
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

function newsText(news: News): string {
  if (news.type === "resumed") return `going on with a campaign that was cut short; ${counted(news.checks, "check")} done before`;
  if (news.type === "listed") return `${counted(news.updates, "update")} to try`;
  const { names, all, outcome } = news;
  const what =
    names.length === 0
      ? "without any update"
      : all
        ? `all ${names.length} at once`
        : names.length > 3
          ? `${names.length} of them`
          : names.join(", ");
  const end = outcome.ok ? "passed" : `failed: ${safeLine(outcome.command, 80)} exited ${outcome.exitCode ?? "without a code"}`;
  return `${outcome.ok ? "✓" : "✗"} ${what}: ${end} (${(outcome.durationMs / 1000).toFixed(1)} s)`;
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

function listText({ updates, left }: Listed, target: Target): string {
  const head = updates.length === 0 ? `nothing to update (target ${target})\n` : table(updates.map(cells));
  return `${head}${leftText(left)}`;
}

function reportText({ verdicts, left, branch, report, checks, checksNow }: Report): string {
  if (verdicts.length === 0) return `nothing to update\n${leftText(left)}`;
  const kept = verdicts.filter(({ reverted }) => reverted === null).length;
  const rows = verdicts.map(({ update, reverted }) => [
    reverted === null ? "✓" : "✗",
    ...cells(update),
    reverted === null ? "kept" : `reverted: ${safeLine(reverted.why, 160)}`,
  ]);
  const before = checks === checksNow ? "" : `, ${checks - checksNow} of them before`;
  const end =
    branch === null
      ? "none could be kept, so there is no branch\n"
      : `${kept} of ${verdicts.length} kept, on ${branch}, checked as it stands there (${counted(checks, "check")}${before})\n`;
  return `${table(rows)}${leftText(left)}\n${end}report: ${report}\n${branch === null ? "" : `take it over: git merge ${branch}\n`}`;
}

/** Everything of it, the updates flat. */
function jsonOf(report: Report, { asked, baseRef }: Wish) {
  const { verdicts, number, ...rest } = report;
  return {
    campaign: number,
    ...asked,
    baseRef,
    ...rest,
    updates: verdicts.map(({ update, reverted }) => ({
      ...update,
      kept: reverted === null,
      reverted: reverted === null ? null : { together: reverted.together, why: reverted.why, ...reverted.outcome },
    })),
  };
}
