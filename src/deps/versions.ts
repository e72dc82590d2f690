/** Rules of semantic versions: what counts as patch, minor and major, how far a target goes, and how a range is written anew. Pure; the only user of semver. */
import semver from "semver";
import type { Kind, Target } from "./ecosystem.ts";

/** By what a caret and a tilde let pass, so that below 1.0 a minor counts as a major, and below 0.1 a patch does too. */
export function kindOf(from: string, to: string): Kind {
  if (!semver.satisfies(to, `^${from}`)) return "major";
  return semver.satisfies(to, `~${from}`) ? "patch" : "minor";
}

/** The range a target leads to at most; null for "the latest there is". */
export function reachOf(from: string, target: Target): string | null {
  if (target === "latest") return null;
  // Below 0.1 a tilde lets pass what a caret does not.
  return target === "minor" || semver.lt(from, "0.1.0") ? `^${from}` : `~${from}`;
}

export const inReach = (version: string, reach: string | null): boolean => reach === null || semver.satisfies(version, reach);
export const isNewer = (version: string, than: string): boolean => semver.gt(version, than);
export const highest = (versions: readonly string[], reach: string): string | null => semver.maxSatisfying([...versions], reach);
export const lowest = (versions: readonly string[]): string => semver.sort([...versions])[0] as string;

/** The range with the new version in it, as far-reaching as it was; undefined for one that is no single version with `^`, `~`, `=` or nothing before it. */
export function rangeFor(range: string, to: string): string | undefined {
  const [, sign, version] = /^\s*([~^=v]?)(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)\s*$/.exec(range) ?? [];
  return version === undefined || semver.valid(version) === null ? undefined : `${sign}${to}`;
}
