/** Where a task starts from: a ref becomes a commit at the moment the task starts. */
import { CopseError } from "../core/errors.ts";
import { gitMaybe } from "./git.ts";
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
  const ref = await defaultBranch(dir);
  const sha = ref === undefined ? undefined : await commitOf(dir, `refs/remotes/${ref}`);
  if (ref !== undefined && sha !== undefined) return { sha, ref };
  const head = await commitOf(dir, "HEAD");
  if (head !== undefined) return { sha: head, ref: "HEAD" };
  throw new CopseError("NO_COMMITS", `${dir} has no commit yet, so there is nothing a worktree could start from`, {
    hint: "Make the first one: git commit --allow-empty -m start",
  });
}

/** `origin/main`, or undefined when no remote says what its default is. */
async function defaultBranch(dir: string): Promise<string | undefined> {
  const head = await gitMaybe(dir, ["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
  if (head !== undefined) return head.replace("refs/remotes/", "");
  // A remote added by hand has no HEAD; the usual names are looked for, in git's own order.
  for (const name of ["main", "master"]) if ((await commitOf(dir, `refs/remotes/origin/${name}`)) !== undefined) return `origin/${name}`;
  return undefined;
}
