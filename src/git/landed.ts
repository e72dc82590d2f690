/**
 * Has the work of a branch arrived somewhere? Six tests, from certain and cheap to dear: same commit, ancestor, nothing changed, same tree, a merge would add nothing (squash),
 * the same patches (rebase, or a squash whose lines were changed again since). All branches are asked in a handful of git processes; see git-merge-tree(1), git-cherry(1).
 */
import { git, gitLine, gitMaybe } from "./git.ts";
import { type History, historyOf, leadingTo, pathsChanged, pathsOf, type Tip } from "./history.ts";
import { tryMerges } from "./merge-tree.ts";

export type LandedBy = "same-commit" | "ancestor" | "no-change" | "same-tree" | "merge-adds-nothing" | "same-patch";
export interface Landed {
  readonly by: LandedBy;
  /** The branch it has arrived in, as a person would name it. */
  readonly into: string;
}
export interface Target {
  readonly name: string;
  readonly sha: string;
}

/** @returns for each commit of `tips` that has arrived, where and how it is known. */
export async function landed(repo: string, targets: readonly Target[], tips: readonly Tip[]): Promise<Map<string, Landed>> {
  const all = tips.filter(({ sha }, i) => tips.findIndex((other) => other.sha === sha) === i);
  const found = new Map<string, Landed>();
  if (all.length === 0 || targets.length === 0) return found;
  const bases = [...new Set(all.map(({ base }) => base).filter((base) => base !== null))];
  const history = await historyOf(repo, [...shasOf(targets), ...shasOf(all)], bases);
  const open = () => all.filter(({ sha }) => !found.has(sha));
  const since = new Map(targets.map(({ sha }) => [sha, leadingTo(history, sha)]));
  // What was set back to before where it began is not in the history that was asked for.
  const older = all.filter(({ sha }) => !history.has(sha));
  for (const { name, sha } of targets) {
    const inside = new Set(older.length === 0 ? [] : await contained(repo, shasOf(older), sha));
    for (const tip of shasOf(open()))
      if (since.get(sha)?.has(tip) || inside.has(tip)) found.set(tip, { by: tip === sha ? "same-commit" : "ancestor", into: name });
  }
  for (const target of targets) {
    const asked = await possible(repo, target, open(), history, since.get(target.sha) ?? new Set(), found);
    if (asked.length === 0) continue;
    // A commit merged with itself is its own tree.
    const [itself, ...merged] = await tryMerges(
      repo,
      [target.sha, ...asked].map((sha) => [target.sha, sha] as const),
      { unrelated: true },
    ).catch(() => []);
    for (const [n, tip] of asked.entries()) {
      const tree = merged[n]?.conflicts.length === 0 ? merged[n].tree : undefined;
      if (tree !== undefined && tree === itself?.tree)
        found.set(tip, { by: history.get(tip)?.tree === tree ? "same-tree" : "merge-adds-nothing", into: target.name });
      else if (await samePatch(repo, target.sha, tip)) found.set(tip, { by: "same-patch", into: target.name });
    }
  }
  return found;
}

const shasOf = (list: readonly { readonly sha: string }[]): string[] => list.map(({ sha }) => sha);

/** Work can only be in a target that has changed every one of its files as well; the tests that follow are dear. Work that changes nothing at all is entered in `found`. */
async function possible(
  repo: string,
  target: Target,
  tips: readonly Tip[],
  history: History,
  since: ReadonlySet<string>,
  found: Map<string, Landed>,
): Promise<string[]> {
  const there = pathsOf(history, since);
  const unclear: Tip[] = [];
  const asked: string[] = [];
  const judge = (sha: string, paths: readonly string[]) => {
    if (paths.length === 0) found.set(sha, { by: "no-change", into: target.name });
    else if (paths.every((path) => there.has(path))) asked.push(sha);
  };
  for (const tip of tips) {
    const own = leadingTo(history, tip.sha, since);
    const parent = own.size === 1 ? history.get(tip.sha)?.parents[0] : undefined;
    const paths = [...pathsOf(history, own)];
    if (parent !== undefined && (parent === tip.base || since.has(parent))) judge(tip.sha, paths);
    else if (paths.length > 0 && paths.every((path) => there.has(path))) asked.push(tip.sha);
    // Several commits may take back what others of them did.
    else if (tip.base !== null) unclear.push(tip);
  }
  for (const [sha, paths] of await pathsChanged(repo, unclear)) judge(sha, paths);
  return asked;
}

/** Those of `tips` that lie in the history of the commit `head`. One process. */
async function contained(repo: string, tips: readonly string[], head: string): Promise<string[]> {
  const outside = new Set((await git(repo, ["rev-list", "--stdin"], { input: [...tips, `^${head}`, ""].join("\n") })).split("\n"));
  return tips.filter((tip) => !outside.has(tip));
}

/** Those of `tips` that lie in the history of any remote's branch. One process. */
export async function pushed(repo: string, tips: readonly string[]): Promise<string[]> {
  if (tips.length === 0) return [];
  const outside = new Set((await git(repo, ["rev-list", "--stdin", "--not", "--remotes"], { input: `${tips.join("\n")}\n` })).split("\n"));
  return tips.filter((tip) => !outside.has(tip));
}

async function samePatch(repo: string, into: string, tip: string): Promise<boolean> {
  const fork = await gitMaybe(repo, ["merge-base", into, tip]);
  if (fork === undefined) return false;
  if (await allIn(repo, into, tip)) return true;
  const squashed = await gitLine(repo, ["commit-tree", `${tip}^{tree}`, "-p", fork, "-m", "squash"], {
    config: ["user.name=Copse", "user.email=copse@localhost"],
  });
  return await allIn(repo, into, squashed);
}

/** Does every commit of `tip` have one with the same patch in `into`? */
async function allIn(repo: string, into: string, tip: string): Promise<boolean> {
  const rows = (await git(repo, ["cherry", into, tip])).split("\n").filter((row) => row !== "");
  return rows.length > 0 && rows.every((row) => row.startsWith("-"));
}
