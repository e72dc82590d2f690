/** Which of the versions there are a package is to go to, and what is said of those it is not to go to. Pure. */
import type { Advisory, Left, Place, Ranges, Refusal, Rules } from "./ecosystem.ts";
import { type Promised, whyUnfit } from "./engines.ts";
import type { Packument } from "./packument.ts";
import { changeOf, highestOf, inReach, isNewer, isVersion, reachOf } from "./versions.ts";

/** Newer versions than that are not trusted by themselves: what is bad is mostly found out in the first days. */
export const usualMinAgeMs = 3 * 86_400_000;

export interface Package {
  readonly name: string;
  readonly current: string;
  readonly latest: string;
  /** Of those that ask for it, the one it is chosen for. */
  readonly place: Pick<Place, "manifest" | "field">;
  /** null: nothing is asked of Node. */
  readonly node: Promised | null;
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
  readonly refusals: readonly Refusal[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Keeps a version out, and says why. */
type Sieve = (version: string) => string | undefined;

/** `to`: null where there is none to go to. */
export function choose(one: Package, known: Packument, bounds: Bounds): { to: string | null; left: Left[] } {
  const { name, current, latest } = one;
  const { versions } = known;
  const reach = reachOf(current, bounds.target);
  const newer = Object.keys(versions).filter(
    (version) => isVersion(version) && (version === latest || !versions[version]?.deprecated) && isNewer(version, current),
  );
  // What its authors call the latest is not gone beyond where it can be reached, as managers do: a release that was taken back stays above it.
  const isCapped = inReach(latest, reach);
  const within = newer.filter((version) => inReach(version, reach) && (!isCapped || version === latest || isBelow(version, latest)));
  const said: Left[] = [];
  const left = (why: string, version: string, beyond?: boolean): void => {
    // Of what is refused altogether the newest is enough.
    if (!said.some((before) => before.why === why))
      said.push({ name, from: current, latest: version, why, ...(beyond === undefined ? {} : { beyond }) });
  };
  const sieves = [pinOf(one, bounds), refusalOf(one, bounds), (version: string) => whyUnfit(one, versions, version)];
  if (isNewer(latest, current) && !within.includes(latest)) {
    const why = sieves.map((sieve) => sieve(latest)).find((some) => some !== undefined);
    left(why ?? `${latest} is beyond what ${bounds.target} allows`, latest, why === undefined);
  }
  let some = within;
  for (const sieve of [...sieves, ageOf(one, known, bounds)]) {
    const rest = some.filter((version) => sieve(version) === undefined);
    const [top, best] = [highestOf(some), highestOf(rest)];
    if (top !== undefined && top !== best) left(sieve(top) as string, top);
    some = rest;
  }
  return { to: highestOf(some) ?? null, left: said };
}

/** Of those without a tag for what is yet to come. */
const isBelow = (version: string, latest: string): boolean => !version.includes("-") && !isNewer(version, latest);

function pinOf({ name }: Package, { pin }: Bounds): Sieve {
  const range = Object.hasOwn(pin, name) ? (pin[name] as string) : null;
  return (version) => (inReach(version, range) ? undefined : `${version} is not in \`${range}\`, where it is pinned`);
}

function refusalOf({ name, current: from, place }: Package, { refusals }: Bounds): Sieve {
  return (to) => {
    const what = { name, from, to, kind: changeOf(from, to), ...place };
    const refusal = refusals.find((one) => one.refuses(what));
    return refusal === undefined ? undefined : `ignored by ${refusal.by}`;
  };
}

function ageOf({ name, current }: Package, { time }: Packument, bounds: Bounds): Sieve {
  const { minAgeMs, now } = bounds;
  const mends = (version: string) =>
    bounds.advisories.some((one) => one.name === name && inReach(current, one.range) && !inReach(version, one.range));
  return (version) => {
    const age = time === null ? Number.POSITIVE_INFINITY : now - Date.parse(time[version] ?? "");
    if (!(age < minAgeMs) || bounds.isExempt(name, version) || (!(age < bounds.floorMs) && mends(version))) return undefined;
    return `${version} came out ${sayAge(age)} ago, and versions have to be out for ${sayAge(minAgeMs)}`;
  };
}

function sayAge(ms: number): string {
  const hours = Math.max(1, Math.round(ms / 3_600_000));
  if (hours < 48) return hours === 1 ? "an hour" : `${hours} hours`;
  return `${Math.round(hours / 24)} days`;
}
