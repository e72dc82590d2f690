/** One set of updates, checked: into the manifests, locked, installed, and the project's checks run, each step supervised and with its output kept. */
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { safe, safeLine } from "../core/safe.ts";
import { git, gitLine } from "../git/git.ts";
import { stopRun } from "../process/stop.ts";
import { lookAt } from "../process/supervised.ts";
import { endOf } from "../process/tail.ts";
import { runToEnd } from "../process/to-end.ts";
import { makeDir } from "../store/files.ts";
import type { Command, Ecosystem, Update } from "./ecosystem.ts";
import type { Campaign, Outcome } from "./journal.ts";
import { isOutside, tellingLines } from "./lines.ts";
import { type Ground, inPlace } from "./place.ts";
import type { UpdateSet } from "./search.ts";

export interface Bench {
  readonly ground: Ground;
  readonly campaign: Campaign;
  readonly ecosystem: Ecosystem;
  readonly checks: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names everything the campaign starts in the environment. */
  readonly cookie: string;
  readonly signal: AbortSignal;
}

/** Thrown where a check was ended before its time; it says nothing about the updates. */
export class CutShort extends Error {
  override readonly name = "CutShort";
}

const stepMs = 60 * 60_000;

/** `goOn`: asked once everything is installed, whether the checks are to run. @throws CutShort; CopseError COMMAND_FAILED when it failed for something outside, such as the network */
export async function check(
  bench: Bench,
  run: number,
  set: UpdateSet,
  updates: readonly Update[],
  goOn: (path: string) => Promise<boolean> = async () => true,
): Promise<Outcome> {
  const { campaign, ecosystem } = bench;
  const { lock, install } = ecosystem;
  campaign.add({ type: "checking", run, set });
  const startedAt = performance.now();
  const last = await inPlace(bench.ground, String(run), async (path) => {
    const step = async (stage: Outcome["stage"], name: string, command: Command) => await runStep(bench, run, stage, name, command, path);
    if (set.length > 0) {
      ecosystem.apply(path, updates);
      const done = lock === null ? undefined : await step("lock", "lock", lock);
      if (done?.ok === false) return done;
    }
    await git(path, ["add", "--update"]);
    campaign.add({ type: "locked", run, tree: await gitLine(path, ["write-tree"]) });
    const done = await step("install", "install", install);
    if (!done.ok) return done;
    if (!(await goOn(path))) return done;
    let last = done;
    for (const [i, command] of bench.checks.entries()) {
      last = await step("check", `check${i}`, ["/bin/sh", "-c", command]);
      if (!last.ok) break;
    }
    return last;
  });
  const outcome = { ...last, durationMs: Math.round(performance.now() - startedAt) };
  campaign.add({ type: "checked", run, set, outcome });
  return outcome;
}

const stepDir = (run: number, name: string): string => join("runs", String(run), name);

async function runStep(
  { ground, ecosystem, env, cookie, signal }: Bench,
  run: number,
  stage: Outcome["stage"],
  name: string,
  [file, ...args]: Command,
  cwd: string,
): Promise<Outcome> {
  if (signal.aborted) throw new CutShort();
  const log = stepDir(run, name);
  const dir = join(ground.dir, log);
  makeDir(join(dir, ".."));
  const own = stage === "check" ? {} : ecosystem.env;
  const start = { dir, file, args, cwd, env: { CI: "true", ...env, ...own }, cookie: `${cookie}.${run}`, mode: "read", first: "" } as const;
  const { code, timedOut, durationMs } = await runToEnd(start, stepMs, signal);
  if (signal.aborted && !timedOut && code === null) throw new CutShort();
  if (code === null && !timedOut) throw failedOutside(`\`${wordsOf(stage, file, args)}\` was killed`, dir);
  const outcome = outcomeOf(ground.dir, log, stage, wordsOf(stage, file, args), code, durationMs);
  if (code !== 0 && stage !== "check" && isOutside(outputOf(dir)))
    throw failedOutside(`\`${outcome.command}\` could not reach what it needs: ${safeLine(outcome.lines.join(" "), 300)}`, dir);
  return outcome;
}

const failedOutside = (what: string, dir: string) =>
  new CopseError("COMMAND_FAILED", `${what}; that says nothing about the updates`, {
    hint: `Its output is in ${dir}. What has been checked stays checked; go on with: copse deps`,
  });

const wordsOf = (stage: Outcome["stage"], file: string, args: readonly string[]): string =>
  stage === "check" ? (args[1] as string) : [file, ...args].join(" ");

function outcomeOf(
  campaign: string,
  log: string,
  stage: Outcome["stage"],
  command: string,
  exitCode: number | null,
  durationMs: number,
): Outcome {
  const ok = exitCode === 0;
  return { ok, stage, command, exitCode, durationMs, log, lines: ok ? [] : tellingLines(outputOf(join(campaign, log))) };
}

const mostOutput = 64 * 1024;

const outputOf = (dir: string): string =>
  safe(redact(["out", "err"].map((name) => endOf(join(dir, name), mostOutput).trimEnd()).join("\n")));

/**
 * Checks that were begun and are not in the journal as done: what of them still runs is ended, and one whose last command had come to its end all the same counts, for its supervisor outlives us.
 * To be called before anything else is begun.
 */
export async function settle({ campaign, checks, cookie }: Bench): Promise<void> {
  const done = new Set(campaign.facts.flatMap((fact) => (fact.type === "checked" ? [fact.run] : [])));
  const open = campaign.facts.flatMap((fact) => (fact.type === "checking" && !done.has(fact.run) ? [fact] : []));
  for (const { run, set } of open) {
    await stopRun(`${cookie}.${run}`, null, { intMs: 0, termMs: 2000 });
    for (const [i, command] of checks.entries()) {
      const log = stepDir(run, `check${i}`);
      const sight = lookAt(join(campaign.dir, log));
      if (sight.is !== "ended" || (sight.code === 0 && i < checks.length - 1)) continue;
      // Above 128 it was a signal, maybe ours.
      if (sight.code > 128) break;
      campaign.add({ type: "checked", run, set, outcome: outcomeOf(campaign.dir, log, "check", command, sight.code, 0) });
      break;
    }
  }
}
