/** Where a task starts from: a ref becomes a commit at the moment the task starts. */
import { CopseError } from "../core/errors.ts";
import { gitMaybe } from "./git.ts";
import { remoteOf } from "./remote.ts";
import { commitOf } from "./worktrees.ts";

export interface Base {
  readonly sha: string;
  /** As a person would name it: `origin/main`, `HEAD`, the ref that was given. */
  readonly ref: string;
}

/**
 * `asked`: as typed, or null for the remote's default branch where there is one, else HEAD. `dir`: the checkout the task was submitted from.
 * @throws CopseError BASE_NOT_FOUND, NO_COMMITS
 */
export async function resolveBase(dir: string, asked: string | null): Promise<Base> {
  if (asked !== null) {
    const sha = await commitOf(dir, asked);
    if (sha !== undefined) return { sha, ref: asked };
    throw new CopseError("BASE_NOT_FOUND", `no commit named "${asked}" in ${dir}`, { hint: "See `git branch -a`, or pass --base <ref>." });
  }
  const remote = await defaultBranch(dir);
  if (remote !== undefined) return remote;
  const head = await commitOf(dir, "HEAD");
  if (head !== undefined) return { sha: head, ref: "HEAD" };
  throw new CopseError("NO_COMMITS", `${dir} has no commit yet, so there is nothing a worktree could start from`, {
    hint: "Make the first one: git commit --allow-empty -m start",
  });
}

/** The default branch of `origin` (or of the only remote), as last fetched; undefined when no remote says what its default is. */
async function defaultBranch(dir: string): Promise<Base | undefined> {
  const remote = await remoteOf(dir);
  if (remote === undefined) return undefined;
  const head = await gitMaybe(dir, ["symbolic-ref", "--quiet", `refs/remotes/${remote}/HEAD`]);
  // A remote added by hand has no HEAD, and a renamed branch leaves one that leads nowhere: the usual names are looked for, in git's own order.
  const names = [...(head === undefined ? [] : [head.replace("refs/remotes/", "")]), `${remote}/main`, `${remote}/master`];
  for (const ref of names) {
    const sha = await commitOf(dir, `refs/remotes/${ref}`);
    if (sha !== undefined) return { sha, ref };
  }
  return undefined;
}
