/** What yarn 2 and newer says of a project, its settings and known holes, read. Pure. */
import { registryFound } from "./audit.ts";
import type { Advisory } from "./ecosystem.ts";
import type { Settings } from "./manifests.ts";

/** A manifest of the project, and what is locked for it. */
export interface Workspace {
  readonly name: string;
  /** Its folder, from the top; "" is the top. */
  readonly location: string;
  /** By the names it asks by. */
  readonly locked: ReadonlyMap<string, string>;
}

interface Entry {
  readonly value: string;
  readonly children?: {
    readonly Version?: string;
    readonly Dependencies?: readonly { readonly descriptor: string; readonly locator: string }[];
  };
}

/** A name at the beginning of what yarn writes about it. */
const nameIn = (text: string): string => /^(?:@[^/@]+\/)?[^/@]+/.exec(text)?.[0] ?? text;

const linesOf = <T>(text: string): T[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as T);

/** `yarn info --all --json`. @returns undefined where it is no answer */
export function workspacesIn(text: string): Workspace[] | undefined {
  const entries = entriesIn(text);
  const versions = new Map(entries.map(({ value, children }) => [value, children?.Version]));
  // The same package beside other peers is the same version.
  const versionOf = (locator: string) => versions.get(locator.replace(/@virtual:[0-9a-f]+#/, "@"));
  const found = entries.flatMap(({ value, children }): Workspace[] => {
    const [, location] = /@(?:virtual:[0-9a-f]+#)?workspace:(.*)$/.exec(value) ?? [];
    if (location === undefined) return [];
    const locked = (children?.Dependencies ?? []).flatMap(({ descriptor, locator }): [string, string][] => {
      const version = versionOf(locator);
      return version === undefined ? [] : [[nameIn(descriptor), version]];
    });
    return [{ name: nameIn(value), location: location === "." ? "" : location, locked: new Map(locked) }];
  });
  return found.length === 0 ? undefined : found;
}

function entriesIn(text: string): Entry[] {
  try {
    return linesOf<Entry>(text).filter(({ value }) => typeof value === "string");
  } catch {
    return [];
  }
}

/** How a manifest asks for a package: from the registry by a range; or so that its version is not for this manifest to say; or from nowhere that has newer ones. */
export type Asked = { readonly range: string } | { readonly not: string; readonly of: string } | null;

export function askedBy(name: string, range: string): Asked {
  if (/^patch:/.test(range)) return { not: "it is patched there (`patch:`)", of: name };
  if (/^catalog:/.test(range)) return { not: "its version stands in the catalog of `.yarnrc.yml`", of: name };
  const [, alias] = /^npm:((?:@[^/@]+\/)?[^/@\d^~<>=*][^/@]*)@.+$/.exec(range) ?? [];
  if (alias !== undefined) return { not: `it stands there under another name (\`${range}\`)`, of: alias };
  const own = range.replace(/^npm:/, "");
  return /[:/]/.test(own) ? null : { range: own };
}

/** What `resolutions` put in the place of what a manifest asks for; undefined: nothing. */
export function heldBy(resolutions: unknown, workspace: string, name: string, range: string): string | undefined {
  const all = typeof resolutions === "object" && resolutions !== null ? Object.entries(resolutions) : [];
  for (const [key, value] of all) {
    const [, from, held, only] = /^(?:\*\*\/|((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?\/)?((?:@[^/@]+\/)?[^/@]+)(?:@(.+))?$/.exec(key) ?? [];
    const isMeant = held === name && (from === undefined || from === workspace);
    if (isMeant && (only === undefined || only.replace(/^npm:/, "") === range.replace(/^npm:/, ""))) return String(value);
  }
  return undefined;
}

interface Setting {
  readonly key: string;
  readonly effective?: unknown;
  readonly source?: string;
}

/** `config`: `yarn config --json`. `scopes`: what it says of `npmScopes`, which it does not say there. */
export function berrySettings(config: string, scopes: string): Settings {
  const settings = new Map(linesOf<Setting>(config).map((one) => [one.key, one]));
  const told = (key: string) => settings.get(key)?.effective;
  const minutes = Number(told("npmMinimalAgeGate") ?? 0);
  const gates = linesOf<Record<string, { readonly npmRegistryServer?: string }>>(scopes)[0] ?? {};
  const registries = Object.entries(gates).flatMap(([scope, { npmRegistryServer: url }]) => (url ? [[`@${scope}:registry`, url]] : []));
  const exempt = told("npmPreapprovedPackages");
  return {
    all: {
      ...Object.fromEntries(registries),
      registry: told("npmRegistryServer"),
      proxy: told("httpProxy"),
      "https-proxy": told("httpsProxy"),
    },
    minAgeMs: minutes > 0 ? minutes * 60_000 : null,
    byDefault: settings.get("npmMinimalAgeGate")?.source === "<default>",
    exempt: Array.isArray(exempt) ? exempt.filter((one): one is string => typeof one === "string") : [],
  };
}

interface Hole {
  readonly value: string;
  readonly children?: {
    readonly ID?: unknown;
    readonly Issue?: unknown;
    readonly URL?: unknown;
    readonly Severity?: unknown;
    readonly "Vulnerable Versions"?: unknown;
  };
}

/** `yarn npm audit --json`: the registry's own words up to yarn 3, a line for each hole since, and no word where there is none. */
export function berryFound(text: string, exitCode: number): Advisory[] | undefined {
  if (text.trim() === "") return exitCode === 0 ? [] : undefined;
  const lines = linesOf<Hole & { advisories?: unknown }>(text);
  if (lines.some(({ advisories }) => advisories !== undefined)) return registryFound(text);
  // What is no more than deprecated has words for an id.
  const holes = lines.filter(({ children }) => /^\d+$/.test(String(children?.ID)));
  if (lines.length === 0 || lines.some(({ children }) => children?.ID === undefined)) return undefined;
  return holes.map(({ value, children = {} }) => {
    const say = (what: unknown) => (what === undefined || what === null ? "" : String(what).slice(0, 300));
    const { ID, Issue, URL, Severity, "Vulnerable Versions": range } = children;
    return { id: say(ID), name: value, severity: say(Severity), title: say(Issue), url: say(URL), range: say(range) };
  });
}
