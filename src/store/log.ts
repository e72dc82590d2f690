/**
 * A task's log: `events.jsonl`, append-only, one fact a line. A torn last line is left out when reading and cut off before the next append.
 * Who appends holds the task's lock (`lock.ts`); reading needs none.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync } from "node:fs";
import { CopseError } from "../core/errors.ts";
import type { Fact, TaskEvent } from "../core/events.ts";
import { writeAll } from "./files.ts";

export interface Log {
  readonly events: readonly TaskEvent[];
  /** Bytes of the whole lines. */
  readonly bytes: number;
}

/** @throws CopseError BUG naming file and line when a line is not JSON or `seq` does not run 1, 2, 3 … */
export function readLog(file: string): Log {
  const data = readFileSync(file);
  const bytes = data.lastIndexOf(10) + 1;
  const lines = data.toString("utf8", 0, bytes).split("\n");
  lines.pop();
  return { events: lines.map((line, i) => parseLine(line, file, i + 1)), bytes };
}

/** The events behind those of `from`: its bytes are whole lines, its `seq` the last one in them. @throws CopseError as `readLog` */
export function readLogFrom(file: string, from: { readonly bytes: number; readonly seq: number }): Log {
  const fd = openSync(file, "r");
  try {
    const data = Buffer.alloc(Math.max(0, fstatSync(fd).size - from.bytes));
    const whole = data.subarray(0, readSync(fd, data, 0, data.length, from.bytes)).lastIndexOf(10) + 1;
    const lines = data.toString("utf8", 0, whole).split("\n").slice(0, -1);
    return { events: lines.map((line, i) => parseLine(line, file, from.seq + i + 1)), bytes: from.bytes + whole };
  } finally {
    closeSync(fd);
  }
}

function parseLine(line: string, file: string, number: number): TaskEvent {
  const damaged = (what: string) =>
    new CopseError("BUG", `${file}:${number}: ${what}`, {
      hint: "The record is damaged; other tasks are not touched by it. Move its folder away to be rid of it.",
    });
  let event: TaskEvent;
  try {
    event = JSON.parse(line) as TaskEvent;
  } catch {
    throw damaged("this line is not JSON");
  }
  if (event === null || typeof event !== "object" || typeof event.type !== "string") throw damaged("this line is no event");
  const wrong = misshapen(event as unknown as Record<string, unknown>);
  if (wrong !== undefined) throw damaged(`"${event.type}" has no proper ${wrong}`);
  if (event.seq !== number) throw damaged(`expected seq ${number}, found ${String(event.seq)}`);
  return event;
}

/** Gives facts their place in the log. */
export function number(facts: readonly Fact[], after: number, at: string, epoch: number): TaskEvent[] {
  return facts.map((fact, i) => ({ seq: after + 1 + i, at, epoch, ...fact }) as TaskEvent);
}

export const line = (event: TaskEvent): string => `${JSON.stringify(event)}\n`;

/**
 * Appends events in one write and syncs. `bytes`: where the whole lines end, as `readLog` said; a torn tail behind it is cut off first.
 * When the write fails (full disk) the file is as it was. @returns the new end.
 * @throws CopseError BUSY when whole lines came in since it was read: the lock was lost (a machine that slept), and nothing is written
 */
export function appendEvents(file: string, events: readonly TaskEvent[], bytes: number): number {
  const fd = openSync(file, "r+");
  try {
    const { size } = fstatSync(fd);
    if (size > bytes) {
      if (hasWholeLine(fd, bytes, size))
        throw new CopseError("BUSY", `another Copse wrote to ${file} in between`, { hint: "Try again in a moment." });
      ftruncateSync(fd, bytes);
    }
    const data = Buffer.from(events.map(line).join(""));
    try {
      writeAll(fd, data, bytes);
      fdatasyncSync(fd);
    } catch (error) {
      ftruncateSync(fd, bytes);
      throw error;
    }
    return bytes + data.length;
  } finally {
    closeSync(fd);
  }
}

/** A torn tail has no newline in it; what has one is somebody's fact. */
function hasWholeLine(fd: number, from: number, to: number): boolean {
  const tail = Buffer.alloc(to - from);
  return tail.subarray(0, readSync(fd, tail, 0, tail.length, from)).includes(10);
}

type Kind = "string" | "number" | "object" | "array" | "text" | "list";

/** What the fold and the listings lean on (`text`, `list`: or null). A line that was damaged and is still JSON is told from a whole one by it; unknown types pass. */
const needed: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  added: {
    id: "string",
    label: "string",
    slug: "string",
    repo: "string",
    repoId: "string",
    cwd: "string",
    request: "object",
    format: "number",
  },
  "worktree-planned": { path: "string", branch: "text", base: "string", baseRef: "string" },
  "worktree-made": { path: "string", branch: "text", base: "string" },
  adopted: { path: "string", branch: "string", base: "string", baseRef: "string", sessionId: "text" },
  "run-starting": { run: "number", sessionId: "text" },
  "run-started": { run: "number", identity: "object" },
  "run-ended": { after: "object", progress: "object", summary: "text" },
  "session-named": { sessionId: "string" },
  blocked: { needs: "object" },
  "attempt-failed": { failure: "object", retryAt: "text" },
  held: { kind: "string", until: "text", text: "string" },
  "stop-asked": { by: "string" },
  stopped: { how: "string" },
  skipped: { failure: "object" },
  checked: { checks: "array", status: "string" },
  delivered: { result: "object" },
  "priority-set": { priority: "number" },
  attached: { by: "object" },
  noted: { text: "string" },
};
const identity = { pid: "number", start: "string", boot: "string" } as const;
const failure = { stage: "string", code: "string", message: "string", hint: "text" } as const;
const inside: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  request: {
    title: "string",
    agent: "string",
    model: "text",
    exec: "list",
    command: "list",
    branchName: "string",
    place: "string",
    verify: "array",
    deliver: "string",
    tags: "array",
    allow: "array",
    agentArgs: "array",
    carry: "array",
    priority: "number",
    group: "text",
    retries: "number",
  },
  needs: { kind: "string", text: "string" },
  identity,
  by: identity,
  failure,
  progress: { activity: "text", cost: "object", filesChanged: "number", toolCalls: "number" },
  result: { outcome: "string", summary: "text", commits: "number", diff: "object", report: "string" },
  after: { to: "string" },
  "after.deliver": { outcome: "object" },
  "after.queue": { at: "text", kind: "string", why: "string" },
  "after.block": { needs: "object" },
  "after.attach": {},
  "outcome.completed": {},
  "outcome.failed": { failure: "object" },
  "outcome.stopped": { how: "string" },
};

/** The first field that is not as it must be. */
function misshapen(event: Record<string, unknown>): string | undefined {
  if (typeof event["at"] !== "string" || Number.isNaN(Date.parse(event["at"]))) return "time";
  if (typeof event["epoch"] !== "number") return "epoch";
  return unlike(event, needed[event["type"] as string] ?? {});
}

function unlike(value: Record<string, unknown>, shape: Readonly<Record<string, Kind>>): string | undefined {
  for (const [key, kind] of Object.entries(shape)) {
    const part = value[key];
    if (!isKind(part, kind)) return key;
    if (kind !== "object") continue;
    const object = part as Record<string, unknown>;
    // What an end leads to comes in several forms, told apart by one field.
    const form = key === "after" ? object["to"] : key === "outcome" ? object["kind"] : undefined;
    const formShape = form === undefined ? {} : inside[`${key}.${String(form)}`];
    const wrong =
      formShape === undefined ? (key === "after" ? "to" : "kind") : (unlike(object, inside[key] ?? {}) ?? unlike(object, formShape));
    if (wrong !== undefined) return `${key}.${wrong}`;
  }
  return undefined;
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === "text") return value === null || typeof value === "string";
  if (kind === "list") return value === null || isKind(value, "array");
  if (kind === "array") return Array.isArray(value);
  return typeof value === kind && value !== null && (kind !== "object" || !Array.isArray(value));
}
