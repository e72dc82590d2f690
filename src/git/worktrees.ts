/** Worktrees as git knows them: list, register, check out, lock. Nothing here decides; `worktree/` does. */
import { existsSync, realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { type GitOptions, git, gitMaybe } from "./git.ts";
import { findRepository } from "./repository.ts";
import { completeHalfMade } from "./stale-lock.ts";

export interface WorktreeEntry {
  readonly path: string;
  readonly head: string | null;
  /** Short name, or null when detached. */
  readonly branch: string | null;
  /** The reason ("" when none was given), or null when not locked. */
  readonly locked: string | null;
  readonly bare: boolean;
}

/** Every worktree git has registered. @throws CopseError when git cannot say: never read that as "none". */
export async function listWorktrees(dir: string): Promise<WorktreeEntry[]> {
  const out = await pastHalfMade(dir, () => git(dir, ["worktree", "list", "--porcelain", "-z"]));
  return out
    .split("\0\0")
    .filter((block) => block !== "")
    .map((block) => {
      const value = (key: string) => {
        const row = block.split("\0").find((text) => text === key || text.startsWith(`${key} `));
        return row === undefined ? null : row.slice(key.length + 1);
      };
      return {
        path: value("worktree") ?? "",
        head: value("HEAD"),
        branch: value("branch")?.replace(/^refs\/heads\//, "") ?? null,
        locked: value("locked"),
        bare: value("bare") !== null,
      };
    });
}

/** Makes a branch that must not exist yet. `who` goes into its reflog and says later whose it is. @throws CopseError when it exists */
export async function createBranch(repo: string, branch: string, sha: string, who: string, options: GitOptions = {}): Promise<void> {
  await git(repo, ["update-ref", "--create-reflog", "-m", who, `refs/heads/${branch}`, sha, "0".repeat(sha.length)], options);
}

/** Was the branch made by `createBranch` with that `who`? */
export async function madeBy(repo: string, branch: string, who: string): Promise<boolean> {
  return (await makerOf(repo, branch)) === who;
}

/** The `who` of the `createBranch` that made the branch, or whatever else its reflog begins with; undefined without a branch or a reflog. */
export async function makerOf(repo: string, branch: string): Promise<string | undefined> {
  const log = await gitMaybe(repo, ["log", "--walk-reflogs", "--format=%gs", "--end-of-options", `refs/heads/${branch}`]);
  return log?.split("\n").at(-1);
}

export interface NewWorktree {
  readonly path: string;
  /** Exists already (`createBranch`): git's own `-b` makes the branch first and leaves it behind when the rest fails. */
  readonly branch: string;
  readonly lockReason: string;
}

/** Registers a worktree without files in it: milliseconds, under the repository's lane. `from`: the checkout whose sparse patterns it takes over. */
export async function registerWorktree(from: string, wanted: NewWorktree, options: GitOptions = {}): Promise<void> {
  const { path, branch, lockReason } = wanted;
  const args = ["worktree", "add", "--no-checkout", "--quiet", "--lock", "--reason", lockReason, "--end-of-options", path, branch];
  await pastHalfMade(from, () => git(from, args, options));
}

/** As `registerWorktree`, at a commit and on no branch. */
export async function registerDetached(from: string, path: string, sha: string, lockReason: string): Promise<void> {
  const args = ["worktree", "add", "--detach", "--no-checkout", "--quiet", "--lock", "--reason", lockReason, "--end-of-options", path, sha];
  await pastHalfMade(from, () => git(from, args));
}

/** Git looks through all registrations, and gives up over one that is just being written, or was left half written by a killed git. It is asked twice more. */
async function pastHalfMade<T>(dir: string, work: () => Promise<T>): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await work();
    } catch (error) {
      if (n === 2 || !(error instanceof CopseError) || !/commondir|could not lock config file/.test(error.message)) throw error;
      if (n === 1) await completeHalfMade(findRepository(dir).commonDir);
    }
  }
}

/** Writes the files of a registered worktree, over whatever is there: only for one that nobody has worked in. */
export async function checkOut(path: string, options: GitOptions = {}): Promise<void> {
  const cores = availableParallelism();
  await git(path, ["reset", "--hard", "--quiet", "--no-recurse-submodules"], {
    ...options,
    config: cores > 2 ? [`checkout.workers=${cores}`] : [],
  });
}

/** Writes the files of the index that are not there; nothing that is there is touched. */
export async function checkOutMissing(path: string, options: GitOptions = {}): Promise<void> {
  const input = await git(path, ["ls-files", "--deleted", "-z"], options);
  if (input !== "") await git(path, ["checkout-index", "-z", "--stdin"], { ...options, input });
}

/** Takes a registration away, with its folder; used only where the folder is gone or holds nothing but the `.git` file of a start that a crash cut short. */
export async function dropRegistration(repo: string, path: string): Promise<void> {
  await gitMaybe(repo, ["worktree", "unlock", "--end-of-options", path]);
  await pastHalfMade(repo, () => git(repo, ["worktree", "remove", "--force", "--force", "--end-of-options", path]));
}

export async function lockWorktree(repo: string, path: string, reason: string): Promise<void> {
  await gitMaybe(repo, ["worktree", "lock", "--reason", reason, "--end-of-options", path]);
}

/** One that is not locked, or not there, is as wanted. */
export async function unlockWorktree(repo: string, path: string): Promise<void> {
  await pastHalfMade(repo, () => git(repo, ["worktree", "unlock", "--end-of-options", path])).catch((error: unknown) => {
    if (!(error instanceof CopseError) || !/is not locked|is not a working tree/.test(error.message)) throw error;
  });
}

/** Enters the submodules of a worktree into the repository's configuration; under the lane. @returns what went wrong, or undefined. */
export async function registerSubmodules(path: string, options: GitOptions = {}): Promise<string | undefined> {
  return await sayTrouble(() => git(path, ["submodule", "--quiet", "init"], options));
}

/** Fills in submodules; best effort, possibly over the network. @returns what went wrong, or undefined. */
export async function fillSubmodules(path: string, options: GitOptions = {}): Promise<string | undefined> {
  // `--checkout`: a `submodule.<name>.update = !command` of the repository's configuration is not run.
  return await sayTrouble(() =>
    git(path, ["submodule", "--quiet", "update", "--init", "--recursive", "--checkout"], { ...options, ownProtocols: true }),
  );
}

export const hasSubmodules = (path: string): boolean => existsSync(join(path, ".gitmodules"));

async function sayTrouble(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof CopseError)) throw error;
    return `submodules are not filled in: ${error.message}`;
  }
}

/**
 * The last look before an agent is let in, or git is let loose: the folder is a worktree of its own, of that repository, at that path, on that branch
 * (null: on any). @throws CopseError WORKTREE_WRONG saying what is there instead
 */
export async function assertWorktree(path: string, branch: string | null, repoId: string): Promise<void> {
  const wrong = (what: string) =>
    new CopseError("WORKTREE_WRONG", `the worktree ${path} ${what}; nothing is done in it`, {
      hint: "Put it back as it was, or remove it with git worktree remove: a retry makes it again from its branch.",
    });
  // Without this look git would take the repository around a folder that has lost its `.git` for the folder's own.
  const top = await gitMaybe(path, ["rev-parse", "--show-toplevel"]);
  if (top === undefined) throw wrong("is gone or is no git worktree");
  if (top !== realpathSync(path)) throw wrong(`belongs to ${top}`);
  if (findRepository(path).id !== repoId) throw wrong("belongs to another repository than the task");
  if (branch === null) return;
  const head = await headRef(path);
  if (head !== `refs/heads/${branch}`)
    throw wrong(head === null ? `is on no branch (expected ${branch})` : `is on ${head.replace("refs/heads/", "")} (expected ${branch})`);
}

/** Full name of the branch that is checked out, or null when HEAD is detached. */
export async function headRef(path: string): Promise<string | null> {
  return (await gitMaybe(path, ["symbolic-ref", "--quiet", "HEAD"])) ?? null;
}

/** The commit a ref means, or undefined. @throws CopseError when git's answer is no commit id: everything is built on this one */
export async function commitOf(dir: string, ref: string): Promise<string | undefined> {
  const sha = await gitMaybe(dir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
  if (sha === undefined || /^[0-9a-f]{40,64}$/.test(sha)) return sha;
  throw new CopseError("GIT_FAILED", `git rev-parse named no commit for ${ref}: ${JSON.stringify(sha.slice(0, 200))}`, {
    hint: "Try again.",
  });
}

/** Deletes a branch if it still points at `sha`, else throws. */
export async function deleteBranchAt(repo: string, branch: string, sha: string): Promise<void> {
  await git(repo, ["update-ref", "-d", `refs/heads/${branch}`, sha]);
}

/** Is `old` the same commit as `tip`, or one of its ancestors? */
export async function leadsTo(dir: string, old: string, tip: string): Promise<boolean> {
  return old === tip || (await gitMaybe(dir, ["merge-base", "--is-ancestor", old, tip])) !== undefined;
}

/** Keeps a commit that no branch leads to from being collected. @returns the full name of the ref it is kept under. */
export async function pin(dir: string, slug: string, sha: string): Promise<string> {
  const ref = `refs/copse/rescue/${slug}/${sha.slice(0, 12)}`;
  await git(dir, ["update-ref", ref, sha]);
  return ref;
}
