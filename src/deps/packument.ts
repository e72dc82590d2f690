/** What the registry knows of a package: its versions, and when each came out. Asked over HTTP where that needs no login, else through the manager's own program, which has it. */
import type { Command, Ranges, Run } from "./ecosystem.ts";
import { fieldsOf } from "./fields.ts";
import { isVersion } from "./versions.ts";

interface Manifest {
  readonly peerDependencies?: Ranges;
  readonly repository?: unknown;
  readonly homepage?: unknown;
  readonly deprecated?: unknown;
  readonly engines?: unknown;
}

export interface Packument {
  readonly versions: Readonly<Record<string, Manifest>>;
  /** When each version came out; null where the registry does not say. */
  readonly time: Readonly<Record<string, string>> | null;
  /** What its authors call that; npm tells the newest that runs with the Node it runs with itself. */
  readonly latest?: string | undefined;
}

/** undefined: the registry cannot be asked for it. */
export type Lookup = (name: string) => Promise<Packument | undefined>;

const answerMs = 30_000;
const atOnce = 8;

const npmView = (name: string): Command => ["npm", "view", name, "versions", "time", "dist-tags", "--json"];

/** `settings`: the manager's own. `view`: how its program is asked. Each package is asked for once. */
export function lookupBy(settings: Readonly<Record<string, unknown>>, run: Run, view: (name: string) => Command = npmView): Lookup {
  const known = new Map<string, Promise<Packument | undefined>>();
  let free = atOnce;
  const waiting: (() => void)[] = [];
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  return (name) => {
    const asked = known.get(name) ?? inTurn(async () => (await overHttp(settings, name)) ?? (await overProgram(view(name), run)));
    known.set(name, asked);
    return asked;
  };
}

/** Not through a proxy: the program knows how to speak with it. */
async function overHttp(settings: Readonly<Record<string, unknown>>, name: string): Promise<Packument | undefined> {
  const base = settings[`${name.split("/")[0]}:registry`] ?? settings["registry"];
  if (typeof base !== "string" || isSet(settings["proxy"]) || isSet(settings["https-proxy"])) return undefined;
  try {
    const url = new URL(name.replace("/", "%2f"), `${base.replace(/\/+$/, "")}/`);
    const answer = await fetch(url, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(answerMs) });
    return answer.ok ? packumentIn(await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}

const isSet = (value: unknown): boolean => typeof value === "string" && value !== "";

async function overProgram(view: Command, run: Run): Promise<Packument | undefined> {
  const { stdout } = await run(view);
  try {
    const { versions, ...more } = JSON.parse(stdout) as { versions?: string[] | string };
    const all = versions === undefined ? [] : [versions].flat();
    return all.length === 0 ? undefined : packumentIn({ ...more, versions: Object.fromEntries(all.map((one) => [one, {}])) });
  } catch {
    return undefined;
  }
}

/** An answer of another shape is none. */
export function packumentIn(answer: unknown): Packument | undefined {
  const { versions, time, "dist-tags": tags } = fieldsOf(answer);
  if (typeof versions !== "object" || versions === null || Array.isArray(versions)) return undefined;
  const known = Object.entries(versions).filter(
    ([version, manifest]) => isVersion(version) && typeof manifest === "object" && manifest !== null,
  );
  const times = Object.entries(fieldsOf(time)).filter(([, at]) => typeof at === "string" && !Number.isNaN(Date.parse(at)));
  const latest = fieldsOf(tags)["latest"];
  if (known.length === 0) return undefined;
  return {
    versions: Object.fromEntries(known.map(([version, manifest]) => [version, { ...manifest, peerDependencies: rangesIn(manifest) }])),
    time: known.some(([version]) => times.some(([one]) => one === version)) ? (Object.fromEntries(times) as Record<string, string>) : null,
    latest: known.some(([version]) => version === latest) ? (latest as string) : undefined,
  };
}

const rangesIn = (manifest: unknown): Ranges =>
  Object.fromEntries(
    Object.entries(fieldsOf(fieldsOf(manifest)["peerDependencies"])).filter(([, range]) => typeof range === "string"),
  ) as Ranges;
