/** Foreign text in Markdown, so that it can be nothing but text: no heading, table row, link, HTML or comment of it counts. Pure. */

const longestTicks = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, " ⏎ ");

/** On one line, with no character that means anything to Markdown or HTML. */
export const plain = (text: string): string => oneLine(text).replace(/[\\`*<>[\]|#]/g, "\\$&");

/** A code span on one line that its content cannot close. */
export function code(text: string): string {
  const ticks = "`".repeat(longestTicks(text) + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${ticks}${pad}${oneLine(text)}${pad}${ticks}`;
}

/** The same inside a table. */
export const cell = (text: string): string => code(text).replaceAll("|", "\\|");

/** A fenced block that its content cannot close. */
export function quote(text: string): string {
  const fence = "`".repeat(Math.max(3, longestTicks(text) + 1));
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

/** Nobody is called, no issue closed, by a text that is not a person's. */
export const mute = (text: string): string =>
  text.replaceAll("@", "@\u200b").replace(/\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b(?=[\s:]+(?:[\w./-]*#\d|https?:))/gi, "$1\u200b");

export const shorten = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max)}\n… (${text.length} characters in all)`;

/** "1 commit", "2 commits". */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
