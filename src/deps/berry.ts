/** Yarn 2 and newer, workspaces too. It calls nothing outdated, so what is locked is held against the registry here; it locks, installs and audits itself. */
import { join } from "node:path";
import { auditOf } from "./audit.ts";
import { type Program, quietCorepack } from "./berry-program.ts";
import { askedBy, berryFound, berrySettings, heldBy, workspacesIn } from "./berry-said.ts";
import type { Audit, Command, Ecosystem, Left, Listed, Rules, Run } from "./ecosystem.ts";
import { apply, cannotList, listFrom, type Row } from "./manifests.ts";
import { type Lookup, lookupBy, type Packument } from "./packument.ts";
import { fields, readManifest } from "./placed.ts";
import { highestOf, inReach, isNewer } from "./versions.ts";

export interface BerryFacts {
  /** The repository keeps a lockfile. */
  readonly locked: boolean;
  /** Its manifest has a script of that name. */
  readonly test: boolean;
  readonly program: Program;
  /** Its `packageManager`. */
  readonly named: string | undefined;
  /** What yarn makes and this repository keeps: archives of packages, the map to them. */
  readonly kept: readonly string[];
  /** As a setting stands in the environment or a file of the project or the person; undefined: in none of them. */
  readonly setTo: (setting: string) => string | undefined;
}

export function berry({ locked, test, program, named, kept, setTo }: BerryFacts): Ecosystem {
  const major = Number(program.version.split(".")[0]);
  const yarn = (...words: string[]): Command => [...program.command, ...words];
  // Where archives are kept as well, they are part of what is locked; nobody's scripts are run before all is checked in its place.
  const mode = major === 2 ? "--skip-builds" : kept.length > 0 ? "--mode=skip-build" : "--mode=update-lockfile";
  return {
    name: "yarn",
    env: {
      ...quietCorepack,
      YARN_ENABLE_TELEMETRY: "false",
      YARN_ENABLE_PROGRESS_BARS: "false",
      YARN_ENABLE_COLORS: "false",
      YARN_ENABLE_HYPERLINKS: "false",
      // Only where they are set: a yarn that does not know one of them yet refuses to run.
      ...(setTo("nmMode") !== undefined ? { YARN_NM_MODE: "classic" } : {}),
      ...(setTo("pnpmStoreFolder") !== undefined ? { YARN_PNPM_STORE_FOLDER: store } : {}),
    },
    // With `CI` set it would refuse to write the lockfile.
    lock: locked ? yarn("install", mode, "--no-immutable") : null,
    install: yarn("install", locked ? "--immutable" : "--no-immutable"),
    ...(setTo("nodeLinker") === "pnpm" ? { part } : {}),
    kept,
    check: test ? [...program.command, "test"].join(" ") : null,
    list: (dir, rules, run, audit) => list(yarn, { program, named }, { dir, rules, run, audit }),
    apply,
    audit: (run) =>
      auditOf(yarn("npm", "audit", "--all", "--recursive", "--json", ...(major > 3 ? ["--no-deprecations"] : [])), run, berryFound),
  };
}

const store = "node_modules/.store";

/** Its pnpm way of installing links files to an index that all projects of the person share: each gets files of its own before anything may write into them. */
const part: Command = [
  "/bin/sh",
  "-c",
  `test ! -d ${store} || find ${store} -type f -links +1 -exec sh -c 'for f; do cp -p "$f" "$f.copse" && mv -f "$f.copse" "$f" || exit 1; done' sh {} +`,
];

interface Looking {
  readonly dir: string;
  readonly rules: Rules;
  readonly run: Run;
  readonly audit: Promise<Audit>;
}

async function list(
  yarn: (...words: string[]) => Command,
  { program, named }: Pick<BerryFacts, "program" | "named">,
  { dir, rules, run, audit }: Looking,
): Promise<Listed> {
  const [info, config, scopes] = await Promise.all([
    run(yarn("info", "--all", "--json")),
    run(yarn("config", "--json")),
    run(yarn("config", "get", "npmScopes", "--json")),
  ]);
  const workspaces = info.exitCode === 0 ? workspacesIn(info.stdout) : undefined;
  if (workspaces === undefined) throw cannotList("yarn info", info.exitCode, info.stderr || info.stdout);
  if (config.exitCode !== 0) throw cannotList("yarn config", config.exitCode, config.stderr || config.stdout);
  const settings = berrySettings(config.stdout, scopes.stdout);
  const lookup = lookupBy(settings.all, run, (name) => yarn("npm", "info", name, "--json", "--fields", "versions,time,dist-tags"));
  const { resolutions } = readManifest(join(dir, "package.json"));
  const found = await Promise.all(
    workspaces.flatMap(({ name: workspace, location, locked }) => {
      const manifest = readManifest(join(dir, location, "package.json"));
      const all = new Map(fields.flatMap((field) => Object.entries((manifest[field] ?? {}) as Record<string, unknown>)));
      return [...all].flatMap(([name, range]) => {
        const current = locked.get(name);
        if (typeof range !== "string" || current === undefined || !/^\d/.test(current)) return [];
        const held = heldBy(resolutions, workspace, name, range);
        return [look({ name, range, current, location }, held, lookup)];
      });
    }),
  );
  const asked = found.flatMap((one) => (one === null ? [] : [one]));
  const unknown = asked.filter((one) => "unknown" in one);
  // Then it is the registry that cannot be reached, and "all is new" would be a guess.
  if (asked.length > 0 && unknown.length === asked.length)
    throw cannotList(
      "asking the registry",
      null,
      `it has no answer for any of ${asked.length} packages; is ${String(settings.all["registry"])} right?`,
    );
  const listed = await listFrom(
    asked.flatMap((one) => ("row" in one ? [one.row] : [])),
    { dir, rules, run, audit, settings, keepsLocked: false, lookup },
  );
  const left = asked.flatMap((one) => ("left" in one ? [one.left] : []));
  const notes = [...otherThan(named, program), ...notAnswered(unknown.map(({ unknown: name }) => name))];
  return { ...listed, left: [...listed.left, ...left], notes: [...(listed.notes ?? []), ...notes] };
}

interface Asking {
  readonly name: string;
  readonly range: string;
  readonly current: string;
  readonly location: string;
}

type Found = { readonly row: Row } | { readonly left: Left } | { readonly unknown: string } | null;

/** null: nothing newer, or nothing that has newer ones. */
async function look({ name, range, current, location }: Asking, held: string | undefined, lookup: Lookup): Promise<Found> {
  const asked = askedBy(name, range);
  if (asked === null) return null;
  const known = await lookup("of" in asked ? asked.of : name);
  if (known === undefined) return { unknown: name };
  const all = Object.keys(known.versions).filter((one) => !one.includes("-"));
  const latest = latestOf(known, all) ?? current;
  const why =
    "not" in asked ? asked.not : held === undefined ? undefined : `\`resolutions\` in package.json hold it at \`${held.slice(0, 80)}\``;
  if (why !== undefined) return isNewer(latest, current) ? { left: { name, from: current, latest, why } } : null;
  const wanted = highestOf(all.filter((one) => "range" in asked && inReach(one, asked.range))) ?? current;
  return { row: { name, current, wanted: isNewer(wanted, current) ? wanted : current, latest, location } };
}

const latestOf = ({ latest }: Packument, all: readonly string[]): string | undefined => latest ?? highestOf(all);

const notAnswered = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`the registry has no answer for these, so nothing is known of newer ones: ${[...new Set(names)].join(", ")}`];

/** A yarn that is not taken from what the project names goes by its own rules, and may write the lockfile in a newer way. */
function otherThan(named: string | undefined, { command, version }: Program): string[] {
  const wanted = /^yarn@(\d[^+]*)/.exec(named ?? "")?.[1];
  return wanted === undefined || wanted === version
    ? []
    : [`the project names yarn ${wanted}, and \`${command.join(" ")}\` here is ${version}`];
}
