/** Which updates have to be made together: a package and its types, what is released together, and what needs the new version of another. Pure. */
import type { Ranges, Update } from "./ecosystem.ts";
import { inReach, onOneLine } from "./versions.ts";

/** Updates that go or stay together; most are one alone. */
export type Family = readonly Update[];

/** In the order of the riskiest of each: the search lets the last ones go first. */
export function familiesOf(updates: readonly Update[]): Family[] {
  const sorted = [...updates].sort(byRisk);
  const families: Update[][] = [];
  for (const update of sorted) {
    const mine = families.filter((some) => some.some((other) => belong(update, other)));
    const rest = families.filter((some) => !mine.includes(some));
    families.splice(0, families.length, ...rest, [...mine.flat(), update].sort(byRisk));
  }
  const riskiest = (family: Family) => family.at(-1) as Update;
  return families.sort((a, b) => byRisk(riskiest(a), riskiest(b)));
}

const kinds = ["patch", "minor", "major"];
export const byRisk = (a: Update, b: Update): number => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1);

/** One package to two versions, in two places, is two updates that have nothing to do with each other. */
const belong = (a: Update, b: Update): boolean =>
  a.name !== b.name && (isTypesOf(a.name, b.name) || isTypesOf(b.name, a.name) || isReleasedWith(a, b) || needs(a, b) || needs(b, a));

/** `@types/x` goes with `x`, `@types/a__b` with `@a/b`. */
function isTypesOf(types: string, name: string): boolean {
  return types === `@types/${name.startsWith("@") ? name.slice(1).replace("/", "__") : name}`;
}

/** From one repository or, where one of them names none, of one scope, and both from and to the same line of versions. */
function isReleasedWith(a: Update, b: Update): boolean {
  const known = a.repository && b.repository;
  const scope = (name: string) => (name.startsWith("@") ? name.split("/")[0] : undefined);
  const home = known ? a.repository === b.repository : scope(a.name) !== undefined && scope(a.name) === scope(b.name);
  // DefinitelyTyped is one repository of thousands of packages.
  return home && scope(a.name) !== "@types" && scope(b.name) !== "@types" && onOneLine(a.to, b.to) && onOneLine(a.from, b.from);
}

/** Both new are well together, and one of them new beside the other as it is now is not. */
function needs(a: Update, b: Update): boolean {
  if (a.peers === undefined) return false;
  const suits = (ranges: Ranges, version: string) => !Object.hasOwn(ranges, b.name) || inReach(version, ranges[b.name] as string);
  return suits(a.peers.to, b.to) && (!suits(a.peers.to, b.from) || (suits(a.peers.from, b.from) && !suits(a.peers.from, b.to)));
}
