/** Everything an agent, a repository or a prompt says passes through here before it reaches a terminal. */
import { stripVTControlCharacters } from "node:util";

// C0 but tab and newline, DEL, C1, bidi controls and isolates, zero-width marks, line and paragraph separators, BOM, tag characters, lone surrogates.
const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}\ud800-\udfff]/u;
const unsafeAll = new RegExp(unsafe.source, "gu");

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
