/** What npm, pnpm and yarn share: manifests of one shape. From the packages a manager calls outdated to the updates a target allows, and those written into `package.json`, all else in it as it was. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { contentOf, type Edit, edited, endOf, propertiesOf, readJson } from "../system/json-text.ts";
import { type Bounds, choose, type Package, usualMinAgeMs } from "./choice.ts";
import type { Audit, Left, Listed, Place, Ranges, Rules, Run, Update } from "./ecosystem.ts";
import { oddNode, promisedBy } from "./engines.ts";
import { releasesOf, repositoryOf } from "./links.ts";
import { type Lookup, lookupBy, type Packument } from "./packument.ts";
import { isNamed } from "./patterns.ts";
import { manifestMaybe, placesOf } from "./placed.ts";
import { highestOf, inReach, isNewer, isVersion, kindOf, lowest, rangeFor } from "./versions.ts";

/** One package as one manifest asks for it. */
export interface Row {
  readonly name: string;
  readonly current: string;
  /** The newest its range allows. */
  readonly wanted: string;
  readonly latest: string;
  /** Folder of the manifest, from the top; "" is the top. */
  readonly location: string;
}

export const cannotList = (command: string, exitCode: number | null, why: string): CopseError =>
  new CopseError("COMMAND_FAILED", `${command} exited ${exitCode ?? "without a code"}: ${safeLine(why, 300)}`, {
    hint: "Run it yourself in the repository; the campaign goes on from here with: copse deps",
  });

/** What a manager has said in JSON. They exit with 1 where there is something outdated, so only words tell that it went wrong. @throws CopseError COMMAND_FAILED */
export function answerOf<T>(command: string, { stdout, stderr, exitCode }: Awaited<ReturnType<Run>>): T {
  try {
    if (exitCode !== null && (stdout.trim() !== "" || exitCode === 0)) return JSON.parse(stdout.trim() || "{}") as T;
  } catch {
    // What it said is no JSON.
  }
  throw cannotList(command, exitCode, stderr || stdout);
}

/** What a listing goes by, besides the rows. */
export interface Listing {
  readonly dir: string;
  readonly rules: Rules;
  readonly run: Run;
  readonly audit: Promise<Audit>;
  readonly settings: Settings;
  /** What is locked stays when a range is written that lets it pass, so a version below the highest can be had. */
  readonly keepsLocked: boolean;
  /** Left out: npm is asked what the registry does not say to everybody. */
  readonly lookup?: Lookup;
}

/** Of the manager's own settings, those that count. */
export interface Settings {
  /** As it tells them: registries by scope, a proxy. */
  readonly all: Readonly<Record<string, unknown>>;
  /** How long it wants versions to be out; null: it is not set. */
  readonly minAgeMs: number | null;
  /** Nobody has set that: it is so by itself. */
  readonly byDefault?: boolean;
  /** Packages for which it does not, by patterns; one may say of which versions. */
  readonly exempt: readonly string[];
}

export async function listFrom(
  rows: readonly Row[],
  { dir, rules, run, audit, settings, keepsLocked, lookup = lookupBy(settings.all, run) }: Listing,
): Promise<Listed> {
  const own = rules.minAgeMs ?? (settings.byDefault ? null : settings.minAgeMs);
  const holes = await audit;
  const bounds: Bounds = {
    target: rules.target,
    pin: rules.pin,
    minAgeMs: Math.max(own ?? usualMinAgeMs, settings.minAgeMs ?? 0),
    floorMs: settings.minAgeMs ?? 0,
    isExempt: (name, version) => settings.minAgeMs !== null && rules.minAgeMs === null && isExempt(settings.exempt, name, version),
    advisories: "found" in holes ? holes.found : [],
    refusals: rules.refusals,
    now: Date.now(),
  };
  const node = rules.engines ? await nodeFor(dir, run) : () => null;
  const looked = await Promise.all(rows.map((row) => look(dir, row, bounds, lookup, node)));
  const found = looked.flat();
  const names = (what: Unknown["unknown"]) => [
    ...new Set(found.flatMap((one) => ("unknown" in one && one.unknown === what ? [one.name] : []))),
  ];
  const chosen = found.flatMap((one) => ("places" in one ? [one] : []));
  const [noTimes, noAnswer] = [names("times"), names("versions")];
  const notes = [
    ...(noTimes.length === 0 || bounds.minAgeMs === 0
      ? []
      : [`the registry does not say when versions came out, so their age counts for nothing: ${some(noTimes)}`]),
    ...(noAnswer.length === 0 ? [] : [`the registry could not be asked for all versions; the newest one counts: ${some(noAnswer)}`]),
    ...(rules.engines ? oddNodes(dir, rows) : []),
  ];
  return {
    updates: joined(chosen.filter((one) => keepsLocked || one.past === null)),
    left: distinct([...found.flatMap((one) => ("why" in one ? [one] : [])), ...(keepsLocked ? [] : chosen.flatMap(notHeld))]),
    notes,
  };
}

/** An entry is a pattern for names, maybe with a range behind it. */
const isExempt = (entries: readonly string[], name: string, version: string): boolean =>
  entries.some((entry) => {
    const [, pattern = entry, range = null] = /^(.+)@(?:npm:)?([^/]+)$/.exec(entry) ?? [];
    return isNamed([pattern], name) && inReach(version, range);
  });

const some = (names: readonly string[]): string =>
  `${names.slice(0, 10).join(", ")}${names.length > 10 ? ` and ${names.length - 10} more` : ""}`;

type NodeOf = (location: string) => Package["node"];

/** By its own manifest, else by the one at the top, else what the checks run with. */
async function nodeFor(dir: string, run: Run): Promise<NodeOf> {
  const { stdout } = await run(["node", "--version"]);
  const running = /^v(\d+\.\d+\.\d+)\s*$/.exec(stdout)?.[1] ?? null;
  return (location) =>
    promisedBy(
      [location, ""].map((at) => manifestMaybe(join(dir, at, "package.json"))),
      running,
    );
}

const oddNodes = (dir: string, rows: readonly Row[]): string[] =>
  [...new Set(["", ...rows.map(({ location }) => location)])].flatMap((location) => {
    const file = join(location, "package.json");
    const odd = oddNode(manifestMaybe(join(dir, file)));
    return odd === undefined ? [] : [`engines.node of ${file} is no range, so it counts for nothing: ${safeLine(odd, 60)}`];
  });

interface One {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly link: string | null;
  readonly repository: string | null;
  readonly peers: { readonly from: Ranges; readonly to: Ranges };
  readonly places: readonly Place[];
  /** The newest that their ranges would let pass; null: that is `to`. */
  readonly past: string | null;
}
/** Something the registry did not tell. */
interface Unknown {
  readonly name: string;
  readonly unknown: "times" | "versions";
}
type Found = One | Left | Unknown;

async function look(dir: string, row: Row, bounds: Bounds, lookup: Lookup, node: NodeOf): Promise<Found[]> {
  const { name, current, wanted, location } = row;
  // A dependency from git, or a link, has none.
  if (![current, wanted, row.latest].every(isVersion) || !(isNewer(row.latest, current) || isNewer(wanted, current))) return [];
  const all = placesOf(dir, location, name);
  const places = all.filter(({ range }) => rangeFor(range, wanted) !== undefined);
  const [first, place] = [all[0], places[0]];
  if (first === undefined) return [];
  if (place === undefined) return [{ name, from: current, latest: row.latest, why: `its range \`${first.range}\` is not one version` }];
  const told = await lookup(name);
  const known = told ?? { versions: { [wanted]: {}, [row.latest]: {} }, time: null };
  const latest = known.latest ?? row.latest;
  const { to, left } = choose({ ...row, latest, place, node: node(location) }, known, bounds);
  const unknown: Unknown[] = told === undefined ? [{ name, unknown: "versions" }] : told.time === null ? [{ name, unknown: "times" }] : [];
  const peersOf = (version: string): Ranges => known.versions[version]?.peerDependencies ?? {};
  const own = installed(dir, row);
  const shown = known.versions[to ?? latest];
  const repository = repositoryOf(shown?.repository ?? own["repository"]);
  const homepage = [own["homepage"], shown?.homepage].find((told) => typeof told === "string");
  const link = releasesOf(repository) ?? (homepage as string | undefined) ?? repository;
  const rest = [...left.map((one) => (one.beyond ? { ...one, link } : one)), ...unknown];
  if (to === null) return rest;
  const peers = { from: peersOf(current), to: peersOf(to) };
  return [{ name, from: current, to, link, repository, peers, places, past: pastOf(row, to, places, known, bounds) }, ...rest];
}

function pastOf({ name }: Row, to: string, places: readonly Place[], { versions, time }: Packument, bounds: Bounds): string | null {
  const ranges = places.map(({ range }) => (rangeFor(range, to) ?? to).replace(/^\s*npm:/, ""));
  // What is too young by the manager's own rule it does not take by itself.
  const isKeptOut = (one: string) => bounds.now - Date.parse(time?.[one] ?? "") < bounds.floorMs && !bounds.isExempt(name, one);
  const isLetPass = (one: string) => isNewer(one, to) && ranges.some((range) => inReach(one, range)) && !isKeptOut(one);
  return highestOf(Object.keys(versions).filter(isLetPass)) ?? null;
}

function notHeld({ name, from, to, places, past }: One): Left[] {
  if (past === null) return [];
  const range = rangeFor(places[0]?.range ?? "", to) ?? to;
  return [{ name, from, latest: to, why: `asked for as \`${range}\` it would be ${past}, which is not to be taken` }];
}

/** What the installed package says of itself. */
function installed(dir: string, { name, location }: Row): Readonly<Record<string, unknown>> {
  const all = [location, ""].map((at) => manifestMaybe(join(dir, at, "node_modules", name, "package.json")));
  return all.find((one) => Object.keys(one).length > 0) ?? {};
}

const distinct = (all: readonly Left[]): Left[] => [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];

/** One for each package and version. */
function joined(all: readonly One[]): Update[] {
  const keys = [...new Set(all.map(({ name, to }) => `${name}@${to}`))];
  return keys.map((key) => {
    const some = all.filter(({ name, to }) => `${name}@${to}` === key);
    const { name, to, link, repository, peers } = some[0] as One;
    const from = lowest(some.map((one) => one.from));
    const places = some.flatMap((one) => one.places);
    const dev = places.every(({ field }) => field === "devDependencies");
    const capped = some.some((one) => one.past !== null);
    return { name, from, to, kind: kindOf(from, to), dev, ...(capped ? { capped } : {}), places, link, repository, peers };
  });
}

export function apply(dir: string, updates: readonly Update[]): void {
  const places = updates.flatMap(({ name, to, places }) => places.map((place) => ({ ...place, name, to })));
  for (const manifest of new Set(places.map((place) => place.manifest))) {
    const file = join(dir, manifest);
    const text = readFileSync(file, "utf8");
    const tree = readJson(text);
    const edits = places
      .filter((place) => place.manifest === manifest)
      .flatMap(({ field, name, range, to }): Edit[] => {
        const value = contentOf(propertiesOf(contentOf(propertiesOf(tree, field).at(-1)), name).at(-1));
        const put = rangeFor(range, to);
        return value === undefined || put === undefined ? [] : [{ from: value.offset, to: endOf(value), put: JSON.stringify(put) }];
      });
    writeFileSync(file, edited(text, edits));
  }
}
