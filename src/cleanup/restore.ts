/** Brings a removed worktree back from its rescue: branch, index, files, unfinished operation. Begun twice it ends the same. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CopseError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { git } from "../git/git.ts";
import { inLane } from "../git/lane.ts";
import { findRepository } from "../git/repository.ts";
import type { RescueMeta } from "../git/rescue.ts";
import { readRescue, rescuedFiles } from "../git/rescued.ts";
import { checkOut, commitOf, createBranch, dropRegistration, listWorktrees, unlockWorktree } from "../git/worktrees.ts";
import { append } from "../store/append.ts";
import { laneOf } from "../store/paths.ts";
import { crashPoint } from "../system/crash.ts";

export interface Restored {
  readonly path: string;
  readonly branch: string | null;
  readonly notes: readonly string[];
}

/** @throws CopseError WRONG_STATE when there is nothing to bring back, EXISTS when its place is taken */
export async function restoreWorktree(state: string, task: Task): Promise<Restored> {
  const ref = task.removal?.ref ?? null;
  if (task.worktreeState !== "removed" || ref === null)
    throw new CopseError("WRONG_STATE", `${task.label} has its worktree, or had none`, { hint: `See \`copse show ${task.label}\`.` });
  const meta = await readRescue(task.repo, ref);
  const notes: string[] = [];
  const mark = `copse restore ${task.id}`;
  await inLane(laneOf(state, task.repoId), async () => {
    await clearPlace(task, meta.path, mark);
    if (meta.branch !== null) await bringBranch(task, meta.branch.name, meta.branch.sha, notes);
    if (meta.checkedOut !== null && meta.checkedOut !== meta.branch?.name && meta.head !== null)
      await bringBranch(task, meta.checkedOut, meta.head, notes);
    mkdirSync(dirname(meta.path), { recursive: true });
    await register(task, meta, mark, notes);
  });
  crashPoint("registered");
  await fill(task.repo, ref, meta);
  crashPoint("filled");
  await append(state, task.repoId, task.id, 0, (now) =>
    now.worktreeState === "removed" ? [{ type: "worktree-restored", path: meta.path, branch: meta.branch?.name ?? null }] : [],
  );
  crashPoint("restored");
  await unlockWorktree(task.repo, meta.path);
  return { path: meta.path, branch: meta.branch?.name ?? null, notes };
}

/** What stands there with our own mark is a restore that a crash cut short; anything else is somebody's. */
async function clearPlace(task: Task, path: string, mark: string): Promise<void> {
  const entry = (await listWorktrees(task.repo)).find((one) => one.path === path);
  if (entry?.locked === mark) return await dropRegistration(task.repo, path);
  if (entry === undefined && (!existsSync(path) || (lstatSync(path).isDirectory() && readdirSync(path).length === 0))) return;
  throw new CopseError("EXISTS", `${path} is there again`, { hint: "Move it away, then restore again." });
}

async function bringBranch(task: Task, name: string, sha: string, notes: string[]): Promise<void> {
  const now = await commitOf(task.repo, `refs/heads/${name}`);
  if (now === undefined) await createBranch(task.repo, name, sha, `copse task ${task.id}`);
  else if (now !== sha) notes.push(`the branch ${name} stands at ${now.slice(0, 12)} now and stays there; it was at ${sha.slice(0, 12)}`);
}

async function register(task: Task, meta: RescueMeta, mark: string, notes: string[]): Promise<void> {
  const name = meta.checkedOut;
  const there = name === null ? undefined : await commitOf(task.repo, `refs/heads/${name}`);
  const others = await listWorktrees(task.repo);
  const free = name !== null && there === meta.head && meta.head !== null && !others.some((entry) => entry.branch === name);
  if (name !== null && !free && meta.head !== null)
    notes.push(`${name} is in use or elsewhere, so the worktree is on no branch, at ${meta.head.slice(0, 12)}`);
  const start = free ? name : (meta.head ?? (task.base as string));
  const args = ["--no-checkout", "--quiet", "--lock", "--reason", mark, ...(free ? [] : ["--detach"])];
  await git(task.repo, ["worktree", "add", ...args, "--end-of-options", meta.path, start]);
  // Nothing had been committed on the branch that was checked out.
  if (meta.head === null && name !== null) await git(meta.path, ["symbolic-ref", "HEAD", `refs/heads/${name}`]);
}

async function fill(repo: string, ref: string, meta: RescueMeta): Promise<void> {
  const { path } = meta;
  // Which files are checked out (sparse patterns) is settled first; a reset would clear away the rest.
  const settings = (name: string) => name === "config.worktree" || name.startsWith("info/");
  await fillAdmin(repo, ref, path, settings);
  if (meta.head === null) await git(path, ["read-tree", "--empty"]);
  else await checkOut(path);
  if (meta.index === "tree") await git(path, ["read-tree", `${ref}:index`]);
  if (meta.index === "entries") {
    const input = await git(repo, ["cat-file", "blob", `${ref}:entries`]);
    await git(path, ["read-tree", "--empty"]);
    await git(path, ["update-index", "-z", "--index-info"], { input });
  }
  for (const name of meta.deleted) rmSync(join(path, name), { force: true });
  for await (const files of rescuedFiles(repo, ref, "files")) {
    for (const file of files) {
      const target = join(path, file.path);
      makeFolders(path, file.path);
      // As HEAD has it, be it a folder; or of a restore that a crash cut short.
      rmSync(target, { force: true, recursive: true });
      if (file.link) symlinkSync(file.bytes, target);
      else writeFileSync(target, file.bytes, { mode: 0o600 });
      if (!file.link) chmodSync(target, Number.parseInt(meta.modes[file.path] ?? "644", 8));
    }
  }
  await fillAdmin(repo, ref, path, (name) => !settings(name));
}

async function fillAdmin(repo: string, ref: string, path: string, wanted: (name: string) => boolean): Promise<void> {
  const { gitDir } = findRepository(path);
  for await (const files of rescuedFiles(repo, ref, "admin")) {
    for (const file of files.filter((one) => wanted(one.path))) {
      mkdirSync(dirname(join(gitDir, file.path)), { recursive: true });
      writeFileSync(join(gitDir, file.path), file.bytes);
    }
  }
}

/** A folder may have stood where HEAD has a file or a link. */
function makeFolders(root: string, path: string): void {
  const parts = path.split("/").slice(0, -1);
  for (let n = 1; n <= parts.length; n++) {
    const folder = join(root, ...parts.slice(0, n));
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat?.isDirectory()) continue;
    if (stat !== undefined) rmSync(folder);
    mkdirSync(folder);
  }
}
