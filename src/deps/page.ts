/** The pages about a campaign: its report, and of each group the text of its pull request. Packages, checks and registries are foreign text, which can be nothing but text here. Pure. */
import { sayDuration } from "../core/duration.ts";
import { cell, code, count, html, mute, plain, quote, shorten } from "../core/markdown.ts";
import { redact } from "../core/redact.ts";
import { safe, safeLine } from "../core/safe.ts";
import { without } from "./audit.ts";
import type { Advisory, Audit, Left } from "./ecosystem.ts";
import type { Asked, Outcome, Published } from "./journal.ts";
import { isPage } from "./links.ts";
import { isKept, titleOf, type Verdict, versionOf } from "./verdict.ts";

/** What came of one group. */
export interface Part {
  /** "" where there are no groups. */
  readonly group: string;
  readonly verdicts: readonly Verdict[];
  readonly branch: string | null;
  readonly commit: string | null;
  readonly commits: number;
  /** Of the base, and of what is kept; null: it was not asked for. */
  readonly audits: { readonly before: Audit | null; readonly after: Audit | null };
  readonly published: Published | null;
}

export interface Page {
  readonly parts: readonly Part[];
  readonly left: readonly Left[];
  readonly notes: readonly string[];
  readonly checks: readonly Outcome[];
  readonly asked: Asked;
  readonly baseRef: string;
  /** Where the logs are. */
  readonly dir: string;
}

export function pageOf({ parts, left, notes, checks, asked, baseRef, dir }: Page): string {
  const all = parts.flatMap(({ verdicts }) => verdicts);
  const sections = [
    `# Dependency updates: ${all.filter(isKept).length} of ${all.length} kept`,
    `From ${code(baseRef)} (${code(asked.base.slice(0, 12))}), target ${code(asked.target)}, checked by ${asked.checks.map(code).join(", ")}: ${workOf(checks)}.`,
    ...parts.flatMap((part) => [
      ...(part.group === "" ? [] : [`## ${plain(part.group)}`]),
      keptLine(part),
      table(part.verdicts),
      ...holes(part),
      ...lists(
        part.published?.pr ? [`pull request #${part.published.pr.number}: ${part.published.pr.url}`] : [],
        part.published?.notes ?? [],
      ),
      ...part.verdicts.filter((one) => !isKept(one)).map((one) => revertedPart(one, dir)),
      ...part.verdicts.filter((one) => one.flaky !== null).map((one) => flakyPart(one, dir)),
    ]),
    ...notTried(left),
    ...lists(notes),
  ];
  return `${sections.join("\n\n")}\n`;
}

const workOf = (checks: readonly Outcome[]): string =>
  `${count(checks.length, "check")} in ${sayDuration(checks.reduce((sum, one) => sum + one.durationMs, 0))} of work`;

function keptLine({ branch, commit, commits }: Part): string {
  if (commit === null) return "None could be kept.";
  const each = commits > 1 ? ` ${eachCommit(commits)}` : "";
  return `What is kept was checked as it stands in ${code(branch ?? "")} (${code(commit.slice(0, 12))}), and passed.${each}`;
}

const eachCommit = (commits: number): string =>
  `There are ${commits} commits, each with the lockfile that belongs to it; only the last one was checked.`;

export interface Proposal {
  readonly title: string;
  readonly body: string;
}

/** `manager`: its name, and what of it was run. `secrets`: to be taken out. Without a marker. */
export function proposalOf(
  rawPart: Part,
  rawPage: Pick<Page, "left" | "notes" | "checks" | "asked" | "baseRef">,
  manager: { readonly name: string; readonly commands: readonly string[] },
  secrets: readonly string[],
): Proposal {
  const clean = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (_, one: unknown) =>
      typeof one === "string" ? safe(redact(one, secrets)).replaceAll("<!--", "<! --") : one,
    ) as T;
  const [part, page] = [clean(rawPart), clean(rawPage)];
  const kept = part.verdicts.filter(isKept).map(({ update }) => update);
  const gone = part.verdicts.filter((one) => !isKept(one));
  const flaky = part.verdicts.filter((one) => one.flaky !== null);
  const { asked, checks } = page;
  const commands = [...manager.commands, ...asked.checks];
  const sections = [
    `${gone.length === 0 ? count(kept.length, "update") : `${kept.length} of ${count(part.verdicts.length, "update")}`}, locked by ${code(manager.name)} and checked together as they stand here: ${asked.checks.map(code).join(", ")} passed. Base: ${code(page.baseRef)} (${code(asked.base.slice(0, 12))}).${part.commits > 1 ? ` ${eachCommit(part.commits)}` : ""}`,
    table(part.verdicts),
    ...holes(part),
    ...(gone.length === 0 ? [] : ["### Held back", ...gone.map((one) => folded(one, one.reverted?.why ?? "", one.reverted?.outcome))]),
    ...(flaky.length === 0
      ? []
      : ["### Flaky checks", ...flaky.map((one) => folded(one, "failed once, and passed when it was repeated", one.flaky))]),
    ...notTried(page.left, "###"),
    ...lists(page.notes),
    `Run for each check: ${commands.map(code).join(", ")}; ${workOf(checks)} in all.`,
  ];
  const title = `${titleOf(kept)}${part.group === "" || kept.length === 1 ? "" : ` (${part.group})`}`;
  return { title: safeLine(title, 250).replaceAll("@", "@\u200b"), body: sections.join("\n\n") };
}

const table = (verdicts: readonly Verdict[]): string =>
  ["| package | from | to | kind | where | checks | result |", "|---|---|---|---|---|---|---|", ...verdicts.map(rowOf)].join("\n");

function rowOf({ update, family, flaky, reverted }: Verdict): string {
  const { name, from, to, kind, dev, places, link } = update;
  const page = isPage(link) ? ` ([${link.endsWith("/releases") ? "releases" : "page"}](${link}))` : "";
  const where = places.map(({ manifest }) => cell(manifest)).join(" ");
  const checks = reverted !== null ? "failed" : flaky === null ? "passed" : "flaky: failed once, then passed";
  const beside = family.length === 0 ? "" : ` (moves with ${family.map(cell).join(", ")})`;
  const result = reverted === null ? "kept" : `reverted: ${words(reverted.why)}`;
  return `| ${cell(name)}${page} | ${cell(from)} | ${cell(to)} | ${kind}${dev ? ", dev" : ""} | ${where} | ${checks} | ${result}${beside} |`;
}

/** In a sentence: nobody is called by it, nothing closed. */
const words = (text: string): string => mute(plain(text));

function revertedPart(verdict: Verdict, dir: string): string {
  if (verdict.reverted === null) return "";
  const { why, outcome } = verdict.reverted;
  return `### ${words(versionOf(verdict.update))}\n\n${words(why)}. All it said: ${code(`${dir}/${outcome.log}`)}\n\n${quote(outcome.lines.join("\n"))}`;
}

function flakyPart({ update, flaky }: Verdict, dir: string): string {
  if (flaky === null) return "";
  return `### Flaky: ${words(versionOf(update))}\n\nIts check failed once and passed when it was repeated. All it said when it failed: ${code(`${dir}/${flaky.log}`)}\n\n${quote(flaky.lines.join("\n"))}`;
}

const mostLines = 4000;

function folded({ update }: Verdict, why: string, outcome: Outcome | null | undefined): string {
  const lines = !outcome || outcome.lines.length === 0 ? "(it said nothing)" : shorten(outcome.lines.join("\n"), mostLines);
  return `<details><summary><code>${html(versionOf(update))}</code></summary>\n\n${words(why)}\n\n${quote(lines)}\n\n</details>`;
}

/** What is mended, what is not, and what has come. */
function holes({ audits: { before, after }, commit }: Part): string[] {
  if (before === null) return [];
  if ("why" in before) return [`Known holes could not be looked up: ${words(before.why)}.`];
  if (before.found.length === 0 || commit === null) return before.found.length === 0 ? ["No known hole was there before."] : [];
  if (after === null || "why" in after)
    return [`Known holes could not be looked up after the updates${after === null ? "" : `: ${words(after.why)}`}.`];
  const [mended, come] = [without(before.found, after.found), without(after.found, before.found)];
  const still = before.found.length - mended.length;
  return [
    `Known holes: ${mended.length} mended, ${still} still there, ${come.length} new.`,
    ...(mended.length === 0 ? [] : [mended.map((one) => `- mended: ${holeOf(one)}`).join("\n")]),
    ...(come.length === 0 ? [] : [come.map((one) => `- new: ${holeOf(one)}`).join("\n")]),
  ];
}

const holeOf = ({ name, severity, title, url, id }: Advisory): string =>
  `${code(name)}, ${words(severity)}: ${words(title)}${isPage(url) ? ` ([advisory](${url}))` : ` (${words(id)})`}`;

function notTried(left: readonly Left[], level = "##"): string[] {
  if (left.length === 0) return [];
  const rows = left.map(({ name, from, latest, why }) => `| ${cell(name)} | ${cell(from)} | ${cell(latest)} | ${words(why)} |`);
  return [`${level} Not tried`, ["| package | installed | newest | why |", "|---|---|---|---|", ...rows].join("\n")];
}

function lists(...some: readonly (readonly string[])[]): string[] {
  const all = some.flat();
  return all.length === 0 ? [] : [all.map((one) => `- ${words(one)}`).join("\n")];
}
