/** What lies outside a task's worktree and is not the task's to change: the main checkout, and the branches and tags of others. */
import { lstatSync } from "node:fs";
import { join, relative } from "node:path";
import { git } from "./git.ts";
import { parseStatus } from "./status.ts";

export interface Outside {
  /** What is checked out: a branch's short name, or a commit. */
  readonly head: string | null;
  /** Files that differ from what is committed, with their size and time. */
  readonly files: Readonly<Record<string, string>>;
  /** Commit by full name: branches, tags, the stash. */
  readonly refs: Readonly<Record<string, string>>;
}

/** `repo`: the main checkout, or a bare repository. `except`: a folder that does not count, with everything in it. */
export async function lookOutside(repo: string, except: string): Promise<Outside> {
  const status = ["status", "--porcelain=v2", "-z", "--branch", "--no-renames", "--untracked-files=normal"];
  const bare = (await git(repo, ["rev-parse", "--is-bare-repository"])).trim() === "true";
  const [out, refs] = await Promise.all([
    bare ? "" : git(repo, status),
    git(repo, ["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags", "refs/stash"]),
  ]);
  const { head, branch, changed, untracked } = parseStatus(out);
  const stateOf = (path: string) => {
    const stat = lstatSync(join(repo, path), { throwIfNoEntry: false });
    return stat === undefined ? "gone" : `${stat.size} ${stat.mtimeMs}`;
  };
  // An untracked folder may stand for what is in it.
  const counts = (path: string) => !`${relative(repo, except)}/`.startsWith(path) && !path.startsWith(`${relative(repo, except)}/`);
  return {
    head: branch ?? head,
    files: Object.fromEntries([...changed, ...untracked].filter(counts).map((path) => [path, stateOf(path)])),
    refs: Object.fromEntries(
      refs
        .split("\n")
        .filter((row) => row !== "")
        .map((row) => row.split(" ") as [string, string]),
    ),
  };
}

/** Pure. What is different, in words; nothing of the refs that are `own`. */
export function changedOutside(before: Outside, after: Outside, own: (ref: string) => boolean): string[] {
  const files = differing(before.files, after.files);
  const refs = differing(before.refs, after.refs).filter((ref) => !own(ref));
  const parts: string[] = [];
  if (before.head !== after.head) parts.push(`the main checkout went from ${before.head ?? "nothing"} to ${after.head ?? "nothing"}`);
  if (files.length > 0) parts.push(`files of the main checkout changed: ${some(files)}`);
  const moved = refs.map((ref) => `${ref.replace(/^refs\/(heads\/)?/, "")} ${short(before.refs[ref])} → ${short(after.refs[ref])}`);
  if (moved.length > 0) parts.push(`refs changed: ${some(moved)}`);
  return parts;
}

const differing = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();

const short = (sha: string | undefined): string => sha?.slice(0, 8) ?? "(none)";
const some = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
