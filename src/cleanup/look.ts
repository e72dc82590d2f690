/** What is known of a worktree before anything is done to it. A look that failed is never "nothing there": it is a reason to keep it. */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { unfinishedOperation } from "../git/changes.ts";
import { hiddenChanges } from "../git/hidden.ts";
import { isDeadLock } from "../git/lock-holder.ts";
import { findRepository } from "../git/repository.ts";
import { type Status, statusOf } from "../git/status.ts";
import type { WorktreeEntry } from "../git/worktrees.ts";
import { statInside } from "../system/stat-inside.ts";

export interface Sight {
  /** What could not be seen, and why; everything else counts only without it. */
  readonly unreadable: string | null;
  readonly missing: boolean;
  readonly status: Status | null;
  readonly operation: string | null;
  /** Repositories of their own and submodules, whose commits no rescue of ours holds. */
  readonly nested: readonly string[];
  readonly ignored: Ignored;
  /** Of everything a rescue would hold as files. */
  readonly bytes: number;
  /** Why somebody has locked it; null when nobody has. */
  readonly locked: string | null;
  /** Processes that work in it. */
  readonly occupants: readonly number[];
  /** By which it is seen whether anything has changed since (`changedSince`). */
  readonly contents: Contents | null;
}

interface Contents {
  readonly disposable: readonly string[];
  /** What is checked out, and each file a rescue would hold with its size and times. */
  readonly stamp: ReadonlySet<string>;
}

export interface Ignored {
  /** To be kept by a rescue. */
  readonly files: readonly string[];
  /** Folders that are made again by a command (`disposable`): not kept. */
  readonly disposable: readonly string[];
  /** Folders that are a repository of their own, or another worktree. */
  readonly repositories: readonly string[];
}

const nothing: Sight = {
  unreadable: null,
  missing: false,
  status: null,
  operation: null,
  nested: [],
  ignored: { files: [], disposable: [], repositories: [] },
  bytes: 0,
  locked: null,
  occupants: [],
  contents: null,
};

/** It could not be seen. */
export const unseen = (why: string): Sight => ({ ...nothing, unreadable: why });

/** `entries`: all worktrees of the repository; `disposable`: names of folders; `atWork`: from `workingDirectories`. */
export async function look(
  task: Task,
  entries: readonly WorktreeEntry[],
  disposable: readonly string[],
  atWork: ReadonlyMap<number, string>,
): Promise<Sight> {
  const path = task.worktree;
  if (path === null) return unseen("it has no place");
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
      return existsSync(dirname(path)) || task.removal !== null
        ? { ...nothing, missing: true }
        : unseen(`${dirname(path)} is not there either: is a disk missing?`);
    const real = realpathSync(path);
    const entry = entries.find((one) => one.path === path || one.path === real);
    if (entry === undefined || entries[0]?.path === entry.path) return unseen("git does not know it as a worktree");
    const repo = findRepository(path);
    if (repo.id !== task.repoId || repo.top !== real) return unseen(`it belongs to ${repo.top}`);
    const { status, ignored, stamp } = await contentsOf(path, disposable);
    const odd = [...status.changed, ...status.untracked, ...status.ignored].find((name) => name.includes("\ufffd"));
    if (odd !== undefined) return unseen(`the name of ${odd} is not UTF-8`);
    return {
      unreadable: null,
      missing: false,
      status,
      operation: unfinishedOperation(path) ?? null,
      nested: [
        ...status.untracked.filter((name) => name.endsWith("/")),
        ...ignored.repositories,
        ...status.submodules,
        ...submodulesIn(repo.gitDir),
      ],
      ignored,
      bytes: bytesOf(path, [...status.changed, ...status.untracked, ...ignored.files]),
      locked: entry.locked === null || isDeadLock(entry.locked) ? null : entry.locked,
      occupants: occupantsOf(real, atWork),
      contents: { disposable, stamp },
    };
  } catch (error) {
    return unseen(messageOf(error));
  }
}

async function contentsOf(path: string, disposable: readonly string[]) {
  const seen = await statusOf(path);
  const hidden = await hiddenChanges(path);
  const status: Status = { ...seen, changed: [...new Set([...seen.changed, ...hidden])] };
  const ignored = ignoredIn(path, status.ignored, disposable);
  const lines = [...status.changed, ...status.untracked, ...ignored.files].map((name) => {
    const stat = statInside(path, name);
    return `${name}\0${stat === undefined ? "gone" : [stat.mode, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino].join(" ")}`;
  });
  return { status, ignored, stamp: new Set([`HEAD\0${status.branch} ${status.head}`, ...lines]) };
}

/** What has been changed since the look, in a worktree that is now in the folder `at`: one path of it, or undefined. @throws CopseError when it cannot be seen */
export async function changedSince({ contents }: Sight, at: string): Promise<string | undefined> {
  if (contents === null) return undefined;
  const { stamp } = await contentsOf(at, contents.disposable);
  const differing = [...[...stamp].filter((line) => !contents.stamp.has(line)), ...[...contents.stamp].filter((line) => !stamp.has(line))];
  return differing[0]?.split("\0")[0];
}

/** Submodules that were filled in keep their history in the worktree's own git directory. */
const submodulesIn = (gitDir: string): string[] => (existsSync(join(gitDir, "modules")) ? readdirSync(join(gitDir, "modules")) : []);

function ignoredIn(root: string, ignored: readonly string[], disposable: readonly string[]): Ignored {
  const files: string[] = [];
  const left: string[] = [];
  const repositories: string[] = [];
  const take = (path: string, name: string): void => {
    const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      if (disposable.includes(name)) left.push(`${path}/`);
      else if (existsSync(join(root, path, ".git"))) repositories.push(`${path}/`);
      else for (const child of readdirSync(join(root, path))) take(`${path}/${child}`, child);
    } else if (stat.isFile() || stat.isSymbolicLink()) {
      files.push(path);
    }
  };
  for (const path of ignored) {
    const plain = path.replace(/\/$/, "");
    const parts = plain.split("/");
    const inside = parts.slice(0, -1).findIndex((part) => disposable.includes(part));
    if (inside === -1) take(plain, parts.at(-1) ?? "");
    else left.push(`${parts.slice(0, inside + 1).join("/")}/`);
  }
  return { files, disposable: [...new Set(left)], repositories };
}

const bytesOf = (root: string, paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + (statInside(root, path)?.size ?? 0), 0);

/** Where every process works but this one and those of `but` (Linux; elsewhere nobody is seen). Those of other users cannot be read and do not count. */
export function workingDirectories(but: readonly number[] = []): Map<number, string> {
  const seen = new Map<number, string>();
  if (!existsSync("/proc/self/cwd")) return seen;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || [process.pid, ...but].includes(Number(name))) continue;
    try {
      seen.set(Number(name), readlinkSync(`/proc/${name}/cwd`));
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return seen;
}

/** Those who work in the folder or below; `real`: its real path. */
export const occupantsOf = (real: string, atWork: ReadonlyMap<number, string>): number[] =>
  [...atWork].filter(([, cwd]) => cwd === real || cwd.startsWith(`${real}/`)).map(([pid]) => pid);

/** Bytes of all files of a folder; links count as themselves. */
export function sizeOf(path: string): number {
  let bytes = 0;
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const file = join(dir, entry.name);
      if (entry.isDirectory()) walk(file);
      else bytes += lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
    }
  };
  try {
    walk(path);
  } catch {
    // What cannot be read is not counted.
  }
  return bytes;
}
