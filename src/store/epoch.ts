/**
 * Who is the runner: the owner of the highest number in `lock/`. Nothing ever expires, so sleep, load and clock jumps cannot give two.
 * The files are made whole beside and linked into place; the highest is never removed, not even on leaving.
 */
import { linkSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";
import { makeDir, readMaybe, writeNew } from "./files.ts";

export type Hold = { readonly held: true; readonly epoch: number } | { readonly held: false; readonly by: Identity };

/** `alive` asks the operating system; an identity that cannot be read counts as dead only when the file is empty or torn. */
export function takeEpoch(dir: string, me: Identity, alive: (who: Identity) => boolean): Hold {
  makeDir(dir);
  for (;;) {
    const top = list(dir).at(-1);
    const holder = top === undefined ? undefined : readHolder(dir, top);
    if (holder && alive(holder)) return { held: false, by: holder };
    const mine = String(Number(top ?? 0) + 1).padStart(12, "0");
    if (!claim(dir, mine, me)) continue;
    // Without this second look two contenders can both hold: shown by exhaustive model check.
    if (list(dir).at(-1) !== mine) {
      rmSync(join(dir, mine), { force: true });
      continue;
    }
    for (const old of list(dir)) if (old < mine) rmSync(join(dir, old), { force: true });
    return { held: true, epoch: Number(mine) };
  }
}

/** Is `epoch` still the highest? A runner that is not writes nothing more. */
export function holdsEpoch(dir: string, epoch: number): boolean {
  return Number(list(dir).at(-1) ?? 0) === epoch;
}

/** The holder as written down, alive or not. */
export function epochHolder(dir: string): Identity | undefined {
  const top = list(dir).at(-1);
  return top === undefined ? undefined : readHolder(dir, top);
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => /^\d{12}$/.test(name))
      .sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function readHolder(dir: string, name: string): Identity | undefined {
  try {
    return JSON.parse(readMaybe(join(dir, name)) ?? "") as Identity;
  } catch {
    return undefined;
  }
}

function claim(dir: string, name: string, me: Identity): boolean {
  const beside = join(dir, `.${process.pid}.${name}`);
  rmSync(beside, { force: true });
  writeNew(beside, JSON.stringify(me));
  try {
    linkSync(beside, join(dir, name));
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}
