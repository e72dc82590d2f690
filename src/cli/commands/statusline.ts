/**
 * `copse statusline`: one line for a shell prompt, tmux, or Claude Code's status bar: counts, overall progress, how many need you. Reads the index only, starts nothing.
 * With `--claude` standard input is Claude Code's status JSON; a command behind `--` is another configured line: it gets the same input, and its output comes first.
 */

import { readFileSync } from "node:fs";
import { CopseError } from "../../core/errors.ts";
import { isTerminal, type StateName } from "../../core/task.ts";
import { type Entry, isOpen, readLately, recentMs, taskOf } from "../../store/index-file.ts";
import { stateDir } from "../../store/paths.ts";
import { out, screen } from "../../system/output.ts";
import { repoIdMaybe } from "../find.ts";
import { parseFlags, statuslineFlags } from "../flags.ts";
import { type Paint, paintFor } from "../view/paint.ts";

/** What the line is made of. */
export interface Counts {
  readonly running: number;
  readonly queued: number;
  readonly needsYou: number;
  readonly failed: number;
  /** Of the tasks made since the oldest open one, in the last week: how many have ended, how many there are. */
  readonly done: number;
  readonly total: number;
}

export function statusline(argv: readonly string[]): number {
  const { values, words, rest } = parseFlags(argv, statuslineFlags);
  if (words.length > 0)
    throw new CopseError("USAGE", `statusline takes no words, got "${words[0]}"`, {
      hint: "Another status line's command goes behind --.",
    });
  const input = values["claude"] === true ? readFileSync(0) : undefined;
  const cwd = input === undefined ? process.cwd() : folderOf(input.toString("utf8"));
  const here = values["repo"] === true ? (repoIdMaybe(cwd) ?? "") : undefined;
  const counts = count([...readLately(stateDir()).values()].filter((entry) => here === undefined || entry.repoId === here));
  if (rest !== undefined && rest.length > 0) out(otherLine(rest, input));
  // Status bars are no terminals, yet they show colour; Claude Code's does.
  const paint = values["claude"] === true ? paintFor({ isTTY: true }) : paintFor(screen());
  if (values["json"] === true) out(`${JSON.stringify(counts)}\n`);
  else out(sayLine(counts, paint));
  return 0;
}

/** Claude Code's JSON names the folder its session works in; anything unreadable means ours. */
function folderOf(text: string): string {
  try {
    const { workspace, cwd } = JSON.parse(text) as { workspace?: { current_dir?: unknown }; cwd?: unknown };
    const folder = workspace?.current_dir ?? cwd;
    return typeof folder === "string" ? folder : process.cwd();
  } catch {
    return process.cwd();
  }
}

/** Pure. */
export function count(entries: readonly Entry[]): Counts {
  const open = entries.filter(isOpen);
  const of = (...states: StateName[]) => open.filter((entry) => states.includes(entry.state)).length;
  const oldest = open.map((entry) => taskOf(entry).createdAt).sort()[0];
  const weekAgo = new Date(Date.now() - recentMs).toISOString();
  const since = oldest !== undefined && oldest < weekAgo ? weekAgo : oldest;
  const ended = since === undefined ? [] : entries.filter((entry) => isTerminal(entry) && entry.endedAt >= since);
  return {
    running: of("running", "preparing", "delivering"),
    queued: of("queued"),
    needsYou: of("blocked"),
    failed: ended.filter((entry) => entry.state === "failed").length,
    done: ended.length,
    total: ended.length + open.length,
  };
}

/** "" when there is nothing open: a prompt stays as it is. Pure. */
export function sayLine(counts: Counts, paint: Paint): string {
  if (counts.running + counts.queued + counts.needsYou === 0) return "";
  const mark = paint.utf8 ? { run: "●", queue: "○", need: "✗" } : { run: "*", queue: "o", need: "x" };
  const parts = [
    counts.needsYou > 0 ? paint.yellow(`${mark.need} ${counts.needsYou} ${counts.needsYou === 1 ? "needs" : "need"} you`) : "",
    counts.running > 0 ? paint.blue(`${mark.run} ${counts.running} running`) : "",
    counts.queued > 0 ? `${mark.queue} ${counts.queued} queued` : "",
    counts.failed > 0 ? paint.red(`${counts.failed} failed`) : "",
    counts.total > 1 ? paint.dim(`${counts.done}/${counts.total} done`) : "",
  ];
  return `${parts.filter((part) => part !== "").join(" · ")}\n`;
}

/** The other line is the person's own; one that fails or takes over 2 s is left out. */
function otherLine([file = "", ...args]: readonly string[], input: Buffer | undefined): string {
  // Loaded only here: the listing shares this file's bundle, and must not pay for it.
  const ran = process
    .getBuiltinModule("node:child_process")
    .spawnSync(file, args, { input: input ?? "", timeout: 2000, stdio: ["pipe", "pipe", "ignore"] });
  const text = ran.status === 0 ? ran.stdout.toString("utf8") : "";
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
