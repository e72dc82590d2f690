/** A piece of a recording as readable lines, found by its place in the file: of a log of any size only what is asked for is read. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { logLine } from "../cli/view/log-line.ts";
import { CopseError } from "../core/errors.ts";
import { lineRedactor, redactAll } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import { isTerminal, type Task } from "../core/task.ts";
import type { AgentEvent } from "../session/agents/agent.ts";
import { agentFor } from "../session/agents/index.ts";
import { checkDir, runDir } from "../store/paths.ts";
import type { LogLine, LogPart } from "./api.ts";

const usualBytes = 64 * 1024;
const mostBytes = 256 * 1024;
/** A line that is longer is cut; so is what is shown of any. */
const longestLine = 1024 * 1024;
const mostChars = 8000;

export interface Wanted {
  readonly run: number;
  readonly stream: string;
  /** A byte of the file; from its end when negative. */
  readonly from: number;
  readonly length: number;
}

/** @throws CopseError USAGE, RUN_NOT_FOUND */
export function wantedOf(task: Task, query: URLSearchParams): Wanted {
  const whole = (name: string, fallback: number, least: number): number => {
    const text = query.get(name);
    if (text === null) return fallback;
    if (!/^-?\d{1,15}$/.test(text) || Number(text) < least)
      throw new CopseError("USAGE", `${name}: expected a whole number, got ${JSON.stringify(text)}`);
    return Number(text);
  };
  const stream = query.get("stream") ?? "activity";
  if (!/^(?:activity|out|err|check:\d{1,4})$/.test(stream))
    throw new CopseError("USAGE", `stream: expected activity, out, err or check:K, got ${JSON.stringify(stream)}`);
  const run = whole("run", Math.max(1, task.run), 1);
  return { run, stream, from: whole("from", -usualBytes, -1e15), length: Math.min(whole("length", usualBytes, 1), mostBytes) };
}

export function logPart(task: Task, dir: string, { run, stream, from, length }: Wanted): LogPart {
  const file = fileOf(dir, run, stream);
  const ended = isOver(task, run, stream);
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return { run, stream, from: 0, to: 0, size: 0, ended, lines: [] };
  }
  try {
    const { size } = fstatSync(fd);
    const asked = from < 0 ? Math.max(0, size + from) : Math.min(from, size);
    const begin = lineAt(fd, asked, size);
    // No line begins in there; the one that goes through it is found further up.
    if (begin >= asked + length) return { run, stream, from: asked, to: asked, size, ended, lines: [] };
    const text = linesFrom(fd, begin, Math.min(asked + length, size), size, ended);
    const end = text.length;
    return { run, stream, from: begin, to: begin + end, size, ended, lines: linesOf(task, stream, text, begin) };
  } finally {
    closeSync(fd);
  }
}

function fileOf(dir: string, run: number, stream: string): string {
  const [, check] = /^check:(\d+)$/.exec(stream) ?? [];
  if (check !== undefined) return join(lastCheckDir(dir, Number(check)) ?? "/nowhere", "out");
  return join(runDir(dir, run), stream === "err" ? "err" : "out");
}

/** Where the output of the check's last round is; undefined before there is one. */
export function lastCheckDir(dir: string, check: number): string | undefined {
  let n = 0;
  while (existsSync(checkDir(dir, n + 1, check))) n++;
  return n === 0 ? undefined : checkDir(dir, n, check);
}

function isOver(task: Task, run: number, stream: string): boolean {
  if (stream.startsWith("check:")) return task.state !== "delivering";
  return task.run > run || task.runStarted === null || isTerminal(task);
}

/** All lines that begin before `limit`, the last one to its end; not while that is still being written. */
function linesFrom(fd: number, begin: number, limit: number, size: number, ended: boolean): Buffer {
  const data = read(fd, begin, limit - begin);
  if (data.at(-1) === 10) return data;
  const rest = read(fd, limit, Math.min(longestLine, size - limit));
  const newline = rest.indexOf(10);
  if (newline >= 0) return Buffer.concat([data, rest.subarray(0, newline + 1)]);
  if (ended || rest.length === longestLine) return Buffer.concat([data, rest]);
  return data.subarray(0, data.lastIndexOf(10) + 1);
}

/** The beginning of the line after `at`, or `at` itself where one begins there. */
function lineAt(fd: number, at: number, size: number): number {
  if (at === 0 || at >= size) return Math.min(at, size);
  for (let from = at - 1; from < size; from += usualBytes) {
    const newline = read(fd, from, Math.min(usualBytes, size - from)).indexOf(10);
    if (newline >= 0) return from + newline + 1;
  }
  return size;
}

function read(fd: number, at: number, length: number): Buffer {
  const data = Buffer.alloc(Math.max(0, length));
  let got = 0;
  while (got < data.length) {
    const more = readSync(fd, data, got, data.length - got, at + got);
    if (more === 0) break;
    got += more;
  }
  return data.subarray(0, got);
}

const kinds: Readonly<Partial<Record<AgentEvent["type"], LogLine["kind"]>>> = {
  session: "session",
  tool: "tool",
  "tool-failed": "failed",
  said: "said",
  needs: "needs",
  note: "note",
  log: "log",
  activity: "activity",
  summary: "summary",
};

/** The agent's reader begins anew with each piece: what it says of one line depends on that line, but for counts and repetitions. */
function linesOf(task: Task, stream: string, text: Buffer, begin: number): LogLine[] {
  const reader = stream === "activity" ? agentFor(task.request).reader(task.worktree ?? task.repo) : undefined;
  const hide = lineRedactor();
  const lines: LogLine[] = [];
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf(10, from);
    const end = newline < 0 ? text.length : newline;
    const line = text.toString("utf8", from, end);
    const at = begin + from;
    from = end + 1;
    if (reader === undefined) {
      lines.push({ at, kind: "log", text: shown(safe(hide(line))) });
      continue;
    }
    const events = reader.read(line);
    for (const event of events) {
      const kind = kinds[event.type];
      const said =
        kind === undefined
          ? undefined
          : logLine(event.type === "log" ? { ...event, text: hide(event.text) } : redactAll(event), events.length === 1);
      if (kind !== undefined && said !== undefined) lines.push({ at, kind, text: shown(said.replace(/^[→✗?!·] |\n$/gu, "").trimEnd()) });
    }
  }
  return lines;
}

const shown = (text: string): string => (text.length <= mostChars ? text : `${text.slice(0, mostChars)}… (${text.length} characters)`);
