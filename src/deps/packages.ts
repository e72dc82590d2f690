/**
 * What the baseline has installed, kept beside the places for as long as the campaign runs: a quick look at a few updates starts from a copy of it. Copies throughout, or what the file system makes
 * of them, never links: what writes into its packages in place reaches nobody else's.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { git } from "../git/git.ts";
import { readMaybe, writeNew } from "../store/files.ts";
import { copyFlags } from "../system/disk.ts";
import { treesOf } from "./place.ts";

/** Runs a command in a folder. @returns whether it went well */
type Copy = (command: readonly [string, ...string[]], from: string) => Promise<boolean>;

const storeOf = (campaign: string): string => join(treesOf(campaign), "baseline");
const listName = "folders.json";

/** One that cannot be made is none: then everything is installed from nothing. */
export async function keepPackages(campaign: string, path: string, folder: string, copy: Copy): Promise<void> {
  const store = storeOf(campaign);
  const beside = `${store}.partial`;
  try {
    const all = (await git(path, ["ls-files", "--others", "--directory", "-z"])).split("\0").map((one) => one.replace(/\/$/, ""));
    const folders = all.filter((one) => one === folder || one.endsWith(`/${folder}`));
    for (const old of [store, beside]) rmSync(old, { recursive: true, force: true, maxRetries: 5 });
    mkdirSync(beside, { recursive: true, mode: 0o700 });
    if (folders.length === 0 || !(await copy(copying(beside, folders), path))) return;
    writeNew(join(beside, listName), JSON.stringify(folders));
    renameSync(beside, store);
  } catch {
    // A full disk, or an end that was asked for: the next step says so.
  }
}

/** @returns whether they are there, all of them; an attempt may leave some. @throws as `copy` */
export async function lendPackages(campaign: string, path: string, copy: Copy): Promise<boolean> {
  const store = storeOf(campaign);
  const list = existsSync(store) ? readMaybe(join(store, listName)) : undefined;
  return list !== undefined && (await copy(copying(path, JSON.parse(list) as string[]), store));
}

function copying(to: string, folders: readonly string[]): readonly [string, ...string[]] {
  const script = `to=$1; shift; for d; do mkdir -p "$to/$(dirname "$d")" && cp ${copyFlags.join(" ")} -- "$d" "$to/$d" || exit 1; done`;
  return ["/bin/sh", "-c", script, "sh", to, ...folders];
}

let free = availableParallelism();
const waiting: (() => void)[] = [];

/** Installing keeps a core busy, testing often waits: so no more of the first at once than there are cores. */
export async function inInstallTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
  else free--;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}
