/** The follow-ups a task is given: those of `--then`, then those of the configuration (`after`). Refused before anything is written where they cannot be ones. */
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";

interface Flags {
  readonly flag: (name: string) => boolean;
  readonly list: (name: string) => readonly string[];
}

/** `configured`: what the configuration chains behind this kind of task. @throws CopseError USAGE, BAD_PROMPT */
export function followUpsOf(flags: Flags, configured: readonly string[]): readonly string[] {
  const own = flags.list("then");
  if (own.some((text) => text.trim() === ""))
    throw new CopseError("USAGE", "--then: there is no prompt", {
      hint: 'Example: copse run "fix the login" --then "now write its tests"',
    });
  const all = [...own, ...(flags.flag("no-then") ? [] : configured)];
  if (all.some((text) => text.includes("\0")))
    throw new CopseError("BAD_PROMPT", "a follow-up has a NUL character in it", { hint: "Take it out; it is text that is wanted." });
  return all;
}

/** The first line of a prompt, cut for display. */
export const titleOf = (prompt: string): string => safeLine(prompt.split("\n").find((row) => row.trim() !== "") ?? "", 120);
