/**
 * A campaign: lists updates, has the search say what to check, checks it, as many at once as are allowed, and makes a branch of what passed. Every finished check is in the journal before the next
 * step is decided, so whatever ends the process, the same command goes on behind the last one. What is committed is the very tree that was checked.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { gitLine } from "../git/git.ts";
import type { Repository } from "../git/repository.ts";
import { makeDir, replaceFile } from "../store/files.ts";
import { withLock } from "../store/lock.ts";
import { depsDir, laneOf } from "../store/paths.ts";
import { runCommand } from "../system/command.ts";
import { crashPoint } from "../system/crash.ts";
import { beginBaseline } from "./baseline.ts";
import { branched, settleBranch } from "./branch.ts";
import { type Bench, check, settle } from "./check.ts";
import type { Audit, Ecosystem, Left, Listed, Run } from "./ecosystem.ts";
import { type Family, familiesOf } from "./families.ts";
import type { Said } from "./fields.ts";
import { type Group, groupsOf } from "./groups.ts";
import {
  type Asked,
  type Campaign,
  campaigns,
  checksOf,
  type Fact,
  factsOf,
  isSame,
  type Outcome,
  open,
  type Published,
} from "./journal.ts";
import { type Page, type Part, pageOf } from "./page.ts";
import { sweepPlaces } from "./place.ts";
import { withRoom } from "./room.ts";
import { chosenOf, type Verdict, verdictsOf } from "./verdict.ts";
import { type Checked, type Checking, searched } from "./walk.ts";

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
  /** What other updaters are told to leave alone; asked only where that counts. */
  readonly said: () => Promise<Said>;
  /** The branch a label gets. */
  readonly branch: (label: string) => string;
  /** Takes a group's branch out of the house; null: it stays here. */
  readonly publish: ((what: ToPublish) => Promise<Published>) | null;
  /** Tasks for what a person or an agent has to look at; called before the campaign ends, maybe once more after a crash. null: there are to be none. */
  readonly handOver: ((campaign: number, parts: readonly Part[], left: readonly Left[]) => Promise<readonly string[]>) | null;
  readonly told: (news: News) => void;
}

/** A group of which something is kept. */
export interface ToPublish {
  readonly part: Part & { readonly branch: string; readonly commit: string };
  readonly page: Page;
  /** What campaigns for this group have pushed so far, the newest last. */
  readonly pushed: readonly { readonly remote: string; readonly branch: string; readonly commit: string }[];
  /** To be called with every push. */
  readonly push: (remote: string, branch: string, commit: string) => void;
}

export type News =
  | { readonly type: "resumed"; readonly checks: number }
  | { readonly type: "listed"; readonly updates: number; readonly groups: readonly string[] }
  | { readonly type: "searching"; readonly group: string; readonly updates: number }
  | { readonly type: "branched"; readonly branch: string }
  | ({ readonly type: "published"; readonly group: string } & Published)
  | { readonly type: "handed"; readonly tasks: readonly string[]; readonly batch: string; readonly over: readonly string[] }
  | Checked
  | Checking;

export interface Report {
  readonly number: number;
  readonly resumed: boolean;
  readonly parts: readonly Part[];
  /** Of all parts. */
  readonly verdicts: readonly Verdict[];
  /** Of the only part that has one; null where there are several or none. */
  readonly branch: string | null;
  readonly commit: string | null;
  readonly left: Listed["left"];
  readonly notes: readonly string[];
  /** Labels of the tasks it was handed over to. */
  readonly tasks: readonly string[];
  /** The page; null when there was nothing to update. */
  readonly report: string | null;
  /** Checks in all, and those of them that were made now. */
  readonly checks: number;
  readonly checksNow: number;
}

/** Longer than a lock of a killed campaign is waited out. */
const patienceMs = 8000;

const parentOf = ({ state, repo }: Wish): string => depsDir(state, repo.id);

/** @throws CopseError CHECKS_FAILED when the project's checks fail without any update, BUSY, COMMAND_FAILED, CANNOT_WRITE; CutShort when `signal` ended it */
export const campaign = (wish: Wish): Promise<Report> => withRoom(parentOf(wish), () => begun(wish));

async function begun(wish: Wish): Promise<Report> {
  const parent = parentOf(wish);
  makeDir(parent);
  return await withLock(
    join(parent, "..", "deps-campaign"),
    async () => {
      const all = campaigns(parent);
      const last = all.at(-1);
      const resumed = !wish.fresh && last !== undefined && isSame(last, wish.asked);
      const own = resumed ? last : open(parent, (last?.number ?? 0) + 1);
      // What any of them left is ended and cleared away: this is the only one that lives.
      for (const one of all) {
        if (one.facts.at(-1)?.type === "ended") continue;
        await settle(benchOf(wish, one));
        await settleBranch(benchOf(wish, one));
      }
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
      const done = await carryOut(wish, own, all).finally(() => sweepPlaces(wish.repo.root, laneOf(wish.state, wish.repo.id), own.dir));
      return { ...done, number: own.number, resumed, checks: checksOf(own).length, checksNow: checksOf(own).length - before };
    },
    patienceMs,
  );
}

/** Only what could be updated; nothing of it is kept. @throws CopseError */
export const preview = (wish: Wish): Promise<Listed> => withRoom(parentOf(wish), () => looked(wish));

async function looked(wish: Wish): Promise<Listed> {
  const facts: Fact[] = [];
  const dir = join(parentOf(wish), `preview-${process.pid}`);
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

const listedOf = (own: Campaign): Listed | undefined => factsOf(own, "listed").at(-1);

function benchOf({ state, repo, asked, ecosystem, env, signal }: Wish, one: Campaign): Bench {
  const [started] = factsOf(one, "started");
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

async function carryOut(
  wish: Wish,
  own: Campaign,
  all: readonly Campaign[],
): Promise<Omit<Report, "number" | "resumed" | "checks" | "checksNow">> {
  const bench = benchOf(wish, own);
  const toldBaseline = (outcome: Outcome) => wish.told({ type: "checked", names: [], all: false, again: false, outcome });
  const baseline = listedOf(own) === undefined ? await beginBaseline(bench, lister(wish, own), toldBaseline) : undefined;
  const { updates, left, notes = [] } = listedOf(own) ?? { updates: [], left: [] };
  const families = familiesOf(updates);
  const groups = groupsOf(families, wish.asked.groups);
  const parts: Part[] = [];
  const page = (): Page => ({
    parts,
    left,
    notes,
    checks: checksOf(own).map(({ outcome }) => outcome),
    asked: wish.asked,
    baseRef: wish.baseRef,
    dir: own.dir,
  });
  try {
    for (const group of groups) parts.push(await partOf(wish, bench, families, group, page, all, baseline?.done));
  } finally {
    await baseline?.stop();
  }
  const tasks = (await wish.handOver?.(own.number, parts, left)) ?? [];
  const report = updates.length === 0 ? null : join(own.dir, "report.md");
  if (report !== null) replaceFile(report, pageOf(page()));
  own.add({ type: "ended", at: new Date().toISOString() });
  const [first, second] = parts.filter(({ branch }) => branch !== null);
  const only = second === undefined ? first : undefined;
  const verdicts = parts.flatMap((part) => part.verdicts);
  return { parts, verdicts, branch: only?.branch ?? null, commit: only?.commit ?? null, left, notes, tasks, report };
}

/** One group, from the search to the pull request; what of it is done already is not done again. */
async function partOf(
  wish: Wish,
  bench: Bench,
  families: readonly Family[],
  group: Group,
  page: () => Page,
  all: readonly Campaign[],
  baseline: Promise<void> | undefined,
): Promise<Part> {
  const { asked, ecosystem, repo, branch, told } = wish;
  const { campaign: own } = bench;
  const { name } = group;
  if (name !== "") told({ type: "searching", group: name, updates: group.families.flatMap((i) => families[i] ?? []).length });
  const end = await searched(bench, families, group, wish.limit, told, baseline);
  if (end.to !== "end") {
    own.add({ type: "ended", at: new Date().toISOString() });
    throw redBaseline(own, checksOf(own).find(({ set }) => set.length === 0)?.outcome);
  }
  const verdicts = verdictsOf(families, group, end, checksOf(own));
  const before = factsOf(own, "audited").find((fact) => fact.group === null)?.audit ?? null;
  const bare: Part = { group: name, verdicts, branch: null, commit: null, commits: 0, audits: { before, after: null }, published: null };
  if (end.kept.length === 0) return bare;
  const isMine = (fact: { readonly group: string | null }) => fact.group === name;
  if (!factsOf(own, "made").some(isMine)) {
    const kept = end.kept.map((i) => group.families[i] as number);
    // Where no hole is known, none can be mended.
    const look = before !== null && "found" in before && before.found.length > 0 ? ecosystem.audit?.bind(ecosystem) : undefined;
    const audit = look === undefined ? null : (path: string) => look(runIn(wish, path));
    const { audit: after, ...made } = await branched({ bench, repo, group: name, kept, families, split: asked.split, audit, branch });
    if (after !== null) own.add({ type: "audited", group: name, audit: after });
    own.add({ type: "made", group: name, ...made });
    told({ type: "branched", branch: made.branch });
  }
  const made = factsOf(own, "made").find(isMine) as Made;
  const after = factsOf(own, "audited").find(isMine)?.audit ?? null;
  const commits = Number(await gitLine(repo.root, ["rev-list", "--count", `${asked.base}..${made.commit}`]));
  const part = { ...bare, branch: made.branch, commit: made.commit, commits, audits: { before, after } };
  if (wish.publish === null) return part;
  const published = factsOf(own, "published").find(isMine) ?? (await publish(wish, own, part, page(), all));
  return { ...part, published: { pr: published.pr, notes: published.notes } };
}

interface Made {
  readonly branch: string;
  readonly commit: string;
}

async function publish(wish: Wish, own: Campaign, part: ToPublish["part"], page: Page, all: readonly Campaign[]): Promise<Published> {
  const { group } = part;
  const pushed = [...all.filter(({ number }) => number !== own.number), own]
    .flatMap((one) => factsOf(one, "pushed"))
    .filter((fact) => fact.group === group);
  const push = (remote: string, branch: string, commit: string) => {
    own.add({ type: "pushed", group, remote, branch, commit });
    crashPoint("deps-pushed");
  };
  const done = (await wish.publish?.({ part, page, pushed, push })) ?? { pr: null, notes: [] };
  crashPoint("deps-published");
  own.add({ type: "published", group, ...done });
  wish.told({ type: "published", group, ...done });
  return done;
}

const runIn =
  ({ env, ecosystem }: Wish, cwd: string): Run =>
  ([file, ...args]) =>
    runCommand(file, args, { cwd, env: { ...env, ...ecosystem.env }, timeoutMs: 10 * 60_000 });

const noAudit: Audit = { why: "this package manager has no audit" };

/** @returns whether the baseline is worth checking: whether there is anything to update */
function lister(wish: Wish, own: Campaign) {
  const { ecosystem, asked, told } = wish;
  return async (path: string): Promise<boolean> => {
    const run = runIn(wish, path);
    const audit = ecosystem.audit?.(run) ?? Promise.resolve(noAudit);
    const said = asked.otherUpdaters ? await wish.said() : { refusals: [], notes: [] };
    const listed = await ecosystem.list(path, { ...asked, refusals: said.refusals }, run, audit);
    const { updates, left, notes: found = [] } = chosenOf(listed, asked);
    const notes = [...found, ...said.notes.map((one) => safeLine(one, 300))];
    own.add({ type: "audited", group: null, audit: await audit });
    own.add({ type: "listed", updates, left, notes });
    told({ type: "listed", updates: updates.length, groups: groupsOf(familiesOf(updates), asked.groups).map(({ name }) => name) });
    return updates.length > 0;
  };
}

function redBaseline({ dir }: Campaign, outcome: Outcome | undefined): CopseError {
  const said = outcome === undefined ? "" : `: \`${outcome.command}\` exited ${outcome.exitCode ?? "without a code"}`;
  const lines = outcome === undefined || outcome.lines.length === 0 ? "" : `\n${outcome.lines.map((line) => `  ${line}`).join("\n")}`;
  return new CopseError("CHECKS_FAILED", `the project's own checks fail without any update${said}; nothing was kept${lines}`, {
    hint: `Mend that first, or name other checks with --verify. All it said: ${join(dir, outcome?.log ?? "runs")}`,
  });
}
