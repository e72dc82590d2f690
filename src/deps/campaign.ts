/**
 * A campaign: lists updates, has the search say what to check, checks it, as many at once as are allowed, and makes a branch of what passed. Every finished check is in the journal before the next
 * step is decided, so whatever ends the process, the same command goes on behind the last one. What is committed is the very tree that was checked.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { numbered } from "../core/label.ts";
import { commitTree } from "../git/commit-tree.ts";
import { branchInTheWay, type Repository } from "../git/repository.ts";
import { commitOf, createBranch, madeBy } from "../git/worktrees.ts";
import { makeDir, replaceFile } from "../store/files.ts";
import { withLock } from "../store/lock.ts";
import { depsDir, laneOf } from "../store/paths.ts";
import { runCommand } from "../system/command.ts";
import { type Bench, check, settle, wasWhole } from "./check.ts";
import type { Ecosystem, Listed, Run, Update } from "./ecosystem.ts";
import { type Asked, type Campaign, campaigns, type Fact, isSame, type Outcome, open } from "./journal.ts";
import { sweepPlaces } from "./place.ts";
import { keyOf, type Next, nextOf, type UpdateSet } from "./search.ts";
import { chosenOf, messageOf, pageOf, type Verdict, verdictsOf } from "./verdict.ts";

export interface Wish {
  readonly state: string;
  readonly repo: Repository;
  readonly asked: Asked;
  readonly baseRef: string;
  readonly ecosystem: Ecosystem;
  /** Checks at the same time. */
  readonly limit: number;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Begin anew, also where one could be gone on with. */
  readonly fresh: boolean;
  /** The branch a label gets. */
  readonly branch: (label: string) => string;
  readonly told: (news: News) => void;
}

export type News =
  | { readonly type: "resumed"; readonly checks: number }
  | { readonly type: "listed"; readonly updates: number }
  | { readonly type: "checked"; readonly names: readonly string[]; readonly all: boolean; readonly outcome: Outcome };

export interface Report {
  readonly number: number;
  readonly resumed: boolean;
  readonly verdicts: readonly Verdict[];
  readonly left: Listed["left"];
  readonly branch: string | null;
  readonly commit: string | null;
  /** The page; null when there was nothing to update. */
  readonly report: string | null;
  /** Checks in all, and those of them that were made now. */
  readonly checks: number;
  readonly checksNow: number;
}

/** Longer than a lock of a killed campaign is waited out. */
const patienceMs = 8000;

/** @throws CopseError CHECKS_FAILED when the project's checks fail without any update, BUSY, COMMAND_FAILED; CutShort when `signal` ended it */
export async function campaign(wish: Wish): Promise<Report> {
  const parent = depsDir(wish.state, wish.repo.id);
  makeDir(parent);
  return await withLock(
    join(parent, "..", "deps-campaign"),
    async () => {
      const all = campaigns(parent);
      const last = all.at(-1);
      const resumed = !wish.fresh && last !== undefined && isSame(last, wish.asked);
      const own = resumed ? last : open(parent, (last?.number ?? 0) + 1);
      // What any of them left is ended and cleared away: this is the only one that lives.
      for (const one of all) if (one.facts.at(-1)?.type !== "ended") await settle(benchOf(wish, one));
      await sweepPlaces(wish.repo.root, laneOf(wish.state, wish.repo.id), parent);
      const before = checksOf(own).length;
      if (resumed) wish.told({ type: "resumed", checks: before });
      else
        own.add({
          type: "started",
          at: new Date().toISOString(),
          baseRef: wish.baseRef,
          manager: wish.ecosystem.name,
          ...wish.asked,
        });
      const done = await carryOut(wish, own).finally(() => sweepPlaces(wish.repo.root, laneOf(wish.state, wish.repo.id), own.dir));
      return { ...done, number: own.number, resumed, checks: checksOf(own).length, checksNow: checksOf(own).length - before };
    },
    patienceMs,
  );
}

/** Only what could be updated; nothing of it is kept. @throws CopseError */
export async function preview(wish: Wish): Promise<Listed> {
  const facts: Fact[] = [];
  const dir = join(depsDir(wish.state, wish.repo.id), `preview-${process.pid}`);
  const bench = benchOf(wish, { dir, number: 0, facts, add: (fact) => void facts.push(fact) });
  try {
    const list = lister(wish, bench.campaign);
    const outcome = await check(bench, 1, [], [], { goOn: async (path) => (await list(path)) && false });
    const listed = listedOf(bench.campaign);
    if (listed === undefined) throw redBaseline(bench.campaign, outcome);
    return listed;
  } finally {
    await sweepPlaces(wish.repo.root, laneOf(wish.state, wish.repo.id), dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

type Fact1<T extends Fact["type"]> = Extract<Fact, { type: T }>;
const checksOf = ({ facts }: Campaign) => facts.filter((fact): fact is Fact1<"checked"> => fact.type === "checked");
const listedOf = ({ facts }: Campaign) => facts.find((fact): fact is Fact1<"listed"> => fact.type === "listed");

function benchOf({ state, repo, asked, ecosystem, env, signal }: Wish, one: Campaign): Bench {
  const started = one.facts.find((fact): fact is Fact1<"started"> => fact.type === "started");
  return {
    ground: { repo: repo.root, lane: laneOf(state, repo.id), dir: one.dir, base: asked.base },
    campaign: one,
    ecosystem,
    checks: started?.checks ?? asked.checks,
    env,
    cookie: `deps.${repo.id}.${one.number}`,
    signal,
  };
}

async function carryOut(wish: Wish, own: Campaign): Promise<Omit<Report, "number" | "resumed" | "checks" | "checksNow">> {
  const bench = benchOf(wish, own);
  if (listedOf(own) === undefined) {
    const outcome = await check(bench, runsOf(own) + 1, [], [], { goOn: lister(wish, own) });
    wish.told({ type: "checked", names: [], all: false, outcome });
  }
  const listed = listedOf(own) ?? { updates: [], left: [] };
  const end = await searched(wish, bench, listed.updates);
  if (end.to !== "end") {
    own.add({ type: "ended", at: new Date().toISOString(), branch: null, commit: null });
    throw redBaseline(own, checksOf(own).find(({ set }) => set.length === 0)?.outcome);
  }
  const verdicts = verdictsOf(listed.updates, end, outcomesOf(own));
  const made = end.kept.length === 0 ? { branch: null, commit: null } : await delivered(wish, own, end.kept, verdicts);
  const report = listed.updates.length === 0 ? null : join(own.dir, "report.md");
  if (report !== null) {
    const checks = checksOf(own).map(({ outcome }) => outcome);
    replaceFile(report, pageOf({ verdicts, left: listed.left, checks, asked: wish.asked, baseRef: wish.baseRef, dir: own.dir, ...made }));
  }
  own.add({ type: "ended", at: new Date().toISOString(), ...made });
  return { verdicts, left: listed.left, report, ...made };
}

const runsOf = ({ facts }: Campaign): number => facts.filter(({ type }) => type === "checking").length;
const outcomesOf = (own: Campaign): Map<string, Outcome> => new Map(checksOf(own).map(({ set, outcome }) => [keyOf(set), outcome]));

/** @returns whether the baseline is worth checking: whether there is anything to update */
function lister({ ecosystem, asked, env, told }: Wish, own: Campaign) {
  return async (path: string): Promise<boolean> => {
    const run: Run = ([file, ...args]) => runCommand(file, args, { cwd: path, env: { ...env, ...ecosystem.env }, timeoutMs: 10 * 60_000 });
    const { updates, left } = chosenOf(await ecosystem.list(path, asked.target, run), asked);
    own.add({ type: "listed", updates, left });
    told({ type: "listed", updates: updates.length });
    return updates.length > 0;
  };
}

/** Keeps as many checks going as are allowed, and asks after each what is to be checked next. */
async function searched(wish: Wish, bench: Bench, updates: readonly Update[]): Promise<Next> {
  const own = bench.campaign;
  const mine = new AbortController();
  const working: Bench = { ...bench, signal: AbortSignal.any([bench.signal, mine.signal]) };
  const running = new Map<string, Promise<void>>();
  const begin = (set: UpdateSet, whole: boolean): Promise<void> => {
    const some = set.map((i) => updates[i] as Update);
    return check(working, runsOf(own) + 1, set, some, { whole }).then((outcome) =>
      wish.told({ type: "checked", names: some.map(({ name }) => name), all: set.length === updates.length, outcome }),
    );
  };
  try {
    for (;;) {
      const next = nextOf(updates.length, new Map(checksOf(own).map(({ set, outcome }) => [keyOf(set), outcome.ok])));
      const sure = next.to !== "end" || next.kept.length === 0 || wasWhole(own, next.kept);
      if (next.to !== "check" && sure) return next;
      const { sets, whole } = next.to === "check" ? next : { sets: [next.to === "end" ? next.kept : []], whole: true };
      for (const set of sets) {
        const key = keyOf(set);
        if (running.size >= wish.limit || running.has(key)) continue;
        running.set(
          key,
          begin(set, whole).finally(() => running.delete(key)),
        );
      }
      await Promise.race(running.values());
    }
  } finally {
    // What is still being checked is not needed for the answer, or cannot be used for one any more.
    mine.abort();
    await Promise.allSettled(running.values());
  }
}

function redBaseline({ dir }: Campaign, outcome: Outcome | undefined): CopseError {
  const said = outcome === undefined ? "" : `: \`${outcome.command}\` exited ${outcome.exitCode ?? "without a code"}`;
  const lines = outcome === undefined || outcome.lines.length === 0 ? "" : `\n${outcome.lines.map((line) => `  ${line}`).join("\n")}`;
  return new CopseError("CHECKS_FAILED", `the project's own checks fail without any update${said}; nothing was tried${lines}`, {
    hint: `Mend that first, or name other checks with --verify. All it said: ${join(dir, outcome?.log ?? "runs")}`,
  });
}

async function delivered(
  wish: Wish,
  own: Campaign,
  kept: UpdateSet,
  verdicts: readonly Verdict[],
): Promise<{ branch: string; commit: string }> {
  const { repo, asked } = wish;
  const run = checksOf(own).findLast(({ set }) => keyOf(set) === keyOf(kept))?.run;
  const tree = own.facts.find((fact): fact is Fact1<"locked"> => fact.type === "locked" && fact.run === run)?.tree;
  if (tree === undefined)
    throw new CopseError("BUG", `campaign ${own.number} does not know what it has checked`, { hint: "copse deps --fresh" });
  const mark = `copse deps ${repo.id}/${own.number}`;
  const commit = await commitTree(repo.root, tree, [asked.base], messageOf(verdicts));
  for (let n = 1; ; n++) {
    const branch = wish.branch(numbered(`deps-${new Date().toISOString().slice(0, 10)}`, n));
    // Made, and then killed before that could be written down.
    if (await madeBy(repo.root, branch, mark)) return { branch, commit: (await commitOf(repo.root, `refs/heads/${branch}`)) ?? commit };
    if (branchInTheWay(repo, branch) !== undefined) continue;
    await createBranch(repo.root, branch, commit, mark);
    return { branch, commit };
  }
}
