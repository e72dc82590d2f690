/** One command of a check, or beside one: supervised, with its output kept, and what its end says about the updates. */
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { safe, safeLine } from "../core/safe.ts";
import { endOf } from "../process/tail.ts";
import { runToEnd } from "../process/to-end.ts";
import { makeDir } from "../store/files.ts";
import { isFull } from "../system/disk.ts";
import type { Command, Ecosystem } from "./ecosystem.ts";
import type { Campaign, Outcome } from "./journal.ts";
import { isOutside, saysNothing, tellingLines } from "./lines.ts";
import type { Ground } from "./place.ts";
import { CutShort, diskFull, watchRoom } from "./room.ts";

export interface Bench {
  readonly ground: Ground;
  readonly campaign: Campaign;
  readonly ecosystem: Ecosystem;
  readonly checks: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names everything the campaign starts in the environment. */
  readonly cookie: string;
  readonly signal: AbortSignal;
  /** A step that takes longer is ended; an hour unless told. */
  readonly stepMs?: number;
}

const usualStepMs = 60 * 60_000;

/** Of the campaign's folder. */
export const stepDir = (run: number, name: string): string => join("runs", String(run), name);

/** @throws CutShort; CopseError CANNOT_WRITE on a full disk, COMMAND_FAILED when it failed for something else outside, such as the network */
export async function runStep(
  { ground, ecosystem, env, cookie, signal, stepMs = usualStepMs }: Bench,
  run: number,
  stage: Outcome["stage"],
  name: string,
  [file, ...args]: Command,
  cwd: string,
): Promise<Outcome> {
  if (signal.aborted) throw new CutShort();
  const log = stepDir(run, name);
  const dir = join(ground.dir, log);
  makeDir(join(dir, ".."));
  const own = stage === "check" ? {} : ecosystem.env;
  const start = { dir, file, args, cwd, env: { CI: "true", ...env, ...own }, cookie: `${cookie}.${run}`, mode: "read", first: "" } as const;
  const room = watchRoom(ground.dir, signal);
  const { code, timedOut, durationMs } = await runToEnd(start, stepMs, room.signal).finally(room.stop);
  if (code !== 0 && !signal.aborted && (room.signal.aborted || isFull(ground.dir))) throw diskFull(ground.dir);
  if (signal.aborted && !timedOut && code === null) throw new CutShort();
  if (code === null && !timedOut) throw failedOutside(`\`${wordsOf(stage, file, args)}\` was killed`, dir);
  const outcome = outcomeOf(ground.dir, log, stage, wordsOf(stage, file, args), code, durationMs);
  if (code === 0 || stage === "check") return outcome;
  if (isOutside(outputOf(dir)))
    throw failedOutside(`\`${outcome.command}\` could not reach what it needs: ${safeLine(outcome.lines.join(" "), 300)}`, dir);
  if (code !== null && saysNothing(outputOf(dir)))
    throw failedOutside(`\`${outcome.command}\` exited ${code} and did not say why, as when the disk is full or the registry silent`, dir);
  return outcome;
}

const failedOutside = (what: string, dir: string) =>
  new CopseError("COMMAND_FAILED", `${what}; that says nothing about the updates`, {
    hint: `Its output is in ${dir}. What has been checked stays checked; go on with: copse deps`,
  });

const wordsOf = (stage: Outcome["stage"], file: string, args: readonly string[]): string =>
  stage === "check" ? (args[1] as string) : [file, ...args].join(" ");

export function outcomeOf(
  campaign: string,
  log: string,
  stage: Outcome["stage"],
  command: string,
  exitCode: number | null,
  durationMs: number,
): Outcome {
  const ok = exitCode === 0;
  return { ok, stage, command, exitCode, durationMs, log, lines: ok ? [] : tellingLines(outputOf(join(campaign, log))) };
}

const mostOutput = 64 * 1024;

const outputOf = (dir: string): string =>
  safe(redact(["out", "err"].map((name) => endOf(join(dir, name), mostOutput).trimEnd()).join("\n")));
