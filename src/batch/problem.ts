/** What is wrong with a batch file, with the place where it stands. Pure. */
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly at: Place;
  readonly text: string;
  readonly hint?: string | undefined;
}

const mostNamed = 5;

const say = ({ at, text }: Problem): string => `${at.line}:${at.column}: ${safeLine(text, 400)}`;

/** Throws when there is any: the first in full, the others in the hint. @throws CopseError BAD_BATCH */
export function refuseAny(file: string, problems: readonly Problem[]): void {
  const [first, ...others] = [...problems].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  if (first === undefined) return;
  const more = others.slice(0, mostNamed).map(say).join("; ");
  const rest = others.length > mostNamed ? `; and ${others.length - mostNamed} more` : "";
  const hint = [first.hint ?? "schema/batch.schema.json has every key; nothing was started.", more === "" ? "" : `Also ${more}${rest}`]
    .filter((part) => part !== "")
    .join(" ");
  throw new CopseError("BAD_BATCH", `${file}:${say(first)}`, { hint });
}
