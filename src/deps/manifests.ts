/** What npm, pnpm and yarn share: manifests of one shape. From the packages a manager calls outdated to the updates a target allows, and those written into `package.json`, all else in it as it was. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { readMaybe } from "../store/files.ts";
import { contentOf, type Edit, edited, endOf, propertiesOf, readJson } from "../system/json-text.ts";
import type { Left, Listed, Place, Run, Target, Update } from "./ecosystem.ts";
import { highest, inReach, isNewer, kindOf, lowest, rangeFor, reachOf } from "./versions.ts";

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

export const fields = ["dependencies", "devDependencies", "optionalDependencies"];
const atOnce = 4;

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

export async function listFrom(dir: string, rows: readonly Row[], target: Target, run: Run): Promise<Listed> {
  const found: Found[] = [];
  for (let n = 0; n < rows.length; n += atOnce)
    found.push(...(await Promise.all(rows.slice(n, n + atOnce).map((row) => look(dir, row, target, run)))).flat());
  return {
    updates: joined(found.flatMap((one) => ("place" in one ? [one] : []))),
    left: found.flatMap((one) => ("why" in one ? [one] : [])),
  };
}

interface One {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly link: string | null;
  readonly place: Place;
}
type Found = One | Left;

async function look(dir: string, row: Row, target: Target, run: Run): Promise<Found[]> {
  const { name, current, wanted, latest } = row;
  const place = placeOf(dir, row.location, name);
  if (place === undefined || !(isNewer(latest, current) || isNewer(wanted, current))) return [];
  const left = (why: string): Left => ({ name, from: current, latest, why });
  if (rangeFor(place.range, latest) === undefined) return [left(`its range \`${place.range}\` is not one version`)];
  const reach = reachOf(current, target);
  const to = await newestIn(name, { current, wanted, latest }, reach, run);
  const beyond = to !== latest && isNewer(latest, current) ? [left(`${latest} is beyond what ${target} allows`)] : [];
  if (to === null || !isNewer(to, current)) return beyond;
  return [{ name, from: current, to, link: linkOf(dir, row), place }, ...beyond];
}

/** The registry is asked only where what npm has said does not tell. */
async function newestIn(
  name: string,
  { current, wanted, latest }: { current: string; wanted: string; latest: string },
  reach: string | null,
  run: Run,
): Promise<string | null> {
  if (reach === null || inReach(latest, reach)) return isNewer(latest, current) ? latest : wanted;
  const { stdout } = await run(["npm", "view", `${name}@${reach}`, "version", "--json"]);
  try {
    const versions: unknown = JSON.parse(stdout);
    const all = (Array.isArray(versions) ? versions : [versions]).filter((one): one is string => typeof one === "string");
    return highest(all, reach);
  } catch {
    return inReach(wanted, reach) ? wanted : null;
  }
}

function placeOf(dir: string, location: string, name: string): Place | undefined {
  const manifest = join(location, "package.json");
  const lists = JSON.parse(readFileSync(join(dir, manifest), "utf8").replace(/^\ufeff/, "")) as Record<string, Record<string, string>>;
  for (const field of fields) {
    const range = lists[field]?.[name];
    if (typeof range === "string") return { manifest, field, range };
  }
  return undefined;
}

/** By what the installed package says of itself. */
function linkOf(dir: string, { name, location }: Row): string | null {
  const files = [location, ""].map((at) => join(dir, at, "node_modules", name, "package.json"));
  const text = files.map(readMaybe).find((one) => one !== undefined);
  if (text === undefined) return null;
  try {
    const { repository, homepage } = JSON.parse(text) as { repository?: string | { url?: string }; homepage?: string };
    const url = typeof repository === "string" ? repository : repository?.url;
    const [, path] =
      /^(?:(?:git\+)?(?:https?|ssh|git):\/\/(?:git@)?github\.com\/|github:|git@github\.com:)?([\w-]+\/[\w.-]+?)(?:\.git)?(?:#.*)?$/.exec(
        url ?? "",
      ) ?? [];
    return path === undefined ? (homepage ?? null) : `https://github.com/${path}/releases`;
  } catch {
    return null;
  }
}

/** One for each package and version. */
function joined(all: readonly One[]): Update[] {
  const keys = [...new Set(all.map(({ name, to }) => `${name}@${to}`))];
  return keys.map((key) => {
    const some = all.filter(({ name, to }) => `${name}@${to}` === key);
    const { name, to, link } = some[0] as One;
    const from = lowest(some.map((one) => one.from));
    const dev = some.every(({ place }) => place.field === "devDependencies");
    return { name, from, to, kind: kindOf(from, to), dev, places: some.map(({ place }) => place), link };
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
