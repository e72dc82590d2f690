/** What a run changed: leftovers, commits, the difference to the base. */
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type GitOptions, git, gitLine, gitMaybe } from "./git.ts";
import { findRepository } from "./repository.ts";
import { leadsTo } from "./worktrees.ts";

/** An operation that git is in the middle of; its files must not be committed blindly. */
export function unfinishedOperation(worktree: string): string | undefined {
  const dir = findRepository(worktree).gitDir;
  const marks = {
    MERGE_HEAD: "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    CHERRY_PICK_HEAD: "cherry-pick",
    REVERT_HEAD: "revert",
  };
  return Object.entries(marks).find(([file]) => existsSync(join(dir, file)))?.[1];
}

/** Paths that differ from the last commit, untracked ones included, at most as git shows them (an untracked folder is one path). */
export async function dirtyPaths(worktree: string): Promise<string[]> {
  const out = await git(worktree, ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=none"]);
  return out
    .split("\0")
    .filter((row) => row !== "")
    .map((row) => row.slice(3));
}

/** Repositories the agent made or cloned inside the worktree; git would take them in as empty references, or fail over them. Their paths end in a slash. */
export async function nestedRepositories(worktree: string): Promise<string[]> {
  const out = await git(worktree, ["ls-files", "-z", "--others", "--exclude-standard"]);
  return out.split("\0").filter((path) => path.endsWith("/"));
}

/** Everything but `nested` into the index, the parts outside of a sparse checkout too. */
async function addAll(worktree: string, nested: readonly string[], options: GitOptions): Promise<void> {
  const excluded = nested.map((path) => `:(top,literal,exclude)${path.replace(/\/$/, "")}`);
  await git(worktree, ["add", "--all", "--sparse", "--", ".", ...excluded], options);
}

/** Commits everything in the worktree but `nested` with this message; identity of ours only where the person has none. @returns false when there was nothing to commit. */
export async function commitAll(worktree: string, message: string, nested: readonly string[], options: GitOptions = {}): Promise<boolean> {
  await addAll(worktree, nested, options);
  if ((await gitMaybe(worktree, ["diff", "--cached", "--quiet", "--no-ext-diff", "--no-textconv"], options)) !== undefined) return false;
  const nobody =
    (await gitMaybe(worktree, ["var", "GIT_COMMITTER_IDENT"], options)) === undefined ||
    (await gitMaybe(worktree, ["var", "GIT_AUTHOR_IDENT"], options)) === undefined;
  await git(worktree, ["commit", "--quiet", "--no-verify", "--allow-empty-message", "--cleanup=verbatim", "--file=-"], {
    ...options,
    input: message,
    config: nobody ? ["user.name=Copse", "user.email=copse@localhost"] : [],
  });
  return true;
}

export interface Difference {
  readonly commits: number;
  readonly files: number;
  readonly insertions: number;
  readonly deletions: number;
  readonly paths: readonly { readonly path: string; readonly insertions: number | null; readonly deletions: number | null }[];
}

/** From `base` to the commit `tip`; to the files of the checkout as they are, untracked ones included, when `tip` is "". Binary files count as changed with null lines. */
export async function differenceOf(dir: string, base: string, tip: string): Promise<Difference> {
  if (tip === base) return { commits: 0, files: 0, insertions: 0, deletions: 0, paths: [] };
  const commits = Number(await gitLine(dir, ["rev-list", "--count", "--end-of-options", `${base}..${tip || "HEAD"}`]));
  const to = tip || (await treeOfFiles(dir));
  const flags = ["--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];
  const out = await git(dir, ["diff", ...flags, "--end-of-options", base, to]);
  const paths = out
    .split("\0")
    .filter((row) => row !== "")
    .map((row) => {
      const [plus = "-", minus = "-", ...path] = row.split("\t");
      return { path: path.join("\t"), insertions: plus === "-" ? null : Number(plus), deletions: minus === "-" ? null : Number(minus) };
    });
  const sum = (pick: (one: (typeof paths)[number]) => number | null) => paths.reduce((total, one) => total + (pick(one) ?? 0), 0);
  return { commits, files: paths.length, insertions: sum((one) => one.insertions), deletions: sum((one) => one.deletions), paths };
}

/** The files of a checkout as a tree, untracked ones included, by way of an index of our own: the person's stays as it is. */
export async function treeOfFiles(dir: string): Promise<string> {
  const { gitDir } = findRepository(dir);
  const index = join(gitDir, `copse-index.${process.pid}`);
  const options = { env: { GIT_INDEX_FILE: index } };
  try {
    if (existsSync(join(gitDir, "index"))) copyFileSync(join(gitDir, "index"), index);
    await addAll(dir, await nestedRepositories(dir), options);
    return await gitLine(dir, ["write-tree"], options);
  } finally {
    for (const file of [index, `${index}.lock`]) rmSync(file, { force: true });
  }
}

/** Subjects of the commits between, oldest first, at most `max`. */
export async function subjects(dir: string, base: string, tip: string, max = 50): Promise<string[]> {
  if (tip === base) return [];
  const out = await git(dir, ["log", "--reverse", "--format=%h %s", `--max-count=${max}`, "--end-of-options", `${base}..${tip || "HEAD"}`]);
  return out.split("\n").filter((row) => row !== "");
}

/** Moves `branch` forward to `tip` when that loses nothing. @returns false when it would. */
export async function forward(dir: string, branch: string, tip: string): Promise<boolean> {
  const old = await gitMaybe(dir, ["rev-parse", "--verify", "--quiet", `refs/heads/${branch}`]);
  if (old === tip) return true;
  if (old !== undefined && !(await leadsTo(dir, old, tip))) return false;
  await git(dir, ["update-ref", `refs/heads/${branch}`, tip, ...(old === undefined ? [] : [old])]);
  return true;
}
