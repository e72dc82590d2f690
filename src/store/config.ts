/** Configuration: defaults, the person's file, the project's file, the environment; checked against the published schema. Flags are laid over it by the command. */
import { CopseError } from "../core/errors.ts";
import type { Gates, UserHooks } from "../core/hook-settings.ts";
import { similar } from "../core/similar.ts";
import type { Delivery, NotifySettings, OnFailure, PrPolicy } from "../core/task.ts";
import { readMaybe } from "./files.ts";
import validate, { type Problem } from "./generated/validate-config.js";
import { personConfigFile, projectConfigFile } from "./paths.ts";

export interface AgentConfig {
  readonly command?: readonly string[];
  readonly path?: string;
  readonly args?: readonly string[];
  readonly permissionMode?: string;
}

export interface DepsConfig {
  readonly target: "patch" | "minor" | "latest";
  readonly ignore: readonly string[];
  readonly pin: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  /** null: as the package manager is set to. */
  readonly minAge: string | null;
  /** Versions have to run with the Node the project promises. */
  readonly engines: boolean;
  /** What files of other updaters keep the repository from counts. */
  readonly otherUpdaters: boolean;
  readonly verify: readonly string[];
}

export interface Config {
  readonly limit: number;
  readonly groups: Readonly<Record<string, number>>;
  readonly repositoryLimit: number | null;
  readonly agent: string;
  readonly model: string | null;
  readonly agents: Readonly<Record<string, AgentConfig>>;
  readonly base: string | null;
  readonly branch: string;
  readonly worktrees: string;
  readonly deliver: Delivery;
  readonly pr: PrPolicy;
  readonly forges: Readonly<Record<string, { readonly kind: "github" | "gitlab" | "gitea"; readonly apiUrl?: string }>>;
  readonly verify: readonly string[];
  readonly after: readonly string[];
  readonly onFailure: OnFailure;
  readonly timeout: string | null;
  readonly retries: number;
  readonly permissionMode: string | null;
  readonly allow: readonly string[];
  readonly setup: string | null;
  readonly setupTimeout: string;
  readonly carry: readonly string[];
  readonly minFreeMb: number;
  readonly idleSeconds: number;
  readonly holdMinutes: number;
  readonly maxCostPerDayUsd: number | null;
  readonly maxTaskDepth: number;
  readonly rescueDays: number;
  readonly rescueMaxMb: number;
  readonly disposable: readonly string[];
  readonly autoClean: boolean;
  readonly notify: NotifySettings;
  readonly hooks: UserHooks;
  readonly gates: Gates;
  readonly deps: DepsConfig;
}

export type Origin = "default" | "person" | "project" | "environment";

export interface Loaded {
  readonly config: Config;
  readonly origin: Readonly<Record<keyof Config, Origin>>;
  /** The project's file as it was parsed; what in it runs commands needs trust (`trust.ts`). */
  readonly project: Readonly<Partial<Config>>;
  readonly warnings: readonly string[];
}

const defaults: Config = {
  limit: 3,
  groups: {},
  repositoryLimit: null,
  agent: "claude",
  model: null,
  agents: {},
  base: null,
  branch: "copse/{label}",
  worktrees: ".worktrees/trees/{label}",
  deliver: "report",
  pr: { draft: true, labels: [], reviewers: [], autoMerge: null, showCost: false },
  forges: {},
  verify: [],
  after: [],
  onFailure: "skip",
  timeout: null,
  retries: 0,
  permissionMode: null,
  allow: [],
  setup: null,
  setupTimeout: "15m",
  carry: [],
  minFreeMb: 256,
  idleSeconds: 60,
  holdMinutes: 10,
  maxCostPerDayUsd: null,
  maxTaskDepth: 1,
  rescueDays: 30,
  rescueMaxMb: 200,
  disposable: ["node_modules", ".venv", "venv", "__pycache__", "target", ".next", ".cache", ".gradle"],
  autoClean: false,
  notify: { when: "on-complete", desktop: true },
  hooks: {},
  gates: {},
  deps: { target: "minor", ignore: [], pin: {}, groups: [], minAge: null, engines: true, otherUpdaters: true, verify: [] },
};

export const configKeys = Object.keys(defaults) as (keyof Config)[];

/** Settings that only the person, not a repository, may make. */
const personal: readonly (keyof Config)[] = [
  "limit",
  "minFreeMb",
  "idleSeconds",
  "holdMinutes",
  "maxCostPerDayUsd",
  "maxTaskDepth",
  "rescueDays",
  "rescueMaxMb",
  "disposable",
  "autoClean",
  "forges",
  "notify",
];

type Env = Readonly<Record<string, string | undefined>>;

/** `top`: the checkout whose `.worktrees/config.json` counts, or null outside of one. @throws CopseError BAD_CONFIG naming file, key and what was expected */
export function loadConfig(top: string | null, env: Env = process.env): Loaded {
  const warnings: string[] = [];
  const person = readLayer(personConfigFile(env), warnings);
  const project = top === null ? {} : readLayer(projectConfigFile(top), warnings);
  for (const key of personal) {
    if (key in project) {
      warnings.push(`.worktrees/config.json: \`${key}\` is the person's to set (${personConfigFile(env)}); it is ignored here`);
      delete (project as Record<string, unknown>)[key];
    }
  }
  const environment = fromEnvironment(env);
  const layers: [Origin, Partial<Config>][] = [
    ["default", defaults],
    ["person", person],
    ["project", project],
    ["environment", environment],
  ];
  const config = Object.assign({}, ...layers.map(([, layer]) => layer)) as Config;
  const merged = {
    ...config,
    agents: { ...person.agents, ...project.agents },
    pr: { ...defaults.pr, ...person.pr, ...project.pr },
    groups: { ...project.groups, ...person.groups },
    notify: { ...defaults.notify, ...person.notify },
    hooks: both(person.hooks, project.hooks),
    gates: { ...person.gates, ...project.gates },
    deps: { ...defaults.deps, ...person.deps, ...project.deps },
  };
  const origin = Object.fromEntries(
    configKeys.map((key) => [key, layers.filter(([, layer]) => layer[key] !== undefined).at(-1)?.[0] ?? "default"]),
  ) as Record<keyof Config, Origin>;
  return { config: merged, origin, project, warnings };
}

/** Hooks add up: a project's never take the place of a person's. */
function both(a: UserHooks = {}, b: UserHooks = {}): UserHooks {
  const events = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(events.map((event) => [event, [...(a[event] ?? []), ...(b[event] ?? [])]]));
}

function readLayer(file: string, warnings: string[]): Partial<Config> {
  const text = readMaybe(file);
  if (text === undefined) return {};
  return parseConfig(text, file, warnings);
}

/** One file's text. Unknown keys become warnings with a suggestion; anything else that is wrong is an error. @throws CopseError BAD_CONFIG */
export function parseConfig(text: string, file: string, warnings: string[]): Partial<Config> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new CopseError("BAD_CONFIG", `${file} is not JSON: ${(error as Error).message}`, {
      hint: "Comments and trailing commas are not allowed in it.",
      cause: error,
    });
  }
  if (!validate(data)) {
    for (const problem of validate.errors ?? []) {
      if (problem.keyword !== "additionalProperties")
        throw new CopseError("BAD_CONFIG", `${file}: ${say(problem)}`, { hint: "See schema/config.schema.json for every setting." });
      warnings.push(`${file}: ${sayUnknown(problem)}`);
      delete (problem.data as Record<string, unknown>)[String(problem.params["additionalProperty"])];
    }
  }
  const { $schema: _, ...known } = data as Record<string, unknown>;
  return Object.fromEntries(Object.entries(known).filter(([key]) => configKeys.includes(key as keyof Config))) as Partial<Config>;
}

function sayUnknown({ instancePath, params, parentSchema }: Problem): string {
  const key = String(params["additionalProperty"]);
  const instead = similar(key, Object.keys(parentSchema?.properties ?? {}));
  const where = [...instancePath.slice(1).split("/"), key].filter((part) => part !== "").join(".");
  return `unknown setting \`${where}\` is ignored${instead === undefined ? "" : `; did you mean \`${instead}\`?`}`;
}

function say(problem: Problem): string {
  const key = problem.instancePath === "" ? "the file" : `\`${problem.instancePath.slice(1).replaceAll("/", ".")}\``;
  const { type, allowedValues, limit, pattern } = problem.params as {
    type?: string;
    allowedValues?: unknown[];
    limit?: number;
    pattern?: string;
  };
  const expected =
    type !== undefined
      ? `to be ${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`
      : allowedValues !== undefined
        ? `to be one of ${allowedValues.join(", ")}`
        : pattern !== undefined
          ? patternText(pattern)
          : `to be ${problem.keyword === "maximum" ? "at most" : "at least"} ${limit}`;
  return `expected ${key} ${expected}, got ${JSON.stringify(problem.data)?.slice(0, 60)} (${Array.isArray(problem.data) ? "array" : typeof problem.data})`;
}

function patternText(pattern: string): string {
  if (pattern === "\\S") return "to have words in it";
  return pattern.includes("label")
    ? "to contain {label}"
    : pattern.includes("http")
      ? "to begin with https://"
      : "to be a name without a slash";
}

function fromEnvironment(env: Env): Partial<Config> {
  const text = (key: keyof Config, name: string) => (env[name] ? { [key]: env[name] } : {});
  const whole = (key: keyof Config, name: string, least: number) => {
    const value = env[name];
    if (!value) return {};
    if (!/^\d+$/.test(value) || Number(value) < least)
      throw new CopseError("BAD_CONFIG", `${name}: expected a whole number from ${least} up, got "${value}"`, {
        hint: `Unset it, or set it to ${least} or more.`,
      });
    return { [key]: Number(value) };
  };
  const deliver = env["COPSE_DELIVER"];
  if (deliver && !["report", "branch", "pr"].includes(deliver))
    throw new CopseError("BAD_CONFIG", `COPSE_DELIVER: expected report, branch or pr, got "${deliver}"`, {
      hint: "Unset it, or name one of them.",
    });
  return {
    ...whole("limit", "COPSE_LIMIT", 1),
    ...whole("repositoryLimit", "COPSE_REPOSITORY_LIMIT", 1),
    ...text("agent", "COPSE_AGENT"),
    ...text("model", "COPSE_MODEL"),
    ...text("base", "COPSE_BASE"),
    ...text("deliver", "COPSE_DELIVER"),
    ...text("timeout", "COPSE_TIMEOUT"),
    ...whole("retries", "COPSE_RETRIES", 0),
    ...text("permissionMode", "COPSE_PERMISSION_MODE"),
    ...whole("minFreeMb", "COPSE_MIN_FREE_MB", 0),
    ...whole("idleSeconds", "COPSE_IDLE_SECONDS", 1),
  } as Partial<Config>;
}
