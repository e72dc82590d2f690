/** The Markdown files that a task leaves to become issues: found in its worktree, kept out of its commits, and taken into its folder of the state before anything is done with them. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "../core/task.ts";
import { git } from "../git/git.ts";
import { replaceFile } from "../store/files.ts";
import { runDir } from "../store/paths.ts";

const mostBytes = 1024 * 1024;

/** Where a run's drafts are kept, whatever becomes of its worktree. */
export const draftsDir = (dir: string, run: number): string => join(runDir(dir, run), "issues");

export interface Found {
  /** Nobody has committed them: they are moved, and are not on the branch. */
  readonly untracked: readonly string[];
  /** Committed by the task itself: they stay where they are, besides. */
  readonly committed: readonly string[];
}

/** Paths in the worktree. What was there before the task began is no draft of its. */
export async function findDrafts(task: Task): Promise<Found> {
  const { worktree, base } = task;
  const folder = task.request.openIssues;
  const none: Found = { untracked: [], committed: [] };
  if (folder === undefined || worktree === null || base === null || !isOwn(worktree, folder)) return none;
  const isDraft = (path: string) => /^[^/]+\.(?:md|markdown)$/i.test(path.slice(folder.length + 1)) && isOwn(worktree, path);
  const names = (text: string) => text.split("\0").filter((path) => path !== "" && isDraft(path));
  const spec = ["--", `:(top,literal)${folder}`];
  const before = new Set(names(await git(worktree, ["ls-tree", "-r", "-z", "--name-only", "--full-tree", base, "--", folder])));
  return {
    untracked: names(await git(worktree, ["ls-files", "-z", "--others", ...spec])).filter((path) => !before.has(path)),
    committed: names(await git(worktree, ["ls-files", "-z", "--cached", ...spec])).filter((path) => !before.has(path)),
  };
}

/** A file or folder of the worktree itself: through a link it could be any file of the person's. */
function isOwn(worktree: string, path: string): boolean {
  try {
    const place = join(worktree, path);
    return !lstatSync(place).isSymbolicLink() && realpathSync(place) === join(realpathSync(worktree), path);
  } catch {
    return false;
  }
}

/** Safe to repeat: what has been taken stays taken. @returns notes */
export async function takeDrafts(task: Task, dir: string): Promise<string[]> {
  const { untracked, committed } = await findDrafts(task);
  const into = draftsDir(dir, task.run);
  const notes: string[] = [];
  if (untracked.length + committed.length > 0) mkdirSync(into, { recursive: true });
  for (const path of [...untracked, ...committed]) {
    const place = join(task.worktree as string, path);
    const size = lstatSync(place).size;
    if (size > mostBytes) {
      notes.push(`${path} has ${size} bytes; it is no issue, and stays where it is`);
      continue;
    }
    replaceFile(join(into, path.slice(path.lastIndexOf("/") + 1)), readFileSync(place, "utf8"));
    if (untracked.includes(path)) rmSync(place);
  }
  if (untracked.length > 0) removeIfEmpty(join(task.worktree as string, task.request.openIssues as string));
  return notes;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // There is more in it, which is not ours to take.
  }
}

/** What has been taken, by name. */
export function takenDrafts(dir: string, run: number): { readonly file: string; readonly text: string }[] {
  const from = draftsDir(dir, run);
  if (!existsSync(from)) return [];
  return readdirSync(from)
    .sort()
    .map((file) => ({ file, text: readFileSync(join(from, file), "utf8") }));
}
