/** What became of each update, and the page and the commit message that say so. Pure. */
import { sayDuration } from "../core/duration.ts";
import { cell, code, count, plain, quote } from "../core/markdown.ts";
import type { Left, Listed, Update } from "./ecosystem.ts";
import type { Asked, Outcome } from "./journal.ts";
import { keyOf, type Next } from "./search.ts";

export interface Verdict {
  readonly update: Update;
  /** null: it is kept. */
  readonly reverted: {
    /** Of those that fail only together, the others, each with its version. */
    readonly together: readonly string[];
    readonly why: string;
    readonly outcome: Outcome;
  } | null;
}

/** Those that are wanted; the others are left, and say so. */
export function chosenOf({ updates, left }: Listed, { only, ignore }: Pick<Asked, "only" | "ignore">): Listed {
  const named = (patterns: readonly string[], name: string) => patterns.some((pattern) => asPattern(pattern).test(name));
  const wanted = (name: string) => only.length === 0 || named(only, name);
  const ignored: Left[] = updates
    .filter(({ name }) => wanted(name) && named(ignore, name))
    .map(({ name, from, to }) => ({ name, from, latest: to, why: "ignored" }));
  return {
    updates: updates.filter(({ name }) => wanted(name) && !named(ignore, name)).sort(byRisk),
    left: [...ignored, ...left.filter(({ name }) => wanted(name) && !named(ignore, name))],
  };
}

/** The search lets the last ones go first. */
const kinds = ["patch", "minor", "major"];
const byRisk = (a: Update, b: Update): number => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1);

const asPattern = (glob: string): RegExp => new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

export function verdictsOf(
  updates: readonly Update[],
  { reverted }: Extract<Next, { to: "end" }>,
  outcomes: ReadonlyMap<string, Outcome>,
): Verdict[] {
  return updates.map((update, i) => {
    const gone = reverted.find((one) => one.update === i);
    if (gone === undefined) return { update, reverted: null };
    const outcome = outcomes.get(keyOf(gone.conflict)) as Outcome;
    const together = gone.conflict.filter((one) => one !== i).map((one) => versionOf(updates[one] as Update));
    const how = `${stages[outcome.stage]}: \`${outcome.command}\` ${outcome.exitCode === null ? "ran out of time" : `exited ${outcome.exitCode}`}`;
    return {
      update,
      reverted: { together, why: together.length === 0 ? how : `only together with ${together.join(", ")}; ${how}`, outcome },
    };
  });
}

const stages = { lock: "cannot be locked", install: "cannot be installed", check: "fails" } as const;
const versionOf = ({ name, to }: Update): string => `${name}@${to}`;
const isKept = ({ reverted }: Verdict): boolean => reverted === null;

export function messageOf(verdicts: readonly Verdict[]): string {
  const kept = verdicts.filter(isKept).map(({ update }) => update);
  const [one] = kept;
  const title = kept.length === 1 && one ? `Update ${one.name} to ${one.to}` : `Update ${kept.length} dependencies`;
  return `${title}\n\n${kept.map(({ name, from, to, kind }) => `- ${name} ${from} → ${to} (${kind})`).join("\n")}\n`;
}

export interface Page {
  readonly verdicts: readonly Verdict[];
  readonly left: readonly Left[];
  readonly checks: readonly Outcome[];
  readonly asked: Asked;
  readonly baseRef: string;
  readonly branch: string | null;
  readonly commit: string | null;
  /** Where the logs are. */
  readonly dir: string;
}

export function pageOf({ verdicts, left, checks, asked, baseRef, branch, commit, dir }: Page): string {
  const kept = verdicts.filter(isKept);
  const gone = verdicts.filter((one) => !isKept(one));
  const passed =
    commit === null
      ? "None could be kept."
      : `What is kept was checked as it stands in ${code(branch ?? "")} (${code(commit.slice(0, 12))}), and passed.`;
  const parts = [
    `# Dependency updates: ${kept.length} of ${verdicts.length} kept`,
    `From ${code(baseRef)} (${code(asked.base.slice(0, 12))}), target ${code(asked.target)}, checked by ${asked.checks.map(code).join(", ")}: ${count(checks.length, "check")} in ${sayDuration(checks.reduce((sum, one) => sum + one.durationMs, 0))} of work. ${passed}`,
    ["| package | from | to | kind | where | result |", "|---|---|---|---|---|---|", ...verdicts.map(rowOf)].join("\n"),
    ...(gone.length === 0 ? [] : ["## Reverted", ...gone.map((one) => revertedPart(one, dir))]),
    ...(left.length === 0
      ? []
      : ["## Not tried", ["| package | installed | newest | why |", "|---|---|---|---|", ...left.map(leftRow)].join("\n")]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function rowOf({ update: { name, from, to, kind, dev, places, link }, reverted }: Verdict): string {
  const page =
    link !== null && /^https?:\/\/[^\s()<>|\]]+$/.test(link) ? ` ([${link.endsWith("/releases") ? "releases" : "page"}](${link}))` : "";
  const where = places.map(({ manifest }) => cell(manifest)).join(" ");
  const result = reverted === null ? "kept" : `reverted: ${plain(reverted.why)}`;
  return `| ${cell(name)}${page} | ${cell(from)} | ${cell(to)} | ${kind}${dev ? ", dev" : ""} | ${where} | ${result} |`;
}

const leftRow = ({ name, from, latest, why }: Left): string => `| ${cell(name)} | ${cell(from)} | ${cell(latest)} | ${plain(why)} |`;

function revertedPart({ update, reverted }: Verdict, dir: string): string {
  if (reverted === null) return "";
  const { why, outcome } = reverted;
  return `### ${plain(versionOf(update))}\n\n${plain(why)}. All it said: ${code(`${dir}/${outcome.log}`)}\n\n${quote(outcome.lines.join("\n"))}`;
}
