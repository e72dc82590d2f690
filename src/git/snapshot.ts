/** Work in progress as a commit that nobody keeps: the files as they are now, uncommitted ones included. The worktree, its index and the repository's objects stay as they are. */
import { copyFileSync, existsSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { unfinishedOperation } from "./changes.ts";
import { type GitOptions, git, gitLine } from "./git.ts";
import { findRepository } from "./repository.ts";
import { parseStatus } from "./status.ts";

/** Larger files are left out: reading them costs more than it tells. */
const mostBytes = 1024 * 1024;

/** Lets git write objects to the folder `objects` and read all others where they are. */
export function asideOf(repo: string, objects: string): GitOptions {
  const quoted = `"${join(findRepository(repo).commonDir, "objects").replace(/["\\]/g, "\\$&")}"`;
  return { env: { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted } };
}

/** @returns undefined for what cannot be compared now: in the middle of a merge, or without a commit */
export async function snapshot(worktree: string, aside: GitOptions, scratch: string): Promise<string | undefined> {
  if (unfinishedOperation(worktree) !== undefined) return undefined;
  const out = await git(worktree, ["status", "--porcelain=v2", "-z", "--branch", "--no-renames", "--untracked-files=all"]);
  const { head, changed, untracked, conflicts } = parseStatus(out);
  if (head === null || conflicts) return undefined;
  const small = (path: string) => (lstatSync(join(worktree, path), { throwIfNoEntry: false })?.size ?? 0) <= mostBytes;
  const paths = [...changed, ...untracked].filter((path) => !path.endsWith("/") && small(path));
  if (paths.length === 0) return head;
  const own = join(findRepository(worktree).gitDir, "index");
  try {
    if (existsSync(own)) copyFileSync(own, scratch);
    const options = { ...aside, env: { ...aside.env, GIT_INDEX_FILE: scratch } };
    await git(worktree, ["update-index", "--add", "--remove", "-z", "--stdin"], { ...options, input: `${paths.join("\0")}\0` });
    const tree = await gitLine(worktree, ["write-tree"], options);
    const config = ["user.name=Copse", "user.email=copse@localhost"];
    return await gitLine(worktree, ["commit-tree", tree, "-p", head, "-m", "work in progress"], { ...aside, config });
  } finally {
    for (const file of [scratch, `${scratch}.lock`]) rmSync(file, { force: true });
  }
}
