/** The long texts of the view, as lines: a task's life, a difference, the keys. Pure. */
import { redact } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { type Row, row } from "./text.ts";

const [plain, bold] = [row("plain"), row("bold")];

/** What `copse show` prints, its first line as a heading. */
export const showRows = (text: string): Row[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line, n) => (n === 0 ? bold(line) : plain(line)));

/** A difference as git writes it, in git's colours; what looks like a heading inside of a hunk is what it is. */
export function diffRows(text: string): Row[] {
  let [removed, added] = [0, 0];
  return safe(redact(text))
    .trimEnd()
    .split("\n")
    .map((line) => {
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk !== null && removed <= 0 && added <= 0) {
        [removed, added] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
        return row("cyan")(line);
      }
      if (removed <= 0 && added <= 0) return line.startsWith("\\") ? plain(line) : bold(line);
      if (line.startsWith("+")) {
        added--;
        return row("green")(line);
      }
      if (line.startsWith("-")) {
        removed--;
        return row("red")(line);
      }
      if (!line.startsWith("\\")) [removed, added] = [removed - 1, added - 1];
      return plain(line);
    });
}

const keys: readonly (readonly [string, string])[] = [
  ["", "Anywhere"],
  ["j k ↓ ↑", "one down, one up; Page Down, Page Up, Ctrl-D, Ctrl-U by pages; g and G to the ends"],
  ["? ", "these keys; q or Esc goes back"],
  ["Ctrl-Z", "suspend the view (fg brings it back)"],
  ["Ctrl-L", "draw the screen anew"],
  ["Ctrl-C", "leave the view; tasks go on"],
  ["", "In the list"],
  ["n", "the next task that needs you"],
  ["/", "filter by words; Esc takes it off"],
  ["h", "this repository only, or all"],
  ["q", "leave the view; tasks go on"],
  ["", "With a task (each shows its command and asks before anything changes)"],
  ["Enter", "its life, what it cost, what can be done next: copse show LABEL"],
  ["l", "its logs as they grow: copse logs -f LABEL"],
  ["d", "what it changed: copse diff LABEL; [ and ] go from file to file"],
  ["a", "answer what it asks: copse send, copse approve, copse deny; or tell its agent something: copse send"],
  ["s", "end it; its work is kept: copse stop LABEL"],
  ["r", "a new attempt in the same worktree: copse retry LABEL"],
  ["o or A", "its agent's own session, in this terminal: copse attach LABEL"],
  ["m", "take its work over into the checkout you stand in: copse merge LABEL"],
  ["p", "open or update its pull request: copse pr LABEL"],
  ["", "Marks"],
  ["● running", "also preparing and delivering"],
  ["✗ blocked", "needs you; also failed and stopped"],
  ["○ queued", "waits for a slot, a task, a limit or a time"],
  ["✓ completed", "with its evidence: verified, unverified, or what failed"],
  ["", "Should this view be killed (kill -9), the terminal is left as it was drawn: type reset and Enter."],
];

export const helpRows: readonly Row[] = keys.map(([key, text]) => (key === "" ? bold(text) : plain(`  ${key.padEnd(12)} ${text}`)));
