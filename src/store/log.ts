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
