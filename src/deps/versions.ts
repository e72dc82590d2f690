/** Rules of semantic versions: what counts as patch, minor and major, how far a target goes, and how a range is written anew. Pure; the only user of the semver package. */
import Range from "semver/classes/range.js";
import gt from "semver/functions/gt.js";
import lt from "semver/functions/lt.js";
import parse from "semver/functions/parse.js";
import satisfies from "semver/functions/satisfies.js";
import sort from "semver/functions/sort.js";
import valid from "semver/functions/valid.js";
import validRange from "semver/ranges/valid.js";
import type { Kind, Target } from "./ecosystem.ts";

/** By what a caret and a tilde let pass, so that below 1.0 a minor counts as a major, and below 0.1 a patch does too. */
export function kindOf(from: string, to: string): Kind {
  if (!satisfies(to, `^${from}`)) return "major";
  return satisfies(to, `~${from}`) ? "patch" : "minor";
}

/** The range a target leads to at most; null for "the latest there is". */
export function reachOf(from: string, target: Target): string | null {
  if (target === "latest") return null;
  // Below 0.1 a tilde lets pass what a caret does not.
  return target === "minor" || lt(from, "0.1.0") ? `^${from}` : `~${from}`;
}

export const inReach = (version: string, reach: string | null): boolean => reach === null || satisfies(version, reach);
export const isNewer = (version: string, than: string): boolean => gt(version, than);
export const highestOf = (versions: readonly string[]): string | undefined => sort([...versions]).at(-1);
/** As the registry or a manager writes one; what a git address leads to is none. */
export const isVersion = (text: string): boolean => valid(text) === text;
/** Is every version of `part` one of `range`, too? Asked of each bound and of what comes behind it, for in between nothing changes; semver's own `subset` knows no range of which two parts together hold a third. */
export function contains(range: string, part: string): boolean {
  const bounds = [range, part]
    .flatMap((one) => new Range(one).set.flat())
    .map(({ semver: { major = 0, minor, patch } }) => [major, minor, patch]);
  const points = [[0, 0, 0], ...bounds].flatMap(([a = 0, b = 0, c = 0]) => [`${a}.${b}.${c}`, `${a}.${b}.${c + 1}`]);
  return points.every((point) => !satisfies(point, part) || satisfies(point, range));
}
/** Is it in the range, or yet to come in it? */
export const isAbout = (version: string, range: string): boolean => satisfies(version, range, { includePrerelease: true });

/** By the numbers alone, as other updaters count: below 1.0 too, a minor is a minor. */
export function changeOf(from: string, to: string): Kind {
  const [a, b] = [parse(from), parse(to)];
  if (a?.major !== b?.major) return "major";
  return a?.minor === b?.minor ? "patch" : "minor";
}

/** Do they differ in nothing but the patch? */
export const onOneLine = (a: string, b: string): boolean => satisfies(a, `${minorOf(b)}.x`, { includePrerelease: true });
export const isRange = (text: string): boolean => validRange(text) !== null;
const minorOf = (version: string): string => version.split(".").slice(0, 2).join(".");
export const lowest = (versions: readonly string[]): string => sort([...versions])[0] as string;

/** The range with the new version in it, as far-reaching as it was; undefined for one that is no single version with `^`, `~`, `=` or nothing before it. */
export function rangeFor(range: string, to: string): string | undefined {
  const [, sign, version] = /^\s*((?:npm:)?[~^=v]?)(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)\s*$/.exec(range) ?? [];
  return version === undefined || valid(version) === null ? undefined : `${sign}${to}`;
}
