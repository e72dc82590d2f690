/** Worktrees as git knows them: list, register, check out, lock. Nothing here decides; `worktree/` does. */
import { realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { CopseError } from "../core/errors.ts";
import { git, gitLine, gitMaybe } from "./git.ts";

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
  const out = await git(dir, ["worktree", "list", "--porcelain", "-z"]);
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

export interface NewWorktree {
  readonly path: string;
  readonly branch: string;
  readonly sha: string;
  /** false: the branch is there already, made by an earlier try. */
  readonly createBranch: boolean;
  readonly lockReason: string;
}

/** Registers a worktree without files in it: milliseconds, under the repository's lane. One retry on the two races git itself has. */
export async function registerWorktree(repo: string, wanted: NewWorktree): Promise<void> {
  const args = ["worktree", "add", "--no-checkout", "--no-track", "--quiet", "--lock", "--reason", wanted.lockReason];
  const target = wanted.createBranch
    ? ["-b", wanted.branch, "--end-of-options", wanted.path, wanted.sha]
    : ["--end-of-options", wanted.path, wanted.branch];
  await onceMore(() => git(repo, [...args, ...target]));
}

async function onceMore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CopseError) || !/commondir|could not lock config file/.test(error.message)) throw error;
    return await work();
  }
}

/** Writes the files of a registered worktree; safe to repeat as long as nobody has worked in it. */
export async function checkOut(path: string): Promise<void> {
  const cores = availableParallelism();
  await git(path, ["reset", "--hard", "--quiet", "--no-recurse-submodules"], { config: cores > 2 ? [`checkout.workers=${cores}`] : [] });
}

/** Takes a registration away, with its folder; used only on what a crashed start of our own left, before anybody worked in it. */
export async function dropRegistration(repo: string, path: string): Promise<void> {
  await gitMaybe(repo, ["worktree", "unlock", "--end-of-options", path]);
  await git(repo, ["worktree", "remove", "--force", "--force", "--end-of-options", path]);
}

export async function lockWorktree(repo: string, path: string, reason: string): Promise<void> {
  await gitMaybe(repo, ["worktree", "lock", "--reason", reason, "--end-of-options", path]);
}

export async function unlockWorktree(repo: string, path: string): Promise<void> {
  await gitMaybe(repo, ["worktree", "unlock", "--end-of-options", path]);
}

/** Submodules, where the commit has any; best effort. @returns what went wrong, or undefined. */
export async function initSubmodules(path: string): Promise<string | undefined> {
  if ((await gitMaybe(path, ["ls-files", "--error-unmatch", ".gitmodules"])) === undefined) return undefined;
  try {
    await git(path, ["submodule", "update", "--init", "--recursive", "--quiet"]);
    return undefined;
  } catch (error) {
    return `submodules are not filled in: ${(error as Error).message}`;
  }
}

/**
 * The last look before an agent is let in: the folder is a worktree of its own, at that path, on that branch.
 * @throws CopseError WORKTREE_WRONG saying what is there instead
 */
export async function assertWorktree(path: string, branch: string | null): Promise<void> {
  const wrong = (what: string) =>
    new CopseError("WORKTREE_WRONG", `the worktree ${path} ${what}; no agent is started in it`, {
      hint: "Put it back as it was, or remove it with git worktree remove and retry.",
    });
  const top = await gitMaybe(path, ["rev-parse", "--show-toplevel"]).catch(() => undefined);
  if (top === undefined) throw wrong("is gone or is no git worktree");
  if (top !== realpathSync(path)) throw wrong(`belongs to ${top}`);
  if (branch === null) return;
  const head = await gitMaybe(path, ["symbolic-ref", "--quiet", "HEAD"]);
  if (head !== `refs/heads/${branch}`)
    throw wrong(
      head === undefined ? `is on no branch (expected ${branch})` : `is on ${head.replace("refs/heads/", "")} (expected ${branch})`,
    );
}

/** The commit a ref means, or undefined. */
export const commitOf = (dir: string, ref: string): Promise<string | undefined> =>
  gitMaybe(dir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);

/** Deletes a branch if it still points at `sha`, else throws. */
export async function deleteBranchAt(repo: string, branch: string, sha: string): Promise<void> {
  await gitLine(repo, ["update-ref", "-d", `refs/heads/${branch}`, sha]);
}
