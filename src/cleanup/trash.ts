/** The folders of removed worktrees, put aside by a rename: deleted later, with nobody waiting for it. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Inside the folder that holds the worktrees. */
export const trashName = ".copse-trash";

/** At the end of the name of a folder that is looked at for the last time, and may have to go back. */
export const leavingMark = ".leaving";

export const trashFor = (worktree: string): string => join(dirname(worktree), trashName);

/** Deletes everything put aside beside these worktrees, what a crash has left there too. Links are not followed; the rescues are made already. */
export function emptyTrash(worktrees: readonly string[]): void {
  for (const dir of new Set(worktrees.map(trashFor))) {
    // By name: another process may be putting one there for its last look.
    const going = (existsSync(dir) ? readdirSync(dir) : []).filter((name) => !name.endsWith(leavingMark));
    if (going.length > 0) empty(dir, going);
  }
}

function empty(dir: string, names: readonly string[]): void {
  const script = 'dir=$1; shift; rm -rf -- "$@"; rmdir "$dir"';
  const paths = names.map((name) => join(dir, name));
  const child = spawn("nice", ["-n", "19", "/bin/sh", "-c", script, "sh", dir, ...paths], { cwd: "/", detached: true, stdio: "ignore" });
  // Without `nice` it stays until the next time.
  child.on("error", () => {});
  child.unref();
}
