/** A campaign on disk: a folder a campaign, and in it the facts in their order, a line each. What is written there is not done again. */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makeDir, readMaybe, writeAll } from "../store/files.ts";
import { crashPoint } from "../system/crash.ts";
import type { Audit, Goal, Listed } from "./ecosystem.ts";
import type { UpdateSet } from "./search.ts";

/** What was asked for; a campaign is gone on with only when the same is asked again. */
export interface Asked extends Goal {
  /** The commit everything starts from. */
  readonly base: string;
  readonly checks: readonly string[];
  /** Names, with `*` for anything; none of them: all. */
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  /** What files of other updaters keep the repository from counts. */
  readonly otherUpdaters: boolean;
  /** Rules for groups (`groups.ts`); none: all are one. */
  readonly groups: readonly string[];
  /** A commit for each update. */
  readonly split: boolean;
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
  /** What the manager says of holes: at the base, or with all of a group that is kept. */
  | { readonly type: "audited"; readonly group: string | null; readonly audit: Audit }
  /** The branch of a group. */
  | { readonly type: "made"; readonly group: string; readonly branch: string; readonly commit: string }
  | { readonly type: "pushed"; readonly group: string; readonly remote: string; readonly branch: string; readonly commit: string }
  /** After this nothing more is to be done for the group. */
  | ({ readonly type: "published"; readonly group: string } & Published)
  | { readonly type: "ended"; readonly at: string };

/** What became of a branch outside. */
export interface Published {
  readonly pr: { readonly number: number; readonly url: string; readonly draft: boolean } | null;
  readonly notes: readonly string[];
}

export interface Campaign {
  readonly dir: string;
  readonly number: number;
  readonly facts: readonly Fact[];
  add(fact: Fact): void;
}

export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;

/** All of one kind, in their order. */
export const factsOf = <T extends Fact["type"]>({ facts }: Campaign, type: T): FactOf<T>[] =>
  facts.filter((fact): fact is FactOf<T> => fact.type === type);
export const checksOf = (own: Campaign): FactOf<"checked">[] => factsOf(own, "checked");
export const runsOf = (own: Campaign): number => factsOf(own, "checking").length;

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
  const { type: _, at: _at, baseRef: _ref, manager: _manager, ...before } = started;
  return sorted(before) === sorted(asked);
}

const sorted = (asked: Asked): string => JSON.stringify(Object.entries(asked).sort(([a], [b]) => (a < b ? -1 : 1)));
