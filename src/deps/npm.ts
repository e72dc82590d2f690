/** npm, workspaces too: what it calls outdated, narrowed to a target, and manifests edited in place. It writes its own lockfile. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { contentOf, type Edit, edited, endOf, propertiesOf, readJson } from "../system/json-text.ts";
import type { Ecosystem, Left, Listed, Place, Run, Target, Update } from "./ecosystem.ts";
import { highest, inReach, isNewer, kindOf, lowest, rangeFor, reachOf } from "./versions.ts";

/** `locked`: the repository keeps a lockfile. `test`: its manifest has a script of that name. */
export function npm({ locked, test }: { readonly locked: boolean; readonly test: boolean }): Ecosystem {
  return {
    name: "npm",
    env: { npm_config_audit: "false", npm_config_fund: "false", npm_config_update_notifier: "false", npm_config_progress: "false" },
    lock: locked ? ["npm", "install", "--package-lock-only"] : null,
    install: locked ? ["npm", "ci", "--prefer-offline"] : ["npm", "install", "--no-package-lock"],
    check: test ? "npm test" : null,
    list,
    apply,
  };
}

/** One package in one manifest, as `npm outdated --json --long` tells it. */
interface Row {
  readonly current?: string;
  readonly wanted?: string;
  readonly latest?: string;
  readonly homepage?: string;
  readonly dependedByLocation?: string;
}

const fields = ["dependencies", "devDependencies", "optionalDependencies"];
const atOnce = 4;

async function list(dir: string, target: Target, run: Run): Promise<Listed> {
  const { stdout, stderr, exitCode } = await run(["npm", "outdated", "--json", "--long"]);
  const rows = Object.entries(rowsIn(stdout, stderr, exitCode));
  const found: Found[] = [];
  for (let n = 0; n < rows.length; n += atOnce) {
    const some = rows.slice(n, n + atOnce).map(async ([name, value]) => {
      const out: Found[] = [];
      for (const row of Array.isArray(value) ? value : [value]) out.push(...(await look(dir, name, row, target, run)));
      return out;
    });
    found.push(...(await Promise.all(some)).flat());
  }
  return {
    updates: joined(found.flatMap((one) => ("place" in one ? [one] : []))),
    left: found.flatMap((one) => ("why" in one ? [one] : [])),
  };
}

function rowsIn(stdout: string, stderr: string, exitCode: number | null): Record<string, Row | Row[]> {
  try {
    const answer = JSON.parse(stdout.trim() || "{}") as Record<string, Row | Row[]> & { error?: { summary?: string } };
    if (exitCode !== null && typeof answer.error?.summary !== "string" && (stdout.trim() !== "" || exitCode === 0)) return answer;
    throw new Error(answer.error?.summary);
  } catch (error) {
    throw new CopseError(
      "COMMAND_FAILED",
      `npm outdated exited ${exitCode ?? "without a code"}: ${safeLine(stderr || String(error), 300)}`,
      {
        hint: "Run it yourself in the repository; the campaign goes on from here with: copse deps",
        cause: error,
      },
    );
  }
}

interface One {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly homepage: string | null;
  readonly place: Place;
}
type Found = One | Left;

async function look(dir: string, name: string, row: Row, target: Target, run: Run): Promise<Found[]> {
  const { current, latest, wanted = current } = row;
  if (current === undefined || latest === undefined || wanted === undefined) return [];
  const place = placeOf(dir, row.dependedByLocation ?? "", name);
  if (place === undefined || !(isNewer(latest, current) || isNewer(wanted, current))) return [];
  const left = (why: string): Left => ({ name, from: current, latest, why });
  if (rangeFor(place.range, latest) === undefined) return [left(`its range \`${place.range}\` is not one version`)];
  const reach = reachOf(current, target);
  const to = await newestIn(name, { current, wanted, latest }, reach, run);
  const beyond = to !== latest && isNewer(latest, current) ? [left(`${latest} is beyond what ${target} allows`)] : [];
  if (to === null || !isNewer(to, current)) return beyond;
  return [{ name, from: current, to, homepage: row.homepage ?? null, place }, ...beyond];
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

/** One for each package and version. */
function joined(all: readonly One[]): Update[] {
  const keys = [...new Set(all.map(({ name, to }) => `${name}@${to}`))];
  return keys.map((key) => {
    const some = all.filter(({ name, to }) => `${name}@${to}` === key);
    const { name, to, homepage } = some[0] as One;
    const from = lowest(some.map((one) => one.from));
    const dev = some.every(({ place }) => place.field === "devDependencies");
    return { name, from, to, kind: kindOf(from, to), dev, places: some.map(({ place }) => place), homepage };
  });
}

function apply(dir: string, updates: readonly Update[]): void {
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
