/**
 * What is known of agents' sessions, on disk: a journal each, to which every hook event is appended, and beside it the ledger as far as it was read. Appending is one write and needs no lock, so
 * hooks of one session run side by side, the runner among them; whoever asks reads what was added since it last looked. Nothing is lost with a process that is killed.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";
import { makeDir } from "../store/files.ts";
import { hooksDir } from "../store/paths.ts";
import { debug } from "../system/debug.ts";
import { type HookEvent, textIn } from "./event.ts";
import { append, forget, journalsIn, linesFrom, readSnapshot, writeSnapshot } from "./journal.ts";
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

/** From an event's being heard to its being kept as well, on a busy machine. */
const lateMs = 5000;
/** Gates ask for all sessions, and many calls come at once. */
const glanceMs = 100;
/** What was not heard of for so long is read again when somebody asks. */
const lightMs = 3600_000;

interface Seen {
  readonly bytes: number;
  /** As far as it is on disk. */
  readonly written: number;
  readonly session: Session;
}

/** The least of a journal that is worth knowing of all of them, as long as it has not grown. */
interface Glance {
  readonly size: number;
  readonly id: string;
  readonly at: string;
  readonly ended: boolean;
  readonly process: Identity | null;
}

export class Book {
  readonly #dir: string;
  readonly #seen = new Map<string, Seen>();
  /** By the journal's name. */
  readonly #glances = new Map<string, Glance>();
  #glancedAt = Number.NEGATIVE_INFINITY;

  constructor(state: string) {
    this.#dir = hooksDir(state);
    makeDir(this.#dir);
  }

  /** The session as it is after this event. What cannot be written down is known until this process ends. */
  enter(event: HookEvent, at: string, process?: Identity): Session {
    const id = event.session_id;
    const cwd = textIn(event, "cwd");
    if (event.hook_event_name === "SessionStart") this.#tidy(id, event);
    if (!this.#seen.has(id) || event.hook_event_name === "SessionEnd") this.#glancedAt = Number.NEGATIVE_INFINITY;
    const last = this.#seen.get(id)?.session.cwd ?? null;
    const line: Line = {
      at,
      event: kept(event),
      ...(cwd === undefined || cwd === last ? {} : { cwd }),
      ...(process === undefined ? {} : { process }),
    };
    return this.#add(id, line);
  }

  #add(id: string, line: Line): Session {
    try {
      const added = append(this.#file(id), line);
      const seen = this.#seen.get(id);
      // Nobody wrote but us: it need not be read.
      if (added !== undefined && seen?.bytes === added.from)
        return this.#keep(id, this.#upTo(this.#file(id), seen, [line], added.to)).session;
    } catch (error) {
      debug(() => `hooks: not written down: ${messageOf(error)}`);
      const seen = this.#read(id);
      const session = withLine(seen.session, line);
      this.#seen.set(id, { ...seen, session });
      return session;
    }
    return this.look(id);
  }

  /** An event that was kept for want of a runner. Where one was just coming or going, it may have been heard all the same. */
  enterLate(event: HookEvent, at: string): void {
    const same = JSON.stringify(kept(event));
    const size = statSync(this.#file(event.session_id), { throwIfNoEntry: false })?.size ?? 0;
    const lately = linesFrom<Line>(this.#file(event.session_id), Math.max(0, size - oftenBytes))?.lines ?? [];
    const heard = lately.some((line) => Math.abs(Date.parse(line.at) - Date.parse(at)) < lateMs && JSON.stringify(line.event) === same);
    if (!heard) this.enter(event, at);
  }

  /** What hooks answered: for people who look, and for what an answer kept from happening. */
  say(sessionId: string, said: Said, at: string): void {
    this.#add(sessionId, { at, said });
  }

  /** All that was written down of a session, in its order. */
  lines(sessionId: string): Line[] {
    return linesFrom<Line>(this.#file(sessionId), 0)?.lines ?? [];
  }

  look(sessionId: string): Session {
    return this.#keep(sessionId, this.#read(sessionId)).session;
  }

  /** The ids of all that have a journal. */
  known(): string[] {
    return this.#glance().map(({ id }) => id);
  }

  /** Those that have not ended and were heard of since then (ISO 8601), the one last heard of first. */
  sessions(since = ""): Session[] {
    const all = this.#glance().flatMap(({ id, size, ended, at }) => {
      const seen = this.#seen.get(id);
      if (seen !== undefined && seen.bytes >= size) return seen.session;
      return ended || at < since ? [] : this.look(id);
    });
    return all.filter(({ ended, at }) => !ended && at >= since).sort((a, b) => (a.at < b.at ? 1 : -1));
  }

  /** The processes of those that have not ended. */
  processes(): Identity[] {
    return this.#glance().flatMap(({ ended, process }) => (ended || process === null ? [] : [process]));
  }

  /** Only what has grown is read; what other processes write is looked for a few times a second. */
  #glance(): readonly Glance[] {
    if (performance.now() - this.#glancedAt < glanceMs) return [...this.#glances.values()];
    this.#glancedAt = performance.now();
    const names = journalsIn(this.#dir);
    const light = new Date(Date.now() - lightMs).toISOString();
    for (const name of names) {
      const file = join(this.#dir, name);
      const size = statSync(file, { throwIfNoEntry: false })?.size;
      const before = this.#glances.get(name);
      if (before !== undefined && before.at < light) this.#seen.delete(before.id);
      if (size === undefined || before?.size === size) continue;
      const id = before?.id ?? readSnapshot<Session>(file)?.session.sessionId ?? firstId(file);
      if (id === undefined) continue;
      const { at, ended, process } = this.look(id);
      if (at < light) this.#seen.delete(id);
      this.#glances.set(name, { size, id, at, ended, process });
    }
    if (this.#glances.size > names.length) {
      const there = new Set(names);
      for (const name of this.#glances.keys()) if (!there.has(name)) this.#glances.delete(name);
    }
    return [...this.#glances.values()];
  }

  #file(sessionId: string): string {
    // The name tells nothing but apart: a session's id is whatever its agent says.
    return join(this.#dir, `${createHash("sha256").update(sessionId).digest("hex").slice(0, 32)}.ndjson`);
  }

  #read(id: string): Seen {
    const file = this.#file(id);
    const known = this.#seen.get(id) ?? onDisk(file) ?? nothing(id);
    const read = linesFrom<Line>(file, known.bytes);
    // A journal shorter than what was read of it is another one.
    const from = read === undefined ? nothing(id) : known;
    const { lines, bytes } = read ?? linesFrom<Line>(file, 0) ?? { lines: [], bytes: 0 };
    return this.#upTo(file, from, lines, bytes);
  }

  #upTo(file: string, from: Seen, lines: readonly Line[], bytes: number): Seen {
    const session = lines.reduce(withLine, from.session);
    if (bytes - from.written <= oftenBytes) return { bytes, written: from.written, session };
    writeSnapshot(file, { bytes, session });
    return { bytes, written: bytes, session };
  }

  /** One that has ended is not asked for again. */
  #keep(id: string, seen: Seen): Seen {
    if (seen.session.ended) this.#seen.delete(id);
    else this.#seen.set(id, seen);
    return seen;
  }

  /** Where a session begins, old journals go: others', and its own when it is long. */
  #tidy(id: string, event: HookEvent): void {
    for (const name of journalsIn(this.#dir)) {
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

function onDisk(file: string): Seen | undefined {
  const read = readSnapshot<Session>(file);
  return read === undefined ? undefined : { ...read, written: read.bytes };
}

/** The session a journal is of, by its first whole line that says it. */
function firstId(file: string): string | undefined {
  return linesFrom<Line>(file, 0)?.lines.find(({ event }) => typeof event?.session_id === "string")?.event?.session_id;
}
