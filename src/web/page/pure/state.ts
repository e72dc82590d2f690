/** What the page knows, and how each message changes it: rows by `rev`, events by `seq`, nothing twice and nothing missing. Pure. */
import type { TaskEvent } from "../../../core/events.ts";
import type { EventsAnswer, QueueState, Sentence, TaskAnswer, TaskRow, TasksAnswer } from "../../api.ts";

export interface State {
  readonly rows: ReadonlyMap<string, TaskRow>;
  /** There are older ended tasks on the server. */
  readonly more: boolean;
  readonly loaded: boolean;
  readonly queue: QueueState | null;
  /** Of tasks that have been opened, the last one last. */
  readonly lives: ReadonlyMap<string, Life>;
  /** By task: how far its recording has grown, as last told. */
  readonly grown: ReadonlyMap<string, { readonly run: number; readonly bytes: number }>;
}

/** A task's log as far as the page has it: every event up to `version`, none twice. */
export interface Life {
  readonly version: number;
  readonly events: readonly TaskEvent[];
  readonly story: readonly Sentence[];
  readonly about: Omit<TaskAnswer, "events" | "story" | "task">;
}

export const emptyState: State = { rows: new Map(), more: false, loaded: false, queue: null, lives: new Map(), grown: new Map() };

/** A row that is older than the one there is changes nothing. */
export function withRow(state: State, row: TaskRow): State {
  const old = state.rows.get(row.id);
  if (old !== undefined && old.rev > row.rev) return state;
  return { ...state, rows: new Map(state.rows).set(row.id, row) };
}

/** Several at once: one copy of the map for all of them. */
export function withRows(state: State, rows: readonly TaskRow[]): State {
  const next = new Map(state.rows);
  let changed = false;
  for (const row of rows) {
    const old = next.get(row.id);
    if (old !== undefined && old.rev > row.rev) continue;
    next.set(row.id, row);
    changed = true;
  }
  return changed ? { ...state, rows: next } : state;
}

/** After a `reset`: other runners count `rev` anew. What has been shown stays until the answer is there. */
export function forgotten(state: State): State {
  return { ...state, rows: new Map([...state.rows].map(([id, row]) => [id, { ...row, rev: -1 }])) };
}

/**
 * The answer to a look at all tasks after a `reset`. A row it does not name stays when it came by a message meanwhile, or is an ended one older than those it goes back to (asked for before).
 */
export function withAll(state: State, { tasks, more }: TasksAnswer): State {
  const named = new Set(tasks.map(({ id }) => id));
  const oldest = tasks.reduce((least, { endedAt }) => (endedAt !== null && endedAt < least ? endedAt : least), "9999");
  const older = [...state.rows].filter(([id, { endedAt }]) => !named.has(id) && endedAt !== null && endedAt < oldest);
  const stays = [...state.rows].filter(([id, { rev }]) => named.has(id) || rev >= 0);
  return withRows({ ...state, rows: new Map([...older, ...stays]), more: older.length > 0 ? state.more : more, loaded: true }, tasks);
}

/** Older ended ones, as asked for. */
export const withOlder = (state: State, { tasks, more }: TasksAnswer): State => ({
  ...withRows(
    state,
    tasks.filter(({ id }) => !state.rows.has(id)),
  ),
  more,
});

/** Of those opened last; another is asked for when it is opened again. A page stays open for weeks. */
const mostLives = 20;

export function withLife(state: State, { task, events, story, ...about }: TaskAnswer): State {
  const life: Life = { version: events.at(-1)?.seq ?? 0, events, story, about };
  const old = state.lives.get(task.id);
  // The look may have been overtaken by messages.
  const newest = old !== undefined && old.version > life.version ? { ...old, about } : life;
  const others = [...state.lives].filter(([id]) => id !== task.id).slice(1 - mostLives);
  return withRow({ ...state, lives: new Map([...others, [task.id, newest]]) }, task);
}

/**
 * Events of a task: those it has are left out, the rest appended. @returns the same state and `gap: true` when some in between have not come, which are then to be asked for
 */
export function withEvents(state: State, id: string, { events, story }: EventsAnswer): { state: State; gap: boolean } {
  const life = state.lives.get(id);
  if (life === undefined) return { state, gap: false };
  const fresh = events.filter(({ seq }) => seq > life.version);
  const first = fresh[0]?.seq;
  if (first === undefined) return { state, gap: false };
  if (first !== life.version + 1) return { state, gap: true };
  const next: Life = {
    ...life,
    version: fresh.at(-1)?.seq ?? life.version,
    events: [...life.events, ...fresh],
    story: [...life.story, ...story.filter(({ seq }) => seq > life.version)],
  };
  return { state: { ...state, lives: new Map(state.lives).set(id, next) }, gap: false };
}

/** The tasks of which the page holds fewer events than there are. */
export const behind = (state: State, versions: Readonly<Record<string, number>>): string[] =>
  [...state.lives].filter(([id, { version }]) => (versions[id] ?? 0) > version).map(([id]) => id);
