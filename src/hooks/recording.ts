/** Recorded hook events, a line of JSON each: `{"at":"…","event":{…}}`; a line that is an event itself is taken too. */
import { appendFileSync } from "node:fs";
import { type HookEvent, hookEvent } from "./event.ts";

export interface Recorded {
  readonly at: string;
  readonly event: HookEvent;
}

/** One write, so that hooks that run side by side do not tear each other's lines. */
export const record = (file: string, event: HookEvent, at: string): void =>
  appendFileSync(file, `${JSON.stringify({ at, event } satisfies Recorded)}\n`, { mode: 0o600 });

/** `undated`: for events without a time of their own. @returns undefined for each line that is none */
export function parseRecording(text: string, undated: string): (Recorded | undefined)[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const bare = hookEvent(line);
      if (bare !== undefined) return { at: undated, event: bare };
      try {
        const { at, event } = JSON.parse(line) as { at?: unknown; event?: unknown };
        const known = hookEvent(JSON.stringify(event ?? null));
        return known === undefined ? undefined : { at: typeof at === "string" ? at : undated, event: known };
      } catch {
        return undefined;
      }
    });
}
