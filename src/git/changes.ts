/** What a run changed: leftovers, commits, the difference to the base. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { git, gitLine, gitMaybe } from "./git.ts";

/** An operation that git is in the middle of; its files must not be committed blindly. */
export async function unfinishedOperation(worktree: string): Promise<string | undefined> {
  const dir = resolve(worktree, await gitLine(worktree, ["rev-parse", "--git-dir"]));
  const marks = {
    MERGE_HEAD: "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    CHERRY_PICK_HEAD: "cherry-pick",
    REVERT_HEAD: "revert",
  };
  return Object.entries(marks).find(([file]) => existsSync(join(dir, file)))?.[1];
}

/** Path of the worktree's index lock, whether there or not. */
export const indexLock = async (worktree: string): Promise<string> =>
  resolve(worktree, await gitLine(worktree, ["rev-parse", "--git-path", "index.lock"]));

/** Is anything not committed, untracked files included? */
export const isDirty = async (worktree: string): Promise<boolean> =>
  (await git(worktree, ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=none"])) !== "";

/** Commits everything in the worktree with this message; identity of ours only where the person has none. @returns the new commit. */
export async function commitAll(worktree: string, message: string): Promise<string> {
  await git(worktree, ["add", "--all", "--", "."]);
  const nobody =
    (await gitMaybe(worktree, ["var", "GIT_COMMITTER_IDENT"])) === undefined ||
    (await gitMaybe(worktree, ["var", "GIT_AUTHOR_IDENT"])) === undefined;
  await git(worktree, ["commit", "--quiet", "--no-verify", "--allow-empty-message", "--cleanup=verbatim", "--file=-"], {
    input: message,
    config: nobody ? ["user.name=Copse", "user.email=copse@localhost"] : [],
  });
  return await gitLine(worktree, ["rev-parse", "HEAD"]);
}

export interface Difference {
  readonly commits: number;
  readonly files: number;
  readonly insertions: number;
  readonly deletions: number;
  readonly paths: readonly { readonly path: string; readonly insertions: number | null; readonly deletions: number | null }[];
}

/** From `base` to the commit `tip`; to the files of the checkout as they are when `tip` is "". Binary files count as changed with null lines. */
export async function differenceOf(dir: string, base: string, tip: string): Promise<Difference> {
  const commits = Number(await gitLine(dir, ["rev-list", "--count", "--end-of-options", `${base}..${tip || "HEAD"}`]));
  const out = await git(dir, [
    "diff",
    "--numstat",
    "-z",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--end-of-options",
    base,
    ...(tip === "" ? [] : [tip]),
  ]);
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

/** Subjects of the commits between, oldest first, at most `max`. */
export async function subjects(dir: string, base: string, tip: string, max = 50): Promise<string[]> {
  const out = await git(dir, ["log", "--reverse", "--format=%h %s", `--max-count=${max}`, "--end-of-options", `${base}..${tip || "HEAD"}`]);
  return out.split("\n").filter((row) => row !== "");
}

/** Moves `branch` forward to `tip` when that loses nothing. @returns false when it would. */
export async function forward(dir: string, branch: string, tip: string): Promise<boolean> {
  const old = await gitMaybe(dir, ["rev-parse", "--verify", "--quiet", `refs/heads/${branch}`]);
  if (old === tip) return true;
  if (old !== undefined && (await gitMaybe(dir, ["merge-base", "--is-ancestor", old, tip])) === undefined) return false;
  await git(dir, ["update-ref", `refs/heads/${branch}`, tip, ...(old === undefined ? [] : [old])]);
  return true;
}

/** Pushes one branch under its own name, without writing tracking settings. */
export async function pushBranch(dir: string, remote: string, branch: string): Promise<void> {
  await git(dir, ["push", "--porcelain", "--no-verify", "--end-of-options", remote, `refs/heads/${branch}:refs/heads/${branch}`]);
}

/** `origin`, or the only remote, or undefined. */
export async function remoteOf(dir: string): Promise<string | undefined> {
  const names = (await git(dir, ["remote"])).split("\n").filter((name) => name !== "");
  return names.includes("origin") ? "origin" : names.length === 1 ? names[0] : undefined;
}
