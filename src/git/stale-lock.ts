/** The lock on a task's own branch that a killed git process has left. Only for callers who know that no process of the task lives any more. */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** The lock may for a moment be somebody else's (a fetch, a gc): only one that stays as it is is a dead one's. */
const ownMs = 1000;

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
