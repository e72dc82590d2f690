/** `copse hooks`: what a session has running and has called, told to hooks that people write; and a kit to record events and play them to a hook again. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CopseError, messageOf } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe, safeLine } from "../../core/safe.ts";
import { Book } from "../../hooks/book.ts";
import { enrich, taskFor, toolCounts } from "../../hooks/enrich.ts";
import { hookEvent } from "../../hooks/event.ts";
import { emptyLedger, type Ledger, note } from "../../hooks/ledger.ts";
import { parseRecording, record } from "../../hooks/recording.ts";
import { stateDir } from "../../store/paths.ts";
import { feed, runCommand } from "../../system/command.ts";
import { debug } from "../../system/debug.ts";
import { err, out } from "../../system/output.ts";
import { repoIdMaybe } from "../find.ts";
import { openTasksIn } from "../open-tasks.ts";
import { readStandardInput } from "../stdin.ts";

/** A tool's answer can be large; what is larger than this is no event. */
const mostBytes = 256 * 1024 * 1024;

/**
 * `hooks run [-- CMD…]`, as a hook: enters the event on standard input, and gives it on to the command with what is known besides. The command's exit code and words are the hook's.
 * Trouble of our own never stands in the agent's way: the command then gets the event as it came.
 */
export async function hooksRun(command: readonly string[]): Promise<number> {
  const input = readStandardInput(mostBytes).toString("utf8");
  const [file, ...args] = command;
  let told = input;
  try {
    const event = hookEvent(input);
    if (event !== undefined) {
      const { ledger } = new Book(stateDir()).enter(event, new Date().toISOString());
      const cwd = typeof event["cwd"] === "string" ? event["cwd"] : process.cwd();
      if (file !== undefined) told = JSON.stringify(enrich(event, ledger, openTasksIn(repoIdMaybe(cwd)).map(taskFor)));
    }
  } catch (error) {
    debug(() => `hooks run: ${messageOf(error)}`);
  }
  return file === undefined ? 0 : await feed(file, args, told);
}

/** `hooks record FILE`, as a hook: one line more. */
export function hooksRecord(file: string): number {
  const event = hookEvent(readStandardInput(mostBytes).toString("utf8"));
  if (event === undefined)
    throw new CopseError("USAGE", "there is no hook event on standard input", {
      hint: "It is for a hook of Claude Code: copse hooks record events.ndjson",
    });
  record(resolve(file), event, new Date().toISOString());
  return 0;
}

export interface ReplayOptions {
  readonly command: readonly string[];
  /** Names of events; none: all. */
  readonly events: readonly string[];
  readonly json: boolean;
}

/** `hooks replay FILE [-- CMD…]`: every event, with what was known at it, to the command; without one it is printed. */
export async function hooksReplay(file: string, { command, events, json }: ReplayOptions): Promise<number> {
  const recorded = parseRecording(readRecording(file), new Date().toISOString());
  const bad = recorded.indexOf(undefined);
  if (bad >= 0)
    throw new CopseError("USAGE", `line ${bad + 1} of ${file} is no hook event`, {
      hint: "Make a recording: copse hooks record <file>, as a hook.",
    });
  const ledgers = new Map<string, Ledger>();
  let failed = false;
  for (const [n, one] of recorded.entries()) {
    if (one === undefined) continue;
    const { event, at } = one;
    const ledger = note(ledgers.get(event.session_id) ?? emptyLedger, event, at);
    ledgers.set(event.session_id, ledger);
    if (events.length > 0 && !events.includes(event.hook_event_name)) continue;
    const told = JSON.stringify(enrich(event, ledger));
    const [program, ...args] = command;
    if (program === undefined) {
      out(`${told}\n`);
      continue;
    }
    const { exitCode, stdout, stderr } = await runCommand(program, args, { input: told });
    failed ||= exitCode === null;
    const name = [event.hook_event_name, event["tool_name"]].filter((part) => typeof part === "string").join(" ");
    if (json) out(`${JSON.stringify({ line: n + 1, event: event.hook_event_name, exitCode, stdout, stderr })}\n`);
    else
      out(
        safe(
          `${String(n + 1).padStart(4)}  ${name}: ${exitCode === null ? "it could not be run" : `exit code ${exitCode}`}\n${indented(stdout)}${indented(stderr)}`,
        ),
      );
  }
  return failed ? 1 : 0;
}

function readRecording(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CopseError("FILE_NOT_FOUND", `the recording cannot be read: ${messageOf(error)}`, { hint: "Check its name." });
  }
}

const indented = (text: string): string => (text.trim() === "" ? "" : `${text.trimEnd().replace(/^/gm, "        ")}\n`);

/** `hooks show`: the sessions heard of by `hooks run`. */
export function hooksShow(session: string | null, json: boolean): number {
  const all = new Book(stateDir()).sessions().filter(({ sessionId }) => session === null || sessionId.startsWith(session));
  const shown = all.map(({ sessionId, cwd, at, ledger }) => {
    const { background_tasks, tools_called_this_turn } = enrich({ hook_event_name: "", session_id: sessionId }, ledger);
    const agents = Object.keys(ledger.turns).filter((agent) => agent !== "");
    return {
      sessionId,
      cwd,
      at,
      background_tasks,
      tools_called_this_turn,
      agents: agents.map((agent) => ({ agent_id: agent, tools_called_this_turn: toolCounts(ledger, agent) })),
    };
  });
  if (json) {
    out(`${JSON.stringify({ sessions: shown })}\n`);
    return 0;
  }
  if (shown.length === 0)
    err("No session has been heard of. Hooks are heard where `copse hooks run` is one of them; see copse help hooks.\n");
  for (const { sessionId, cwd, background_tasks, tools_called_this_turn } of shown) {
    const tools = tools_called_this_turn.map(({ tool_name, count }) => `${tool_name} ${count}`).join(", ");
    const running = background_tasks.map(({ tool_name, description, started_at }) => `${tool_name}, since ${started_at}: ${description}`);
    const rows = [`this turn: ${tools || "no tools"}`, ...running].map((row) => `  ${safeLine(redact(row), 300)}\n`);
    out(`${safeLine(`${sessionId}${cwd === null ? "" : `  ${cwd}`}`, 300)}\n${rows.join("")}`);
  }
  return 0;
}
