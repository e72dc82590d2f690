/** Everything an agent, a repository or a prompt says passes through here before it reaches a terminal. */
import { stripVTControlCharacters } from "node:util";
import { unsafe, unsafeAll } from "./unsafe.ts";

/** Text that cannot steer a terminal: escape sequences are taken out, every other control or direction character is shown as `�`. Keeps tab and newline. */
export function safe(text: string): string {
  return unsafe.test(text) ? stripVTControlCharacters(text).replace(/\r\n/g, "\n").replace(unsafeAll, "\ufffd") : text;
}

/** `safe` on one line, cut to `max` characters with an ellipsis. */
export function safeLine(text: string, max = 200): string {
  const line = safe(text.slice(0, max * 8))
    .replace(/\s+/g, " ")
    .trim();
  const chars = [...line];
  return chars.length <= max ? line : `${chars.slice(0, max - 1).join("")}…`;
}

/** Has the text any character that `safe` would take out? */
export function hasUnsafe(text: string): boolean {
  return unsafe.test(text);
}
