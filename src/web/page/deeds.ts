/** Pulling levers, and what came of it: said at the foot of the page until it has been seen. */
import type { Done, ErrorJson } from "../api.ts";
import { commandLine, commandOf, type Lever } from "../levers.ts";
import { box } from "./box.ts";
import { pull, Refusal } from "./client.ts";
import { shownLine } from "./pure/text.ts";

export interface Said {
  readonly key: number;
  readonly command: string;
  /** null: it went well. */
  readonly error: ErrorJson | null;
  readonly notes: string;
}

export const said = box<readonly Said[]>([]);
let count = 0;
const wellMs = 8000;
/** A prompt may be a page long. */
const mostOfCommand = 140;

/** The command exactly as it will be run. */
export const lineOf = (lever: Lever): string => commandLine(commandOf(lever));

/** Runs it and says how it went; undefined when it did not go well. */
export async function press(lever: Lever): Promise<Done | undefined> {
  const command = lineOf(lever).split("\n")[0] as string;
  try {
    const done = await pull(lever);
    // A task that ended otherwise than well is no failure of the command that started it.
    say(command, done.error, done.exitCode === 0 || done.error !== null ? done.notes : `${done.notes}\n(exit code ${done.exitCode})`);
    return done.error === null ? done : undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(command, { code: error.code, message: error.message, hint: error.hint }, "");
    return undefined;
  }
}

/** One after the other, as `a && b` in a shell. @returns whether all went well */
export async function pressAll(levers: readonly Lever[]): Promise<boolean> {
  for (const lever of levers) if ((await press(lever)) === undefined) return false;
  return true;
}

export const linesOf = (levers: readonly Lever[]): string => levers.map(lineOf).join(" &&\n");

/** What went well leaves by itself; what did not stays until it is closed. */
export function say(command: string, error: ErrorJson | null, notes: string): void {
  const key = ++count;
  said.set([...said.get().slice(-3), { key, command: shownLine(command, mostOfCommand), error, notes: notes.trim() }]);
  if (error === null) setTimeout(() => unsay(key), wellMs);
}

export const unsay = (key: number): void => said.set(said.get().filter((one) => one.key !== key));
