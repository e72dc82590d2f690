/** Which of the versions there are a package is to go to, and what is said of those it is not to go to. Pure. */
import type { Advisory, Left, Ranges, Rules } from "./ecosystem.ts";
import type { Packument } from "./packument.ts";
import { highestOf, inReach, isNewer, reachOf } from "./versions.ts";

/** Newer versions than that are not trusted by themselves: what is bad is mostly found out in the first days. */
export const usualMinAgeMs = 3 * 86_400_000;

export interface Package {
  readonly name: string;
  readonly current: string;
  readonly latest: string;
}

export interface Bounds {
  readonly target: Rules["target"];
  readonly pin: Ranges;
  readonly minAgeMs: number;
  /** The manager's own rule: it would refuse what is younger, whatever for. */
  readonly floorMs: number;
  /** Versions the manager's own rule does not hold for. */
  readonly isExempt: (name: string, version: string) => boolean;
  readonly advisories: readonly Advisory[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** `to`: null where there is none to go to. */
export function choose(
  { name, current, latest }: Package,
  { versions, time }: Packument,
  bounds: Bounds,
): { to: string | null; left: Left[] } {
  const { target, minAgeMs, now } = bounds;
  const reach = reachOf(current, target);
  const pin = bounds.pin[name] ?? null;
  const newer = Object.keys(versions).filter((one) => (one === latest || !versions[one]?.deprecated) && isNewer(one, current));
  const within = newer.filter((one) => (reach === null ? one === latest || isBelow(one, latest) : inReach(one, reach)));
  const pinned = within.filter((one) => inReach(one, pin));
  const ageOf = (version: string): number => (time === null ? Number.POSITIVE_INFINITY : now - Date.parse(time[version] ?? ""));
  const isOld = (version: string) =>
    !(ageOf(version) < minAgeMs) || bounds.isExempt(name, version) || (!(ageOf(version) < bounds.floorMs) && mends(version));
  const mends = (version: string) =>
    bounds.advisories.some((one) => one.name === name && inReach(current, one.range) && !inReach(version, one.range));
  const to = highestOf(pinned.filter(isOld)) ?? null;
  const left = (why: string, version: string): Left => ({ name, from: current, latest: version, why });
  const [top, topPinned] = [highestOf(within), highestOf(pinned)];
  const said: Left[] = [];
  if (isNewer(latest, current) && latest !== to && !within.includes(latest))
    said.push({ ...left(`${latest} is beyond what ${target} allows`, latest), beyond: inReach(latest, pin) });
  if (pin !== null && top !== undefined && top !== topPinned) said.push(left(`${top} is not in \`${pin}\`, where it is pinned`, top));
  if (topPinned !== undefined && topPinned !== to)
    said.push(
      left(`${topPinned} came out ${sayAge(ageOf(topPinned))} ago, and versions have to be out for ${sayAge(minAgeMs)}`, topPinned),
    );
  return { to, left: said };
}

/** Of those without a tag for what is yet to come. */
const isBelow = (version: string, latest: string): boolean => !version.includes("-") && !isNewer(version, latest);

function sayAge(ms: number): string {
  const hours = Math.max(1, Math.round(ms / 3_600_000));
  if (hours < 48) return hours === 1 ? "an hour" : `${hours} hours`;
  return `${Math.round(hours / 24)} days`;
}
