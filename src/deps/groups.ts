/** Groups of updates that get a branch and a pull request each: what a person writes for one, and which updates are in it. Pure. */
import { CopseError } from "../core/errors.ts";
import type { Kind } from "./ecosystem.ts";
import type { Family } from "./families.ts";
import { isNamed } from "./patterns.ts";

export interface Group {
  /** "" where there are no groups. */
  readonly name: string;
  /** Numbers of families, ascending. */
  readonly families: readonly number[];
}

interface Rule {
  readonly name: (family: Family) => string | undefined;
}

const kinds: readonly Kind[] = ["patch", "minor", "major"];
const rest = "other";

/** `dev`, `kind`, or `name=pattern,pattern`. @throws CopseError USAGE */
export function ruleOf(text: string): Rule {
  if (text === "dev") return { name: (family) => (family.every(({ dev }) => dev) ? "dev" : undefined) };
  if (text === "kind") return { name: (family) => kinds[Math.max(...family.map(({ kind }) => kinds.indexOf(kind)))] };
  const [, name, patterns] = /^([\w][\w-]{0,40})=(.+)$/.exec(text) ?? [];
  if (name === undefined || patterns === undefined)
    throw new CopseError("USAGE", `--group: expected dev, kind or a name with patterns, got "${text}"`, {
      hint: 'Example: --group "eslint=eslint,@eslint/*,eslint-*"',
    });
  const all = patterns.split(",").map((one) => one.trim());
  return { name: (family) => (family.some((one) => isNamed(all, one.name)) ? name : undefined) };
}

/** The first rule that fits counts; what none fits is a group of its own. Empty ones are left out. */
export function groupsOf(families: readonly Family[], rules: readonly string[]): Group[] {
  const all = rules.map(ruleOf);
  const nameOf = (family: Family): string =>
    all.map(({ name }) => name(family)).find((one) => one !== undefined) ?? (all.length === 0 ? "" : rest);
  const names = families.map(nameOf);
  return [...new Set(names)]
    .sort((a, b) => Number(a === rest) - Number(b === rest))
    .map((name) => ({
      name,
      families: names.flatMap((one, i) => (one === name ? [i] : [])),
    }));
}
