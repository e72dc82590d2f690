/** The ledgers of sessions on disk, a file each: read, brought up to date and written under a lock, since hooks of one session run side by side. */
import { createHash } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeDir, readMaybe, replaceFile } from "../store/files.ts";
import { withLock } from "../store/lock.ts";
import { hooksDir } from "../store/paths.ts";
import type { HookEvent } from "./event.ts";
import { emptyLedger, type Ledger, note } from "./ledger.ts";

export interface Session {
  readonly sessionId: string;
  readonly cwd: string | null;
  /** When it was last heard of, ISO 8601. */
  readonly at: string;
  readonly ledger: Ledger;
}

/** A session that ended without a word is forgotten after this long. */
const keptMs = 7 * 86_400_000;

/** The ledger as it is after this event. @throws CopseError BUSY, CANNOT_WRITE */
export async function enter(state: string, event: HookEvent, at: string): Promise<Ledger> {
  const dir = hooksDir(state);
  makeDir(dir);
  if (event.hook_event_name === "SessionStart") forgetOld(dir);
  const file = fileOf(dir, event.session_id);
  return await withLock(
    file,
    () => {
      const known = read(file);
      const ledger = note(known?.ledger ?? emptyLedger, event, at);
      const cwd = typeof event["cwd"] === "string" ? event["cwd"] : (known?.cwd ?? null);
      if (event.hook_event_name === "SessionEnd") rmSync(file, { force: true });
      else replaceFile(file, JSON.stringify({ sessionId: event.session_id, cwd, at, ledger } satisfies Session));
      return ledger;
      // A hook that was killed with the lock in hand is waited out.
    },
    6000,
  );
}

/** Those that have not ended, the one last heard of first. */
export function sessions(state: string): Session[] {
  const all = names(hooksDir(state)).flatMap((name) => read(join(hooksDir(state), name)) ?? []);
  return all.sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** The name tells nothing but apart: a session's id is whatever its agent says. */
const fileOf = (dir: string, sessionId: string): string =>
  join(dir, `${createHash("sha256").update(sessionId).digest("hex").slice(0, 32)}.json`);

function read(file: string): Session | undefined {
  try {
    const text = readMaybe(file);
    return text === undefined ? undefined : (JSON.parse(text) as Session);
  } catch {
    return undefined;
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function forgetOld(dir: string): void {
  for (const name of names(dir)) {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > keptMs) rmSync(join(dir, name), { force: true });
  }
}
