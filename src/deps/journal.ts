/** A campaign on disk: a folder a campaign, and in it the facts in their order, a line each. What is written there is not done again. */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeDir, readMaybe, writeAll } from "../store/files.ts";
import { crashPoint } from "../system/crash.ts";
import type { Listed, Target } from "./ecosystem.ts";
import type { UpdateSet } from "./search.ts";

/** What was asked for; a campaign is gone on with only when the same is asked again. */
export interface Asked {
  /** The commit everything starts from. */
  readonly base: string;
  readonly target: Target;
  readonly checks: readonly string[];
  /** Names, with `*` for anything; none of them: all. */
  readonly only: readonly string[];
  readonly ignore: readonly string[];
}

export interface Outcome {
  readonly ok: boolean;
  /** The step that failed, or the last one. */
  readonly stage: "lock" | "install" | "check";
  readonly command: string;
  /** null: it ran out of time or was killed. */
  readonly exitCode: number | null;
  /** Of the whole check, with locking and installing; 0 where its end was found later. */
  readonly durationMs: number;
  /** Its folder below the campaign's, with `out` and `err` in it. */
  readonly log: string;
  /** What of its output says why; redacted. */
  readonly lines: readonly string[];
}

export type Fact =
  | ({ readonly type: "started"; readonly at: string; readonly baseRef: string; readonly manager: string } & Asked)
  | ({ readonly type: "listed" } & Listed)
  /** `whole`: locked and installed from nothing. */
  | { readonly type: "checking"; readonly run: number; readonly set: UpdateSet; readonly whole: boolean }
  /** Manifests and lockfile as they are checked in that run, as a tree of git's. */
  | { readonly type: "locked"; readonly run: number; readonly tree: string }
  | { readonly type: "checked"; readonly run: number; readonly set: UpdateSet; readonly outcome: Outcome }
  | { readonly type: "ended"; readonly at: string; readonly branch: string | null; readonly commit: string | null };

export interface Campaign {
  readonly dir: string;
  readonly number: number;
  readonly facts: readonly Fact[];
  add(fact: Fact): void;
}

const fileOf = (dir: string): string => join(dir, "journal.jsonl");

/** All campaigns below `dir`, the oldest first. */
export function campaigns(dir: string): Campaign[] {
  const names = namesIn(dir).filter((name) => /^\d+$/.test(name));
  return names
    .map(Number)
    .sort((a, b) => a - b)
    .map((number) => open(dir, number));
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The campaign of that number, with whatever it has written. */
export function open(parent: string, number: number): Campaign {
  const dir = join(parent, String(number));
  const text = readMaybe(fileOf(dir)) ?? "";
  // A last line without its end is what a crash left of one.
  let bytes = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
  const facts = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Fact);
  return {
    dir,
    number,
    facts,
    add(fact) {
      crashPoint("deps-before-fact");
      makeDir(dir);
      const data = Buffer.from(`${JSON.stringify(fact)}\n`);
      const fd = openSync(fileOf(dir), bytes === 0 ? "w" : "r+", 0o600);
      try {
        ftruncateSync(fd, bytes);
        writeAll(fd, data, bytes);
        fdatasyncSync(fd);
      } finally {
        closeSync(fd);
      }
      bytes += data.length;
      facts.push(fact);
      crashPoint("deps-fact");
    },
  };
}

/** Is it one that was cut short, and that this goes on with? */
export function isSame(campaign: Campaign, asked: Asked): boolean {
  const started = campaign.facts.find((fact) => fact.type === "started");
  if (started === undefined || campaign.facts.some(({ type }) => type === "ended")) return false;
  const { base, target, checks, only, ignore } = started;
  return JSON.stringify({ base, target, checks, only, ignore }) === JSON.stringify(asked);
}
