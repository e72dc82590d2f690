/** The part of a long log that the page holds: whole lines of a range of bytes that grows at both ends and is cut at the far one. Pure. */
import type { LogLine, LogPart } from "../../api.ts";

export interface Held {
  /** Byte where the held range begins, and one behind its end. */
  readonly from: number;
  readonly to: number;
  readonly lines: readonly LogLine[];
}

export const held = ({ from, to, lines }: LogPart): Held => ({ from, to, lines });

/** With what is behind it. A part that does not begin where it ends (the log was opened elsewhere in between) takes its place; one that is there already changes nothing. */
export function withNext(now: Held, part: LogPart, most: number): Held {
  if (part.from !== now.to) return part.to <= now.to && part.from >= now.from ? now : held(part);
  if (part.lines.length === 0) return part.to === now.to ? now : { ...now, to: part.to };
  const lines = [...now.lines, ...part.lines];
  const first = cutAfter(lines, lines.length - most);
  return { from: first === 0 ? now.from : (lines[first] as LogLine).at, to: part.to, lines: first === 0 ? lines : lines.slice(first) };
}

/** With what is in front of it. */
export function withPrevious(now: Held, part: LogPart, most: number): Held {
  if (part.to !== now.from) return now;
  const lines = [...part.lines, ...now.lines];
  if (lines.length <= most) return { from: part.from, to: now.to, lines };
  const end = cutBefore(lines, most);
  return { from: part.from, to: (lines[end] as LogLine).at, lines: lines.slice(0, end) };
}

/** Several lines may come of one of the file: they stay together. */
function cutAfter(lines: readonly LogLine[], wanted: number): number {
  let at = Math.max(0, wanted);
  while (at > 0 && at < lines.length && lines[at]?.at === lines[at - 1]?.at) at++;
  return at >= lines.length ? 0 : at;
}

function cutBefore(lines: readonly LogLine[], wanted: number): number {
  let at = wanted;
  while (at > 1 && lines[at]?.at === lines[at - 1]?.at) at--;
  return at;
}
