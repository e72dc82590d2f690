/** Text in columns: cut, folded and measured for a screen. Pure; what comes in has been made safe, and may still be of any width. */
import { widthOf } from "../view/words.ts";

const isPlain = (text: string): boolean => /^[ -~]*$/.test(text);

/** One line as it can be drawn: tabs become blanks, and a tower of combining marks is cut down to three. */
export const flat = (line: string): string => (isPlain(line) ? line : untabbed(line).replace(/(\p{M}{3})\p{M}+/gu, "$1"));

function untabbed(line: string): string {
  const [first = "", ...rest] = line.split("\t");
  return rest.reduce((out, part) => `${out}${" ".repeat(8 - (widthOf(out) % 8))}${part}`, first);
}

/** Cut to so many columns, with an ellipsis where something is left out. */
export function clip(line: string, columns: number): string {
  const text = flat(line);
  if (columns <= 0) return "";
  if (isPlain(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  if (widthOf(text) <= columns) return text;
  return `${head(text, columns - 1)}…`;
}

/** As much of its beginning as fits. */
export function head(text: string, columns: number): string {
  let width = 0;
  let at = 0;
  for (const char of text) {
    width += widthOf(char);
    if (width > columns) break;
    at += char.length;
  }
  return text.slice(0, at);
}

/** As much of its end as fits. */
export function end(text: string, columns: number): string {
  const chars = [...text];
  let width = 0;
  let at = chars.length;
  while (at > 0) {
    width += widthOf(chars[at - 1] as string);
    if (width > columns) break;
    at--;
  }
  return chars.slice(at).join("");
}

/** A line broken into rows of at most so many columns, at blanks where there are some near. An empty line is one row. */
export function fold(line: string, columns: number): string[] {
  const width = Math.max(2, columns);
  let left = flat(line);
  const rows: string[] = [];
  for (;;) {
    if (isPlain(left) ? left.length <= width : widthOf(left) <= width) return [...rows, left];
    const most = isPlain(left) ? left.slice(0, width) : head(left, width);
    const fits = most === "" ? String.fromCodePoint(left.codePointAt(0) as number) : most;
    const blank = left[fits.length] === " " ? fits.length : fits.lastIndexOf(" ") + 1;
    const at = blank > fits.length / 2 ? blank : fits.length;
    rows.push(left.slice(0, at).trimEnd());
    left = left.slice(left[at] === " " ? at + 1 : at);
  }
}

export type Tone = "plain" | "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan";

/** A line of a page or a panel: made safe, not painted yet. */
export interface Row {
  readonly text: string;
  readonly tone: Tone;
}

export const row =
  (tone: Tone) =>
  (text: string): Row => ({ text, tone });

const folded = new WeakMap<readonly Row[], { columns: number; rows: readonly Row[] }>();

/** Many lines folded; kept for as long as the lines are, since a long page is drawn many times. */
export function foldAll(lines: readonly Row[], columns: number): readonly Row[] {
  const known = folded.get(lines);
  if (known?.columns === columns) return known.rows;
  const rows = lines.flatMap(({ text, tone }) => fold(text, columns).map(row(tone)));
  folded.set(lines, { columns, rows });
  return rows;
}

export interface Cell {
  readonly text: string;
  readonly columns: number;
  readonly paint?: (text: string) => string;
}

/**
 * Cells beside each other, a blank between. Behind text whose width terminals differ about, the next cell's column is named outright,
 * so that nothing a label holds can shift the rest.
 */
export function cells(row: readonly Cell[]): string {
  let column = 1;
  let out = "";
  row.forEach(({ text, columns, paint = (same) => same }, n) => {
    const shown = clip(text, columns);
    const last = n === row.length - 1;
    column += columns + 1;
    out += `${paint(shown)}${last ? "" : " ".repeat(Math.max(0, columns - widthOf(shown)) + 1)}`;
    if (!last && !isPlain(shown.replace(/[●✓✗○…]/g, ""))) out += `\u001b[${column}G`;
  });
  return out;
}
