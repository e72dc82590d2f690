/** Text of agents and repositories as the page shows it: escape sequences taken out, every other control or direction character as `�`. Pure; goes into text nodes only. */
import { unsafe, unsafeAll } from "../../../core/unsafe.ts";

// CSI, OSC and the other strings up to their end, then the two-character sequences.
const escapes = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -~]/g;

/** Keeps tab and newline. */
export function shown(text: string): string {
  return unsafe.test(text) ? text.replace(escapes, "").replaceAll("\r\n", "\n").replace(unsafeAll, "\ufffd") : text;
}

/** `shown` on one line, cut to `most` characters. */
export function shownLine(text: string, most = 300): string {
  const line = shown(text.slice(0, most * 8))
    .replace(/\s+/g, " ")
    .trim();
  const chars = [...line];
  return chars.length <= most ? line : `${chars.slice(0, most - 1).join("")}…`;
}
