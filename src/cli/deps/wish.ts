/** From flags, configuration and repository to what a campaign is to do. */

import { availableParallelism } from "node:os";
import { readDocument } from "../../batch/document.ts";
import { parseDuration } from "../../core/duration.ts";
import { CopseError } from "../../core/errors.ts";
import { secretValues } from "../../core/redact.ts";
import type { Delivery } from "../../core/task.ts";
import type { Wish } from "../../deps/campaign.ts";
import { ecosystemOf } from "../../deps/detect.ts";
import type { Target } from "../../deps/ecosystem.ts";
import { ruleOf } from "../../deps/groups.ts";
import { saidBy } from "../../deps/said.ts";
import { isRange } from "../../deps/versions.ts";
import { resolveBase } from "../../git/base.ts";
import { gitMaybe } from "../../git/git.ts";
import { findRepository } from "../../git/repository.ts";
import { taskEnvironment } from "../../session/environment.ts";
import type { Config, DepsConfig } from "../../store/config.ts";
import { stateDir } from "../../store/paths.ts";
import { isTty } from "../../system/output.ts";
import { handOver } from "./hand-over.ts";
import { publish } from "./publish.ts";

export interface DepsOptions {
  readonly target: Target | undefined;
  readonly verify: readonly string[];
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  readonly group: readonly string[];
  readonly minAge: string | undefined;
  /** undefined: as configured. */
  readonly engines: boolean | undefined;
  readonly otherUpdaters: boolean | undefined;
  readonly base: string | undefined;
  readonly limit: string | undefined;
  readonly deliver: Delivery | undefined;
  readonly pr: boolean;
  readonly draft: boolean;
  /** undefined: a commit for each where it leaves the house. */
  readonly split: boolean | undefined;
  readonly fix: boolean;
  readonly majors: boolean;
  readonly maxTasks: string | undefined;
  readonly agent: string | undefined;
  readonly model: string | undefined;
  readonly dryRun: boolean;
  readonly fresh: boolean;
  readonly json: boolean;
}

const usualTasks = 5;

/** Tests wait more than they work: measured on two cores, four at once are fastest. A part of the search has no more of them. */
const usualLimit = Math.min(4, 2 * availableParallelism());

/** @throws CopseError */
export async function wishOf(
  options: DepsOptions,
  signal: AbortSignal,
  told: Wish["told"],
): Promise<{ wish: Wish; warnings: readonly string[] }> {
  const repo = findRepository(process.cwd());
  // Both are files of their own in dist/, which other commands use as well.
  const loaded = (await import("../../store/config.ts")).loadConfig(repo.bare ? null : repo.top);
  const { config } = loaded;
  const { sha, ref } = await resolveBase(repo.top, options.base ?? config.base);
  const env = taskEnvironment(process.env);
  const ecosystem = await ecosystemOf(repo.root, sha, env);
  const isTheirs = config.deps.verify.length > 0 ? loaded.project.deps?.verify !== undefined : loaded.origin.verify === "project";
  if (options.verify.length === 0 && isTheirs)
    await (await import("../trust.ts")).requireTrust(loaded, repo, isTty(0) && isTty(2) && !options.json);
  const own = ecosystem.check === null ? [] : [ecosystem.check];
  const checks = [options.verify, config.deps.verify, config.verify, own].find((some) => some.length > 0);
  if (checks === undefined && !options.dryRun)
    throw new CopseError("USAGE", "there is nothing to check updates by: no test script, and no `verify` in the configuration", {
      hint: 'Name a command: copse deps --verify "…"',
    });
  const deliver: Delivery = options.pr ? "pr" : (options.deliver ?? config.deliver);
  const branch = (label: string) => config.branch.replaceAll("{label}", label);
  const groups = options.group.length > 0 ? options.group : config.deps.groups;
  for (const rule of groups) ruleOf(rule);
  const policy = { ...config.pr, draft: options.draft || config.pr.draft };
  const { name, lock, install } = ecosystem;
  const publisher = {
    repo: repo.root,
    baseRef: ref,
    manager: { name, commands: [lock, install].flatMap((words) => (words === null ? [] : [words.join(" ")])) },
    pr: deliver === "pr",
    policy,
    forges: config.forges,
    env: process.env,
    branch,
  };
  const tasks = {
    fix: options.fix,
    majors: options.majors,
    most: wholeOf("--max-tasks", options.maxTasks) ?? usualTasks,
    agent: options.agent,
    model: options.model,
  };
  const hand = {
    ...tasks,
    repo,
    manager: ecosystem.name,
    checks: checks ?? [],
    usual: config.verify,
    baseRef: options.base ?? config.base,
    deliver,
    draft: options.draft,
    secrets: secretValues(process.env),
    told,
  };
  return {
    warnings: loaded.warnings,
    wish: {
      state: stateDir(),
      repo,
      asked: {
        base: sha,
        target: options.target ?? config.deps.target,
        checks: checks ?? [],
        only: options.only,
        ignore: [...config.deps.ignore, ...options.ignore],
        pin: pinned(config.deps),
        minAgeMs: ageOf(options, config),
        engines: options.engines ?? config.deps.engines,
        otherUpdaters: options.otherUpdaters ?? config.deps.otherUpdaters,
        groups,
        split: options.split ?? deliver !== "report",
      },
      baseRef: ref,
      ecosystem,
      limit: wholeOf("--limit", options.limit) ?? (loaded.origin.limit === "default" ? usualLimit : config.limit),
      env,
      signal,
      fresh: options.fresh,
      said: () => saidBy((path) => gitMaybe(repo.root, ["cat-file", "blob", `${sha}:${path}`]), readYaml),
      branch,
      publish: deliver === "report" ? null : (what) => publish(publisher, what),
      handOver: options.fix || options.majors ? (campaign, parts, left) => handOver(hand, campaign, parts, left) : null,
      told,
    },
  };
}

function readYaml(text: string): unknown {
  const { document, problems } = readDocument(text);
  const [first] = problems;
  if (first !== undefined) throw new Error(`line ${first.at?.line ?? 1}: ${first.text}`);
  return document.data;
}

function pinned({ pin }: DepsConfig): Readonly<Record<string, string>> {
  const bad = Object.entries(pin).find(([, range]) => !isRange(range));
  if (bad === undefined) return pin;
  throw new CopseError("BAD_CONFIG", `deps.pin: expected a range for ${bad[0]}, got "${bad[1]}"`, {
    hint: 'Example: { "deps": { "pin": { "react": "18.x" } } }',
  });
}

function ageOf({ minAge }: DepsOptions, { deps }: Config): number | null {
  const text = minAge ?? deps.minAge;
  if (text === null) return null;
  return text.trim() === "0" ? 0 : parseDuration(text, minAge === undefined ? "deps.minAge" : "--min-age");
}

function wholeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,2}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new CopseError("USAGE", `${flag}: expected a whole number from 1 up, got "${text}"`, { hint: `Example: ${flag} 4` });
}
