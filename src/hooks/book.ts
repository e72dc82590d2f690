/**
 * What is known of agents' sessions, on disk: a journal each, to which every hook event is appended, and beside it the ledger as far as it was read. Appending is one write and needs no lock, so
 * hooks of one session run side by side, the runner among them; whoever asks reads what was added since it last looked. Nothing is lost with a process that is killed.
 */
import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";
import { makeDir, readMaybe } from "../store/files.ts";
import { hooksDir } from "../store/paths.ts";
import { debug } from "../system/debug.ts";
import { type HookEvent, textIn } from "./event.ts";
import { kept } from "./kept.ts";
import { emptyLedger, goesOn, type Ledger, note, refused } from "./ledger.ts";

export interface Session {
  readonly sessionId: string;
  readonly cwd: string | null;
  /** When it was last heard of, ISO 8601. */
  readonly at: string;
  readonly ended: boolean;
  /** The agent's process, where it is known. */
  readonly process: Identity | null;
  readonly ledger: Ledger;
}

/** A line of a journal: an event, or what hooks said to the event before. */
export interface Line {
  readonly at: string;
  readonly event?: HookEvent;
  readonly cwd?: string;
  readonly process?: Identity;
  readonly said?: Said;
}

/** What came of an event. */
export interface Said {
  readonly event: string;
  /** The teammate that does not rest, as it was told to go on. */
  readonly wakes?: string;
  readonly tool_name?: string;
  /** The call that was refused, which is never heard to end. */
  readonly refused?: string;
  /** Who had a say: gates and hooks, with an exit code where there is one. */
  readonly by: readonly { readonly name: string; readonly exitCode?: number | null; readonly blocks?: string; readonly ms?: number }[];
}

/** A session that was not heard of for so long is forgotten. */
const keptMs = 7 * 86_400_000;
/** The ledger is written down when so much was added to the journal. */
const oftenBytes = 64 * 1024;
/** A session that begins anew with a longer journal than this begins a new one. */
const longBytes = 8 * 1024 * 1024;

interface Seen {
  readonly bytes: number;
  /** As far as it is on disk. */
  readonly written: number;
  readonly session: Session;
}

export class Book {
  readonly #dir: string;
  readonly #seen = new Map<string, Seen>();

  constructor(state: string) {
    this.#dir = hooksDir(state);
    makeDir(this.#dir);
  }

  /** The session as it is after this event. What cannot be written down is known until this process ends. */
  enter(event: HookEvent, at: string, process?: Identity): Session {
    const id = event.session_id;
    const cwd = textIn(event, "cwd");
    if (event.hook_event_name === "SessionStart") this.#tidy(id, event);
    const last = this.#seen.get(id)?.session.cwd ?? null;
    const line: Line = {
      at,
      event: kept(event),
      ...(cwd === undefined || cwd === last ? {} : { cwd }),
      ...(process === undefined ? {} : { process }),
    };
    try {
      append(this.#file(id), line);
    } catch (error) {
      debug(() => `hooks: not written down: ${messageOf(error)}`);
      const seen = this.#read(id);
      const session = withLine(seen.session, line);
      this.#seen.set(id, { ...seen, session });
      return session;
    }
    return this.look(id);
  }

  /** What hooks answered; it is only for people who look. */
  say(sessionId: string, said: Said, at: string): void {
    try {
      append(this.#file(sessionId), { at, said });
    } catch (error) {
      debug(() => `hooks: not written down: ${messageOf(error)}`);
    }
  }

  /** All that was written down of a session, in its order. */
  lines(sessionId: string): Line[] {
    return linesFrom(this.#file(sessionId), 0)?.lines ?? [];
  }

  look(sessionId: string): Session {
    const { session } = this.#read(sessionId);
    if (session.ended) this.#seen.delete(sessionId);
    return session;
  }

  /** The ids of all that have a journal. */
  known(): string[] {
    return names(this.#dir).flatMap((name) => {
      const file = join(this.#dir, name);
      return onDisk(file)?.session.sessionId ?? firstId(file) ?? [];
    });
  }

  /** Those that have not ended, the one last heard of first. */
  sessions(): Session[] {
    const all = this.known().map((id) => this.look(id));
    return all.filter(({ ended }) => !ended).sort((a, b) => (a.at < b.at ? 1 : -1));
  }

  #file(sessionId: string): string {
    // The name tells nothing but apart: a session's id is whatever its agent says.
    return join(this.#dir, `${createHash("sha256").update(sessionId).digest("hex").slice(0, 32)}.ndjson`);
  }

  #read(id: string): Seen {
    const file = this.#file(id);
    const known = this.#seen.get(id) ?? onDisk(file) ?? nothing(id);
    const read = linesFrom(file, known.bytes);
    // A journal shorter than what was read of it is another one.
    const from = read === undefined ? nothing(id) : known;
    const { lines, bytes } = read ?? linesFrom(file, 0) ?? { lines: [], bytes: 0 };
    let seen: Seen = { bytes, written: from.written, session: lines.reduce(withLine, from.session) };
    if (bytes - seen.written > oftenBytes) {
      seen = { ...seen, written: bytes };
      writeDown(file, seen);
    }
    this.#seen.set(id, seen);
    return seen;
  }

  /** Where a session begins, old journals go: others', and its own when it is long. */
  #tidy(id: string, event: HookEvent): void {
    for (const name of names(this.#dir)) {
      const stat = statSync(join(this.#dir, name), { throwIfNoEntry: false });
      if (stat !== undefined && Date.now() - stat.mtimeMs > keptMs) forget(join(this.#dir, name));
    }
    const size = statSync(this.#file(id), { throwIfNoEntry: false })?.size ?? 0;
    if (size <= longBytes || event["source"] === "compact") return;
    this.#seen.delete(id);
    forget(this.#file(id));
  }
}

const nothing = (sessionId: string): Seen => ({
  bytes: 0,
  written: 0,
  session: { sessionId, cwd: null, at: "", ended: false, process: null, ledger: emptyLedger },
});

function withLine(session: Session, { at, event, cwd, process, said }: Line): Session {
  if (said?.refused !== undefined) return { ...session, ledger: refused(session.ledger, said.refused) };
  if (said?.wakes !== undefined) return { ...session, ledger: goesOn(session.ledger, said.wakes) };
  if (event === undefined) return session;
  const ended = event.hook_event_name === "SessionEnd";
  return { ...session, at, ended, cwd: cwd ?? session.cwd, process: process ?? session.process, ledger: note(session.ledger, event, at) };
}

/** Begins with a new line: what a full disk cut off spoils no line but its own. */
const append = (file: string, line: Line): void => appendFileSync(file, `\n${JSON.stringify(line)}\n`, { mode: 0o600 });

const snapshotOf = (file: string): string => file.replace(/ndjson$/, "json");

function onDisk(file: string): Seen | undefined {
  try {
    const { bytes, session } = JSON.parse(readMaybe(snapshotOf(file)) ?? "") as { bytes: number; session: Session };
    return { bytes, written: bytes, session: { ...session, ledger: { ...emptyLedger, ...session.ledger } } };
  } catch {
    return undefined;
  }
}

/** Not synced: the journal is the truth, and is read from its beginning where this is damaged. */
function writeDown(file: string, { bytes, session }: Seen): void {
  const beside = `${snapshotOf(file)}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, JSON.stringify({ bytes, session }), { mode: 0o600 });
    renameSync(beside, snapshotOf(file));
  } catch (error) {
    rmSync(beside, { force: true });
    debug(() => `hooks: ${messageOf(error)}`);
  }
}

/** Whole lines from byte `from` on, and where they end; undefined when the file is shorter than that. */
function linesFrom(file: string, from: number): { readonly lines: Line[]; readonly bytes: number } | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return from === 0 ? { lines: [], bytes: 0 } : undefined;
  }
  try {
    const { size } = fstatSync(fd);
    if (size < from) return undefined;
    const data = Buffer.alloc(size - from);
    let length = 0;
    for (let n = 1; n > 0 && length < data.length; length += n) n = readSync(fd, data, length, data.length - length, from + length);
    const whole = data.subarray(0, data.subarray(0, length).lastIndexOf(10) + 1);
    return { lines: whole.toString("utf8").split("\n").flatMap(parsed), bytes: from + whole.length };
  } finally {
    closeSync(fd);
  }
}

function parsed(line: string): Line[] {
  if (line === "") return [];
  try {
    const value = JSON.parse(line) as Line | null;
    return typeof value?.at === "string" ? [value] : [];
  } catch {
    return [];
  }
}

/** The session a journal is of, by its first whole line that says it. */
function firstId(file: string): string | undefined {
  return linesFrom(file, 0)?.lines.find(({ event }) => typeof event?.session_id === "string")?.event?.session_id;
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(".ndjson"));
  } catch {
    return [];
  }
}

function forget(file: string): void {
  rmSync(snapshotOf(file), { force: true });
  rmSync(file, { force: true });
}
