/** What `.github/dependabot.yml` says is to be left alone: its `ignore` rules for npm, as refusals. Pure. */
import type { Kind, Refusal, Step } from "./ecosystem.ts";
import { type Fields, fieldsOf, listOf, type Said, textsOf } from "./fields.ts";
import { globbed, isNamed } from "./patterns.ts";
import { isAbout, isRange } from "./versions.ts";

const kindOf: Readonly<Record<string, Kind>> = {
  "version-update:semver-major": "major",
  "version-update:semver-minor": "minor",
  "version-update:semver-patch": "patch",
};

/** `data`: of the file. `by`: its path. */
export function dependabotSaid(data: unknown, by: string): Said {
  const refusals: Refusal[] = [];
  const notes: string[] = [];
  const updates = listOf(fieldsOf(data)["updates"]).map(fieldsOf);
  for (const update of updates.filter((one) => one["package-ecosystem"] === "npm")) {
    const isThere = placeIn(update);
    if (isThere === undefined) notes.push(`a directory in ${by} is not understood, so what is ignored there is not known here`);
    else
      for (const rule of listOf(update["ignore"])) {
        const { refuses, odd } = ruleIn(fieldsOf(rule));
        for (const what of odd) notes.push(`${by}: ${what} of an ignore rule is not understood, so it does not count`);
        refusals.push({ by, refuses: (step) => isThere(step.manifest) && refuses(step) });
      }
    if (listOf(update["allow"]).some((one) => fieldsOf(one)["dependency-name"] !== undefined))
      notes.push(`${by}: \`allow\` does not count here; name packages with --only`);
  }
  return { refusals, notes: [...new Set(notes)] };
}

/** It is in a folder that the entry names, or below. */
function placeIn(update: Fields): ((manifest: string) => boolean) | undefined {
  const named = textsOf(update["directories"] ?? update["directory"] ?? "/") ?? [undefined];
  const all = named.map((one) => (one === undefined ? undefined : globbed(one.replace(/^\/*/, "/").replace(/(.)\/+$/, "$1"))));
  if (all.includes(undefined)) return undefined;
  return (manifest) => {
    const parts = `/${manifest}`.split("/").slice(0, -1);
    const folders = parts.map((_, i) => parts.slice(0, i + 1).join("/") || "/");
    return folders.some((folder) => all.some((matches) => matches?.(folder)));
  };
}

interface Rule {
  readonly refuses: (step: Step) => boolean;
  /** What of it cannot be understood. */
  readonly odd: readonly string[];
}

const known = ["dependency-name", "versions", "update-types"];

/** By its versions or by its kinds; by neither: all. */
function ruleIn(rule: Fields): Rule {
  const name = rule["dependency-name"];
  const none = (odd: readonly string[]): Rule => ({ refuses: () => false, odd });
  const strange = Object.keys(rule).filter((key) => !known.includes(key));
  if (strange.length > 0) return none(strange.map((key) => `\`${key}\``));
  if (typeof name !== "string") return none(["`dependency-name`"]);
  const versions = (textsOf(rule["versions"] ?? []) ?? [""]).map((one) => one.replaceAll(",", " ").trim());
  const types = textsOf(rule["update-types"] ?? []) ?? [""];
  const ranges = versions.filter((one) => one !== "" && isRange(one));
  const kinds = types.flatMap((one) => kindOf[one] ?? []);
  const odd = [
    ...versions.filter((one) => !ranges.includes(one)).map((one) => `the version \`${one}\``),
    ...types.filter((one) => kindOf[one] === undefined).map((one) => `the update type \`${one}\``),
  ];
  const isAll = versions.length === 0 && types.length === 0;
  const refuses = ({ name: asked, to, kind }: Step) =>
    isNamed([name], asked) && (isAll || kinds.includes(kind) || ranges.some((range) => isAbout(to, range)));
  return { refuses, odd };
}
