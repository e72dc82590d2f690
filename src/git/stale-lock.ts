/** What a killed git process has left in a repository and other git processes stumble over. */
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The lock may for a moment be somebody else's (a fetch, a gc): only one that stays as it is is a dead one's. */
const ownMs = 1000;

/** The lock on a task's own branch. Only for callers who know that no process of the task lives any more. */
export async function clearBranchLock(commonDir: string, branch: string): Promise<void> {
  const lock = join(commonDir, "refs", "heads", `${branch}.lock`);
  const seen = lookAt(lock);
  if (seen === undefined) return;
  await new Promise((resolve) => setTimeout(resolve, ownMs));
  if (lookAt(lock) === seen) rmSync(lock, { force: true });
}

function lookAt(file: string): string | undefined {
  try {
    const { ino, mtimeMs } = statSync(file);
    return `${ino} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}

/**
 * A `git worktree add` that was killed in the middle leaves an empty `commondir`, over which every other git process that looks through the worktrees gives up. It gets what git would have
 * written; the registration is its task's to mend. One that a living git is just writing is given its time. @returns whether there was one
 */
export async function completeHalfMade(commonDir: string): Promise<boolean> {
  const empty = () => halfMade(commonDir).filter((file) => lookAt(file) !== undefined && statSync(file).size === 0);
  const before = new Map(empty().map((file) => [file, lookAt(file)]));
  if (before.size === 0) return false;
  await new Promise((resolve) => setTimeout(resolve, ownMs));
  for (const file of empty()) if (before.get(file) === lookAt(file)) writeFileSync(file, "../..\n");
  return true;
}

function halfMade(commonDir: string): string[] {
  try {
    return readdirSync(join(commonDir, "worktrees")).map((name) => join(commonDir, "worktrees", name, "commondir"));
  } catch {
    return [];
  }
}
