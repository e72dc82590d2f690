/** A group's branch: the tree that was checked, in one commit or behind one for each update, each with a lockfile of its own, so that one can look for the update that broke something later. */
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { numbered } from "../core/label.ts";
import { commitTree } from "../git/commit-tree.ts";
import { git, gitLine } from "../git/git.ts";
import { branchInTheWay, type Repository } from "../git/repository.ts";
import { commitOf, createBranch, madeBy } from "../git/worktrees.ts";
import { stopRun } from "../process/stop.ts";
import { runToEnd } from "../process/to-end.ts";
import { makeDir } from "../store/files.ts";
import { type Bench, CutShort } from "./check.ts";
import type { Audit, Command, Update } from "./ecosystem.ts";
import type { Family } from "./families.ts";
import { checksOf, factsOf, runsOf } from "./journal.ts";
import { roundsOf } from "./locking.ts";
import { inPlace, treeIn } from "./place.ts";
import { keyOf, type UpdateSet } from "./search.ts";
import { messageOf } from "./verdict.ts";

export interface Wanted {
  readonly bench: Bench;
  readonly repo: Repository;
  readonly group: string;
  /** What is kept, by numbers of families. */
  readonly kept: UpdateSet;
  readonly families: readonly Family[];
  readonly split: boolean;
  /** Looks for holes once more, in a place with all that is kept. */
  readonly audit: ((path: string) => Promise<Audit>) | null;
  /** The branch a label gets. */
  readonly branch: (label: string) => string;
}

export interface Made {
  readonly branch: string;
  readonly commit: string;
}

const lockMs = 30 * 60_000;

/** What a campaign that was killed has left of the locking is ended. */
export const settleBranch = async ({ cookie }: Bench): Promise<void> =>
  void (await stopRun(`${cookie}.split`, null, { intMs: 0, termMs: 2000 }));

/** @throws CopseError; CutShort */
export async function branched(wanted: Wanted): Promise<Made & { audit: Audit | null }> {
  const { bench, repo, group, kept, families } = wanted;
  const own = bench.campaign;
  const run = checksOf(own).findLast(({ set, outcome }) => outcome.ok && keyOf(set) === keyOf(kept))?.run;
  const tree = factsOf(own, "locked").find((fact) => fact.run === run)?.tree;
  if (tree === undefined)
    throw new CopseError("BUG", `campaign ${own.number} does not know what it has checked`, { hint: "copse deps --fresh" });
  const some = kept.map((i) => families[i] as Family);
  const mark = `copse deps ${repo.id}/${own.number}${group === "" ? "" : `/${group}`}`;
  const built = await inPlace({ ...bench.ground }, `branch${runsOf(own)}`, async (path) => {
    const commit =
      wanted.split && some.length > 1
        ? await inSteps(bench, some, tree, path)
        : await commitTree(repo.root, tree, [bench.ground.base], messageOf(some.flat()));
    if (wanted.audit === null) return { commit, audit: null };
    await git(path, ["reset", "--hard", "--quiet", commit]);
    return { commit, audit: await wanted.audit(path) };
  });
  for (let n = 1; ; n++) {
    const label = `deps-${new Date().toISOString().slice(0, 10)}${group === "" ? "" : `-${group}`}`;
    const branch = wanted.branch(numbered(label, n));
    // Made, and then killed before that could be written down.
    if (await madeBy(repo.root, branch, mark))
      return { ...built, branch, commit: (await commitOf(repo.root, `refs/heads/${branch}`)) ?? built.commit };
    if (branchInTheWay(repo, branch) !== undefined) continue;
    await createBranch(repo.root, branch, built.commit, mark);
    return { ...built, branch };
  }
}

/** One that cannot be locked without the next goes with it. */
async function inSteps(bench: Bench, some: readonly Family[], last: string, path: string): Promise<string> {
  const { ground, ecosystem } = bench;
  let commit = ground.base;
  let before = await gitLine(path, ["rev-parse", `${ground.base}^{tree}`]);
  let waiting: Update[] = [];
  for (const [i, family] of some.entries()) {
    waiting.push(...family);
    const tree = i === some.length - 1 ? last : await treeOf(bench, some.slice(0, i + 1).flat(), path);
    if (tree === undefined || tree === before) continue;
    commit = await commitTree(ground.repo, tree, [commit], messageOf(waiting));
    before = tree;
    waiting = [];
  }
  return commit;

  async function treeOf({ signal }: Bench, updates: readonly Update[], at: string): Promise<string | undefined> {
    if (signal.aborted) throw new CutShort();
    await git(at, ["reset", "--hard", "--quiet", ground.base]);
    for (const round of roundsOf(updates)) {
      ecosystem.apply(at, round);
      if (ecosystem.lock !== null && !(await locked(bench, ecosystem.lock, at))) return undefined;
    }
    return await treeIn(at, ecosystem.kept);
  }
}

async function locked({ ground, ecosystem, env, cookie, signal }: Bench, [file, ...args]: Command, cwd: string): Promise<boolean> {
  const dir = join(ground.dir, "locks", `${process.pid}-${Date.now()}`);
  makeDir(join(dir, ".."));
  const start = {
    dir,
    file,
    args,
    cwd,
    env: { CI: "true", ...env, ...ecosystem.env },
    cookie: `${cookie}.split`,
    mode: "read",
    first: "",
  } as const;
  const { code } = await runToEnd(start, lockMs, signal);
  if (signal.aborted) throw new CutShort();
  return code === 0;
}
