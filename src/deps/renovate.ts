/** What a file of Renovate's says is to be left alone: `ignoreDeps`, and rules that switch updates off or bound their versions, as refusals. Pure. */
import type { Refusal, Step } from "./ecosystem.ts";
import { type Fields, fieldsOf, listOf, type Said, textsOf } from "./fields.ts";
import { anyOf, type Matcher, matcherOf } from "./patterns.ts";
import { inReach, isRange } from "./versions.ts";

/** Of several that fit, the last one that says anything of it counts. */
interface Rule {
  readonly fits: (step: Step) => boolean;
  readonly enabled?: boolean;
  readonly allowed?: Matcher;
}

/** `config`: all of it. `by`: the file. */
export function renovateSaid(config: unknown, by: string): Said {
  const all = fieldsOf(config);
  const notes: string[] = [];
  const refusals: Refusal[] = [];
  const names = all["ignoreDeps"] === undefined ? [] : textsOf(all["ignoreDeps"]);
  const isIgnored = names === undefined ? undefined : anyOf(names);
  if (isIgnored === undefined) notes.push(`${by}: \`ignoreDeps\` is not understood, so it does not count`);
  else refusals.push({ by, refuses: ({ name }) => isIgnored(name) });
  const rules: Rule[] = [...presets(all, by, notes), ...nested(all, () => true)];
  for (const [i, rule] of listOf(all["packageRules"]).entries())
    rules.push(
      ...rulesIn(fieldsOf(rule), (what) =>
        notes.push(`${by}: ${what} of packageRules[${i}] is not understood, so that rule does not count`),
      ),
    );
  refusals.push({ by, refuses: (step) => isRefused(rules, step) });
  return { refusals, notes: [...new Set(notes)] };
}

function isRefused(rules: readonly Rule[], step: Step): boolean {
  const fitting = rules.filter(({ fits }) => fits(step));
  const enabled = fitting.findLast((one) => one.enabled !== undefined)?.enabled ?? true;
  return !enabled || fitting.findLast((one) => one.allowed !== undefined)?.allowed?.(step.to) === false;
}

const parts: Readonly<Record<string, (step: Step) => boolean>> = {
  ...Object.fromEntries(["major", "minor", "patch"].map((kind) => [kind, (step: Step) => step.kind === kind])),
  ...Object.fromEntries(
    ["dependencies", "devDependencies", "optionalDependencies"].map((field) => [field, (step: Step) => step.field === field]),
  ),
};

/** `{ "major": { "enabled": false } }`, and the like. */
const nested = (fields: Fields, fits: Rule["fits"]): Rule[] =>
  Object.entries(parts).flatMap(([key, isPart]) => {
    const enabled = fieldsOf(fields[key])["enabled"];
    return typeof enabled === "boolean" ? [{ fits: (step: Step) => isPart(step) && fits(step), enabled }] : [];
  });

const ownPresets =
  /^(?:abandonments|config|customManagers|default|docker|global|group|helpers|mergeConfidence|monorepo|npm|packages|preview|regexManagers|replacements|schedule|security|workarounds|):[^>]*$/;
const off: Readonly<Record<string, string>> = { ":disableMajorUpdates": "major", ":disableDevDependencies": "devDependencies" };

function presets(all: Fields, by: string, notes: string[]): Rule[] {
  const named = all["extends"] === undefined ? [] : (textsOf(all["extends"]) ?? ["something"]);
  for (const one of named.filter((preset) => !ownPresets.test(preset))) notes.push(`${by} extends ${one}, whose rules are not known here`);
  return named.flatMap((one) => {
    const fits = parts[off[one] ?? ""];
    return fits === undefined ? [] : [{ fits, enabled: false }];
  });
}

/** Names of before. */
const renamed: Readonly<Record<string, string>> = {
  packageNames: "matchPackageNames",
  packagePatterns: "matchPackagePatterns",
  depTypeList: "matchDepTypes",
  updateTypes: "matchUpdateTypes",
  managers: "matchManagers",
  datasources: "matchDatasources",
  paths: "matchFileNames",
  matchPaths: "matchFileNames",
};

/** For every update of npm's the same. */
const fixed: Readonly<Record<string, string>> = { matchManagers: "npm", matchDatasources: "npm", matchCategories: "js" };

const asked: Readonly<Record<string, (step: Step) => string>> = {
  matchDepTypes: ({ field }) => field,
  matchUpdateTypes: ({ kind }) => kind,
  matchFileNames: ({ manifest }) => manifest,
};

function rulesIn(given: Fields, odd: (what: string) => void): Rule[] {
  const rule = Object.fromEntries(Object.entries(given).map(([key, value]) => [renamed[key] ?? key, value])) as Fields;
  const { enabled, allowedVersions } = rule as { readonly enabled?: unknown; readonly allowedVersions?: unknown };
  if (enabled === undefined && allowedVersions === undefined && nested(rule, () => true).length === 0) return [];
  const some = conditionsIn(rule);
  // One for Docker's images is nobody's here, whatever else stands in it.
  if (some.some(({ isFixed, fits }) => isFixed && fits?.(nobody) === false)) return [];
  const unknown = some.find(({ fits }) => fits === undefined);
  if (unknown !== undefined) odd(unknown.key);
  const allowed = allowedVersions === undefined ? undefined : versionIn(allowedVersions);
  if (allowedVersions !== undefined && allowed === undefined) odd("allowedVersions");
  if (enabled !== undefined && typeof enabled !== "boolean") odd("enabled");
  if (unknown !== undefined) return [];
  const fits = (step: Step) => some.every((one) => one.fits?.(step));
  return [
    ...(typeof enabled === "boolean" ? [{ fits, enabled }] : []),
    ...nested(rule, fits),
    ...(allowed === undefined ? [] : [{ fits, allowed }]),
  ];
}

const nobody: Step = { name: "", from: "", to: "", kind: "patch", manifest: "", field: "" };

interface Condition {
  readonly key: string;
  /** It is the same for every update of npm's. */
  readonly isFixed: boolean;
  /** undefined: it is not understood. */
  readonly fits: ((step: Step) => boolean) | undefined;
}

function conditionsIn(rule: Fields): Condition[] {
  const keys = Object.keys(rule).filter((key) => /^(?:match|exclude)/.test(key));
  const naming = /^(?:match|exclude)(Package|Dep)(?:Names|Patterns|Prefixes)$/;
  const families = ["Package", "Dep"]
    .map((family) => keys.filter((key) => naming.exec(key)?.[1] === family))
    .filter(({ length }) => length > 0);
  const over = (matches: Matcher | undefined, of: ((step: Step) => string) | undefined): Condition["fits"] =>
    matches && of && ((step) => matches(of(step)));
  return [
    ...families.map((mine) => {
      const patterns = mine.map((key) => patternsIn(key, rule[key]));
      const matches = patterns.includes(undefined) ? undefined : anyOf(patterns.flatMap((one) => one ?? []));
      return { key: mine.join(", "), isFixed: false, fits: over(matches, ({ name }) => name) };
    }),
    ...keys
      .filter((key) => !naming.test(key))
      .map((key) => {
        const value = fixed[key];
        if (key === "matchCurrentVersion") return { key, isFixed: false, fits: over(versionIn(rule[key]), ({ from }) => from) };
        const texts = textsOf(rule[key]);
        const of = value === undefined ? asked[key] : () => value;
        return { key, isFixed: value !== undefined, fits: over(texts && anyOf(texts), of) };
      }),
  ];
}

/** All ways in which names were ever given, in the one of today. */
function patternsIn(key: string, value: unknown): string[] | undefined {
  const not = key.startsWith("exclude") ? "!" : "";
  const as = key.endsWith("Patterns")
    ? (one: string) => (one === "*" ? one : `/${one}/`)
    : key.endsWith("Prefixes")
      ? (one: string) => `${one}**`
      : (one: string) => one;
  return textsOf(value)?.map((one) => `${not}${as(one)}`);
}

/** A range, or a regular expression, maybe with `!` before it. */
function versionIn(value: unknown): Matcher | undefined {
  if (typeof value !== "string") return undefined;
  const [, not, pattern] = /^(!?)(\/.*)$/s.exec(value.trim()) ?? [];
  const matches = pattern === undefined ? undefined : matcherOf(pattern);
  if (matches !== undefined) return (version) => matches(version) !== (not === "!");
  return pattern === undefined && value.trim() !== "" && isRange(value) ? (version) => inReach(version, value) : undefined;
}
