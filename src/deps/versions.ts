/** Rules of semantic versions: what counts as patch, minor and major, how far a target goes, and how a range is written anew. Pure; the only user of the semver package. */
import gt from "semver/functions/gt.js";
import lt from "semver/functions/lt.js";
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
