/** `copse tasks`: what is going on. Reads the index only; starts nothing, needs no runner. */

import { CopseError } from "../../core/errors.ts";
import { waitingFor } from "../../core/line.ts";
import { redact } from "../../core/redact.ts";
import { safeLine } from "../../core/safe.ts";
import { type StateName, type Task, terminalStates, type WaitingFor } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { type Entry, isOpen, readIndex, readLately, recentMost, recentMs, taskOf } from "../../store/index-file.ts";
import { stateDir } from "../../store/paths.ts";
import { err, isTty, out, screen } from "../../system/output.ts";
import { lookBeside } from "../beside.ts";
import { noRepository, repoIdMaybe } from "../find.ts";
import { type Parsed, parseFlags, tasksFlags } from "../flags.ts";
import { paintFor } from "../view/paint.ts";
import { taskLines } from "../view/words.ts";

const states: readonly StateName[] = ["queued", "preparing", "running", "blocked", "delivering", "completed", "failed", "stopped"];

export async function tasks(argv: readonly string[]): Promise<number> {
  const { values, words } = parseFlags(argv, tasksFlags);
  if (words.length > 0)
    throw new CopseError("USAGE", `tasks takes no words, got "${words[0]}"`, { hint: `One task alone: copse show ${words[0]}` });
  const look = looker(values, process.cwd());
  if (values["refresh"] === true) return print(await refreshed(look(), values), values);
  if (values["watch"] !== true) return print(look(), values);
  const { terminalNotices } = await import("../view/terminal-notice.ts");
  const notice = terminalNotices();
  for (let before = ""; ; ) {
    const shown = look();
    notice(shown.tasks);
    before = redraw(shown, values, before);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function refreshed({ tasks, waiting }: Shown, values: Parsed["values"]): Promise<Shown> {
  if (values["watch"] === true)
    throw new CopseError("USAGE", "--refresh asks the forge once; it does not go with --watch", { hint: "copse tasks --refresh" });
  const [{ refreshPullRequests }, { loadConfig }] = await Promise.all([import("../../result/refresh.ts"), import("../../store/config.ts")]);
  const done = await refreshPullRequests(tasks, { state: stateDir(), forges: loadConfig(null).config.forges, env: process.env });
  for (const line of done.trouble) err(`copse: ${safeLine(redact(line), 500)}\n`);
  return { tasks: done.tasks, waiting };
}

export interface Shown {
  readonly tasks: readonly Task[];
  readonly waiting: ReadonlyMap<string, WaitingFor>;
}

/** Settles what is asked for, once; every call of the result looks anew. `cwd`: in the repository whose tasks are meant. @throws CopseError USAGE, NO_REPOSITORY */
export function looker(values: Parsed["values"], cwd: string): () => Shown {
  const wanted = (values["state"] ?? []) as StateName[];
  for (const state of wanted)
    if (!states.includes(state))
      throw new CopseError("USAGE", `--state: "${state}" is none of ${states.join(", ")}`, {
        hint: "Example: copse tasks --state running",
      });
  const all = values["all"] === true;
  const here = all ? undefined : repoIdMaybe(cwd);
  if (!all && here === undefined) throw noRepository(cwd, "See the tasks of all repositories: copse tasks --all");
  return () => {
    const entries = [...(wanted.length > 0 || all ? readIndex : readLately)(stateDir()).values()];
    const now = new Date();
    const waiting = waitingFor(entries.filter((entry) => entry.state === "queued").map(taskOf), now.toISOString());
    const mine = entries.filter(
      (entry) => (here === undefined || entry.repoId === here) && (wanted.length === 0 || wanted.includes(entry.state)),
    );
    const tasks = (wanted.length > 0 || all ? mine : recent(mine, now)).map(taskOf).filter((task) => matches(task, values));
    return { tasks: tasks.sort(byState), waiting };
  };
}

function print({ tasks, waiting }: Shown, values: Parsed["values"]): number {
  const beside = lookBeside(waiting);
  if (values["json"] === true) out(`${JSON.stringify({ tasks: tasks.map((task) => taskJson(task, beside(task))) })}\n`);
  else if (values["quiet"] === true) out(tasks.map((task) => `${task.id}\n`).join(""));
  else if (tasks.length === 0)
    err(`No tasks${values["all"] === true ? "" : " in this repository"}. Start one: copse -w -b --label docs "Write the API docs"\n`);
  else out(`${taskLines(tasks, paintFor(screen()), Date.now(), beside, values["all"] === true).join("\n")}\n`);
  return 0;
}

/** In a terminal the screen is drawn again; elsewhere the list (with --json, a line of JSON) is printed again when it has changed. @returns what was shown */
function redraw(shown: Shown, values: Parsed["values"], before: string): string {
  const key = JSON.stringify(shown.tasks);
  const terminal = isTty(1) && process.env["TERM"] !== "dumb" && values["json"] !== true;
  if (terminal) out("\u001b[H\u001b[2J");
  if (terminal || key !== before) print(shown, values);
  return key;
}

/** Open tasks and those that ended lately and of which there is anything to see; `--state` and `--all` show every one. */
export function recent(entries: readonly Entry[], now: Date, most = recentMost): Entry[] {
  const since = new Date(now.getTime() - recentMs).toISOString();
  const ended = entries
    .filter((entry) => !isOpen(entry) && entry.endedAt > since && !isTrace(entry))
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
  return [...entries.filter(isOpen), ...ended.slice(0, most)];
}

/** Nothing of it ever ran, and nothing of it is there: what is left of a session's worktree that was removed, so that it can be restored. */
const isTrace = (entry: Entry): boolean =>
  entry.state === "stopped" && ['"run":0,', '"worktreeState":"removed"'].every((text) => entry.mentions(Buffer.from(text)));

function matches(task: Task, values: Readonly<Record<string, unknown>>): boolean {
  const tags = (values["tag"] ?? []) as string[];
  const isOf = (name: "group" | "batch") => values[name] === undefined || task.request[name] === values[name];
  return tags.every((tag) => task.request.tags.includes(tag)) && isOf("group") && isOf("batch");
}

const rank: Readonly<Record<StateName, number>> = {
  running: 0,
  preparing: 0,
  delivering: 0,
  blocked: 1,
  queued: 2,
  completed: 3,
  failed: 3,
  stopped: 3,
};

/** At work first, then what needs a person, the line in its order, and what has ended, newest first. */
function byState(a: Task, b: Task): number {
  const ended = terminalStates.includes(a.state) && terminalStates.includes(b.state);
  if (rank[a.state] !== rank[b.state]) return rank[a.state] - rank[b.state];
  if (a.state === "queued") return b.request.priority - a.request.priority || (a.createdAt < b.createdAt ? -1 : 1);
  return ended ? ((a.endedAt ?? "") > (b.endedAt ?? "") ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1;
}
