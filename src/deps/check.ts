/** One set of updates, checked: into the manifests, locked, installed, and the project's checks run. */
import { join } from "node:path";
import { git } from "../git/git.ts";
import { stopRun } from "../process/stop.ts";
import { lookAt } from "../process/supervised.ts";
import type { Update } from "./ecosystem.ts";
import type { Outcome } from "./journal.ts";
import { roundsOf } from "./locking.ts";
import { inInstallTurn, keepPackages, lendPackages } from "./packages.ts";
import { inPlace, treeIn } from "./place.ts";
import { keyOf, type UpdateSet } from "./search.ts";
import { type Bench, outcomeOf, runStep, stepDir } from "./step.ts";

export { CutShort } from "./room.ts";
export type { Bench } from "./step.ts";

export interface Manner {
  /** Asked once everything is installed, whether the checks are to run. */
  readonly goOn?: (path: string) => Promise<boolean>;
  /** What passes may be kept: it is locked and installed from nothing. Otherwise it starts from a copy of what the baseline has installed, where the ecosystem can. */
  readonly whole?: boolean;
}

/** @throws CutShort; CopseError COMMAND_FAILED when it failed for something outside, such as the network */
export async function check(
  bench: Bench,
  run: number,
  set: UpdateSet,
  updates: readonly Update[],
  { goOn = async () => true, whole = true }: Manner = {},
): Promise<Outcome> {
  const { campaign, checks } = bench;
  // One that is repeated was doubtful, so nothing is spared.
  const again = campaign.facts.some((fact) => fact.type === "checked" && keyOf(fact.set) === keyOf(set));
  const fresh = whole || again || bench.ecosystem.refresh === undefined;
  campaign.add({ type: "checking", run, set, whole: fresh });
  const startedAt = performance.now();
  const last = await inPlace(bench.ground, String(run), async (path) => {
    const one: Installing = { bench, run, path, updates };
    const done = await inInstallTurn(async () => (fresh ? undefined : await fromBaseline(one)) ?? (await fromNothing(one)));
    if (!done.ok || !(await besideKeeping(one, () => goOn(path)))) return done;
    let last = done;
    for (const [i, command] of checks.entries()) {
      last = await runStep(bench, run, "check", `check${i}`, ["/bin/sh", "-c", command], path);
      if (!last.ok) break;
    }
    return last;
  });
  const outcome = { ...last, durationMs: Math.round(performance.now() - startedAt) };
  campaign.add({ type: "checked", run, set, outcome });
  return outcome;
}

interface Installing {
  readonly bench: Bench;
  readonly run: number;
  /** The place. */
  readonly path: string;
  /** None of them: the baseline. */
  readonly updates: readonly Update[];
}

async function fromNothing({ bench, run, path, updates }: Installing): Promise<Outcome> {
  const { lock, install, part, apply } = bench.ecosystem;
  if (updates.length > 0) {
    for (const [i, round] of roundsOf(updates).entries()) {
      apply(path, round);
      const done = lock === null ? undefined : await runStep(bench, run, "lock", i === 0 ? "lock" : `lock${i}`, lock, path);
      if (done?.ok === false) return done;
    }
  }
  await writeTree(bench, run, path);
  const done = await runStep(bench, run, "install", "install", install, path);
  return done.ok && part !== undefined ? await runStep(bench, run, "install", "part", part, path) : done;
}

/** @returns undefined where that cannot be had; then nothing of it is left. */
async function fromBaseline({ bench, run, path, updates }: Installing): Promise<Outcome | undefined> {
  const { refresh, apply } = bench.ecosystem;
  const copy = async (command: readonly [string, ...string[]], from: string) =>
    (await runStep(bench, run, "install", "copy", command, from)).ok;
  if (refresh === undefined || !(await lendPackages(bench.ground.dir, path, copy))) return undefined;
  let done: Outcome | undefined;
  for (const [i, round] of roundsOf(updates).entries()) {
    apply(path, round);
    done = await runStep(bench, run, "install", i === 0 ? "refresh" : `refresh${i}`, refresh.command, path);
    if (!done.ok) break;
  }
  if (done?.ok) {
    await writeTree(bench, run, path);
    return done;
  }
  // Maybe it goes from nothing; if not, that says better why.
  await git(path, ["reset", "--hard", "--quiet"]);
  await git(path, ["clean", "-ffdxq"]);
  return undefined;
}

/** What the baseline has installed is copied meanwhile, before any check can write into it; not waited for where nothing more is to be checked. */
async function besideKeeping({ bench, run, path, updates }: Installing, goOn: () => Promise<boolean>): Promise<boolean> {
  const { refresh } = bench.ecosystem;
  if (updates.length > 0 || refresh === undefined || !refresh.suits(path)) return await goOn();
  const mine = new AbortController();
  const signal = AbortSignal.any([bench.signal, mine.signal]);
  const copy = async (command: readonly [string, ...string[]], from: string) =>
    (await runStep({ ...bench, signal }, run, "install", "keep", command, from)).ok;
  const keeping = keepPackages(bench.ground.dir, path, refresh.folder, copy);
  let more = false;
  try {
    more = await goOn();
  } finally {
    if (!more) mine.abort();
    await keeping;
  }
  return more;
}

async function writeTree({ campaign, ecosystem }: Bench, run: number, path: string): Promise<void> {
  campaign.add({ type: "locked", run, tree: await treeIn(path, ecosystem.kept) });
}

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
