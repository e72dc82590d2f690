/** Keeps the open page of the view filled: a task's life, its logs as they grow, what it changed. One page at a time. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { readLog } from "../../store/log.ts";
import { eventsFile, runDir, stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { type Recorded, type Recording, recording } from "../recording.ts";
import { recordedLine } from "../view/log-line.ts";
import { type Paint, paintFor } from "../view/paint.ts";
import { story } from "../view/story.ts";
import { clock, showText } from "../view/words.ts";
import { differenceText } from "./fulfil.ts";
import type { Seen } from "./groups.ts";
import type { Event, PageKind } from "./model.ts";
import { diffRows, helpRows, showRows } from "./pages.ts";
import { type Row, row, type Tone } from "./text.ts";

type Filled = Extract<Event, { type: "page" }>;

export interface Book {
  open(kind: PageKind, id: string | null): void;
  close(): void;
  /** Looks whether there is more to show; to be called now and then. */
  refresh(): Promise<void>;
}

/** Lines of a log that are kept, and bytes of a recording that are read to begin with. */
const [mostLines, firstBytes] = [5000, 2 << 20];

/** A life is written anew at most this often while its task is at work. */
const lifeMs = 1000;

/** `find`: the task as it is seen now. `put`: takes what a page is to show. */
export function book(find: (id: string) => Seen | undefined, put: (event: Filled) => void): Book {
  const nothing = () => {};
  let refresh: () => Promise<void> | void = nothing;
  let broken: (why: string) => void = nothing;
  let reading = false;

  function filler(kind: PageKind, id: string | null): () => Promise<void> | void {
    const fill = (lines: readonly Row[], note = "", gone: readonly Row[] = []) => put({ type: "page", kind, id, lines, note, gone });
    if (kind === "help") return once(() => fill(helpRows));
    const found = id === null ? undefined : find(id);
    if (found === undefined) return nothing;
    const { task } = found;
    const dir = taskDir(stateDir(), task.repoId, task.id);
    switch (kind) {
      case "show": {
        let last: Seen | undefined;
        let at = 0;
        return () => {
          const seen = find(task.id) ?? found;
          if (last?.task.seq === seen.task.seq && Date.now() - at < lifeMs) return;
          [last, at] = [seen, Date.now()];
          fill(showRows(lifeText(seen, dir)));
        };
      }
      case "diff":
        return once(async () => {
          fill([row("dim")("…")]);
          const { well, text } = await differenceText(task);
          fill(
            well ? diffRows(text) : text.split("\n").map((line) => row("red")(safe(redact(line)))),
            `at ${clock(new Date().toISOString())}`,
          );
        });
      case "logs": {
        const follow = follower(dir);
        return async () => {
          const more = await follow();
          if (more !== undefined) fill(more.lines, more.note, more.gone);
        };
      }
    }
  }

  return {
    open(kind, id) {
      refresh = filler(kind, id);
      broken = (why) => put({ type: "page", kind, id, lines: [row("red")(safe(redact(why)))], note: "" });
    },
    close() {
      refresh = nothing;
    },
    async refresh() {
      if (reading) return;
      reading = true;
      try {
        await refresh();
      } catch (error) {
        if (!(error instanceof CopseError)) throw error;
        // Its record cannot be read; the others are not touched by that.
        refresh = nothing;
        broken(error.message);
      } finally {
        reading = false;
      }
    },
  };
}

function once(deed: () => void | Promise<void>): () => void | Promise<void> {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    return deed();
  };
}

/** The page has colours of its own. */
const colourless: Paint = paintFor({ isTTY: false }, { ...process.env, FORCE_COLOR: undefined, NO_COLOR: "1" });

const lifeText = ({ task, beside }: Seen, dir: string): string =>
  showText(task, beside, story(readLog(eventsFile(dir)).events), colourless, Date.now());

/** Its last run, and those that come; undefined when nothing has come. */
function follower(
  dir: string,
): () => Promise<{ readonly lines: readonly Row[]; readonly note: string; readonly gone: readonly Row[] } | undefined> {
  let lines: Row[] = [];
  let run = 0;
  let now: Recording | undefined;
  let note: string | undefined;
  return async () => {
    const { task } = readTask(dir);
    const before = lines.length;
    const added: Row[] = [];
    const take = (event: Recorded, alone: boolean) => added.push(...rowsOf(event, alone));
    await now?.read(take);
    if (run !== task.run && existsSync(runDir(dir, task.run))) {
      if (run > 0) added.push(row("bold")(`── run ${task.run} ──`));
      const size = statSync(join(runDir(dir, task.run), "out"), { throwIfNoEntry: false })?.size ?? 0;
      run = task.run;
      now = recording(task, dir, run, Math.max(0, size - firstBytes));
      if (size > firstBytes) added.push(row("dim")(`… what came before: copse logs ${task.id}`));
      await now.read(take);
    }
    const noteNow = run === 0 ? "not started yet" : `run ${run}`;
    if (added.length === 0 && note === noteNow && before > 0) return undefined;
    note = noteNow;
    const all = [...lines, ...added];
    lines = all.slice(-mostLines);
    return { lines: lines.length === 0 ? [row("dim")("Nothing yet.")] : lines, note, gone: all.slice(0, all.length - lines.length) };
  };
}

function rowsOf(event: Recorded, alone: boolean): Row[] {
  const text = recordedLine(event, alone);
  if (text === undefined) return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map(row(tones[event.type] ?? "plain"));
}

const tones: Readonly<Record<string, Tone>> = {
  tool: "dim",
  "tool-failed": "red",
  needs: "yellow",
  note: "yellow",
  activity: "dim",
  session: "dim",
  stderr: "dim",
};
