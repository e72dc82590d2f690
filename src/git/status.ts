/** One look at a worktree: what is checked out, what differs, what git does not know or ignores. See git-status(1), porcelain v2. */
import { git } from "./git.ts";

export interface Status {
  /** null: nothing is committed on the branch that is checked out. */
  readonly head: string | null;
  /** Short name; null when detached. */
  readonly branch: string | null;
  /** Differ from the index or from HEAD, conflicts included. */
  readonly changed: readonly string[];
  readonly staged: boolean;
  readonly conflicts: boolean;
  /** Every untracked file; a repository of its own ends in a slash. */
  readonly untracked: readonly string[];
  /** Ignored files, and folders (ending in a slash) that are ignored as a whole. */
  readonly ignored: readonly string[];
  /** Submodules with changes or commits of their own. */
  readonly submodules: readonly string[];
}

/** For git. */
export const statusArgs: readonly string[] = [
  "status",
  "--porcelain=v2",
  "-z",
  "--branch",
  "--no-renames",
  "--untracked-files=all",
  "--ignored=matching",
  "--ignore-submodules=none",
];

export async function statusOf(worktree: string): Promise<Status> {
  return parseStatus(await git(worktree, statusArgs));
}

/** Pure. */
export function parseStatus(out: string): Status {
  const seen = { changed: [] as string[], untracked: [] as string[], ignored: [] as string[], submodules: [] as string[] };
  let head: string | null = null;
  let branch: string | null = null;
  let staged = false;
  let conflicts = false;
  for (const row of out.split("\0")) {
    const [kind, xy = "", sub = ""] = row.split(" ");
    if (row.startsWith("# branch.oid ")) head = xy === "" || row.endsWith("(initial)") ? null : row.slice("# branch.oid ".length);
    else if (row.startsWith("# branch.head ")) branch = row.endsWith("(detached)") ? null : row.slice("# branch.head ".length);
    else if (kind === "?") seen.untracked.push(row.slice(2));
    else if (kind === "!") seen.ignored.push(row.slice(2));
    else if (kind === "1" || kind === "u") {
      const path = row
        .split(" ")
        .slice(kind === "1" ? 8 : 10)
        .join(" ");
      seen.changed.push(path);
      staged ||= kind === "u" || xy[0] !== ".";
      conflicts ||= kind === "u";
      if (sub.startsWith("S")) seen.submodules.push(path);
    }
  }
  return { head, branch, staged, conflicts, ...seen };
}
