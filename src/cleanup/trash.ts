/** The folders of removed worktrees, put aside by a rename: deleted later, with nobody waiting for it. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Inside the folder that holds the worktrees. */
export const trashName = ".copse-trash";

export const trashFor = (worktree: string): string => join(dirname(worktree), trashName);

/** Deletes everything put aside beside these worktrees, what a crash has left there too. Links are not followed; the rescues are made already. */
export function emptyTrash(worktrees: readonly string[]): void {
  const full = [...new Set(worktrees.map(trashFor))].filter((dir) => existsSync(dir) && readdirSync(dir).length > 0);
  if (full.length === 0) return;
  const child = spawn("nice", ["-n", "19", "rm", "-rf", "--", ...full], { cwd: "/", detached: true, stdio: "ignore" });
  // Without `nice` it stays until the next time.
  child.on("error", () => {});
  child.unref();
}
