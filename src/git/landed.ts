/**
 * Has the work of a branch arrived somewhere? Six tests, from certain and cheap to dear: same commit, ancestor, nothing changed, same tree, a merge would add nothing (squash),
 * the same patches (rebase, or a squash whose lines were changed again since). All branches are asked in a handful of git processes; see git-merge-tree(1), git-cherry(1).
 */
import { git, gitLine, gitMaybe } from "./git.ts";

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

export interface Tip {
  readonly sha: string;
  /** A commit it came from. */
  readonly base: string;
}

/** @returns for each commit of `tips` that has arrived, where and how it is known. */
export async function landed(repo: string, targets: readonly Target[], tips: readonly Tip[]): Promise<Map<string, Landed>> {
  const found = new Map<string, Landed>();
  const open = () => tips.filter(({ sha }, i) => !found.has(sha) && tips.findIndex((other) => other.sha === sha) === i);
  for (const { name, sha } of targets) {
    const shas = open().map((tip) => tip.sha);
    for (const tip of await contained(repo, shas, sha)) found.set(tip, { by: tip === sha ? "same-commit" : "ancestor", into: name });
  }
  for (const { name, sha } of targets) {
    if (open().length === 0) break;
    const trees = await treesOf(repo, [sha, ...open().flatMap((tip) => [tip.sha, tip.base])]);
    const merged = await mergedTrees(repo, sha, open());
    for (const tip of open()) {
      const tree = trees.get(tip.sha);
      if (tree === trees.get(tip.base)) found.set(tip.sha, { by: "no-change", into: name });
      else if (tree === trees.get(sha)) found.set(tip.sha, { by: "same-tree", into: name });
      else if (merged.get(tip.sha) === trees.get(sha)) found.set(tip.sha, { by: "merge-adds-nothing", into: name });
    }
  }
  for (const { name, sha } of targets)
    for (const tip of await withNothingOfTheirOwn(repo, sha, open()))
      if (await samePatch(repo, sha, tip.sha)) found.set(tip.sha, { by: "same-patch", into: name });
  return found;
}

/** Those of `tips` that lie in the history of the commit `head`, or of any remote's branch. One process. */
export async function contained(repo: string, tips: readonly string[], head: string | "--remotes"): Promise<string[]> {
  if (tips.length === 0) return [];
  const inside = head === "--remotes" ? ["--not", head] : [];
  const input = [...tips, ...(head === "--remotes" ? [] : [`^${head}`]), ""].join("\n");
  const outside = new Set((await git(repo, ["rev-list", "--stdin", ...inside], { input })).split("\n"));
  return tips.filter((tip) => !outside.has(tip));
}

async function treesOf(repo: string, commits: readonly string[]): Promise<Map<string, string>> {
  const out = await git(repo, ["cat-file", "--batch-check=%(objectname)"], { input: commits.map((sha) => `${sha}^{tree}\n`).join("") });
  const trees = out.split("\n");
  return new Map(commits.map((sha, i) => [sha, trees[i] as string]));
}

/** The tree of each clean merge of a tip into `into`; none for a conflict. Git before 2.39 cannot say, and then none has arrived this way. */
async function mergedTrees(repo: string, into: string, tips: readonly Tip[]): Promise<Map<string, string>> {
  const input = tips.map(({ sha }) => `${into} ${sha}\n`).join("");
  const out = await gitMaybe(repo, ["merge-tree", "--write-tree", "--stdin", "--no-messages", "--name-only"], { input });
  // One answer a merge: `1 NUL tree NUL NUL`, or `0 NUL tree NUL path NUL … NUL NUL` for a conflict.
  const answers = (out ?? "").split("\0\0");
  const trees = new Map<string, string>();
  for (const [i, { sha }] of tips.entries()) {
    const [clean, tree = ""] = (answers[i] ?? "").split("\0");
    if (clean === "1") trees.set(sha, tree);
  }
  return trees;
}

/** The patches of one branch cost four processes to compare, so only those are whose every file has been changed in the target as well. Two processes for all. */
async function withNothingOfTheirOwn(repo: string, into: string, tips: readonly Tip[]): Promise<Tip[]> {
  if (tips.length === 0) return [];
  const bases = [...new Set(tips.map((tip) => tip.base))];
  const log = ["log", "--stdin", "--name-only", "--no-renames", "-m", "--format=", "-z"];
  const there = new Set((await git(repo, log, { input: [into, ...bases.map((sha) => `^${sha}`), ""].join("\n") })).split("\0"));
  // "commit parent": the difference between the two, under the commit's own id.
  const input = tips.map(({ sha, base }) => `${sha} ${base}\n`).join("");
  const out = (await git(repo, ["diff-tree", "--stdin", "-r", "--name-only", "--no-renames", "-z"], { input })).split("\0");
  const paths = new Map<string, string[]>(tips.map(({ sha }) => [sha, []]));
  let of: string[] = [];
  for (const row of out) {
    const begun = paths.get(row);
    if (begun !== undefined) of = begun;
    else if (row !== "") of.push(row);
  }
  return tips.filter(({ sha }) => paths.get(sha)?.every((path) => there.has(path)) ?? false);
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
