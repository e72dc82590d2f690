/** The line before the slots: who is next, and who waits for what. Pure; p-queue asks it for the next task, listings for positions. */
import { type Job, type Weight, weigh } from "./order.ts";
import { afterOf } from "./prerequisites.ts";
import type { NotBefore, Task, WaitingFor } from "./task.ts";
import { type AtWork, nextTurn, type Turns } from "./turns.ts";

export interface Limits {
  /** Slots of this machine, over all repositories. */
  readonly machine: number;
  readonly groups: Readonly<Record<string, number>>;
  /** Nothing new gets a slot; what has one goes on. */
  readonly paused?: boolean;
}

/** What the line needs to know of a task. */
export interface Place {
  readonly id: string;
  readonly priority: number;
  /** Submitted first, served first, inside one priority. */
  readonly createdAt: string;
  readonly repoId: string;
  readonly repoLimit: number | null;
  readonly group: string | null;
  readonly groupLimit: number | null;
  /** The group is its batch, made one by the batch's `limit`: counted in that batch alone, unless the configuration names the group. */
  readonly ownLimit: boolean;
  /** The batch it is of, by a name of the whole machine; null for a task asked for alone. */
  readonly batch: string | null;
}

export type WeightOf = (id: string) => Weight | undefined;

export function placeOf(task: Task): Place {
  const { priority, repoLimit, group, groupLimit } = task.request;
  const { id, createdAt, repoId } = task;
  const ownLimit = group !== null && group === task.request.batch;
  return { id, priority, createdAt, repoId, repoLimit, group, groupLimit, ownLimit, batch: batchOf(task) };
}

/** Batches of two repositories may have one name. */
const batchOf = ({ repoId, request }: Task): string | null => (request.batch === undefined ? null : `${repoId} ${request.batch}`);

export const jobOf = (task: Task): Job => ({
  id: task.id,
  createdAt: task.createdAt,
  batch: batchOf(task),
  after: afterOf(task).map(({ id }) => id),
});

/**
 * Higher priority first. Then those whose chain or batch came first; among these, whoever the longest way hangs on. Then first come, then by id.
 * A task that belongs with nobody came when its chain did.
 */
export function compare(a: Place, b: Place, weightOf: WeightOf = () => undefined): number {
  const [first, second] = [weightOf(a.id), weightOf(b.id)];
  return (
    b.priority - a.priority ||
    order(first?.arrived ?? a.createdAt, second?.arrived ?? b.createdAt) ||
    (second?.pathMs ?? 0) - (first?.pathMs ?? 0) ||
    order(a.createdAt, b.createdAt) ||
    order(a.id, b.id)
  );
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whose turns it shares: its batch's, or those of all that were asked for alone. */
export const turnOf = ({ batch }: Place): string => batch ?? "";

/** Who starts now, of those that fit: the highest priority's; between batches, and those asked for alone, by turns; inside of one by `compare`. */
export function pick(
  waiting: readonly Place[],
  busy: readonly Place[],
  limits: Limits,
  turns: Turns,
  weightOf: WeightOf,
  atWork: ReadonlyMap<string, AtWork> = new Map(),
): { readonly place: Place; readonly turns: Turns } | undefined {
  const heads = new Map<string, Place>();
  for (const place of waiting) {
    const best = heads.values().next().value;
    if (best !== undefined && place.priority < best.priority) continue;
    const name = turnOf(place);
    const head = best !== undefined && place.priority > best.priority ? undefined : heads.get(name);
    if (head !== undefined && compare(head, place, weightOf) < 0) continue;
    if (fits(place, busy, limits) !== "yes") continue;
    if (best !== undefined && place.priority > best.priority) heads.clear();
    heads.set(name, place);
  }
  // In the order of arrival, so that of those that are new the first comes first.
  const sorted = [...heads].sort(([, a], [, b]) => compare(a, b, weightOf));
  const names = sorted.map(([name]) => name);
  const next = nextTurn(turns, names, new Set([...names, ...waiting.map(turnOf)]), atWork);
  return next && { place: heads.get(next.name) as Place, turns: next.turns };
}

/** May `place` start beside `busy`, as far as its group, its repository and batches go? The machine's limit is the queue's own; of two slots and more, batches leave one free. */
export function fits(place: Place, busy: readonly Place[], limits: Limits): "yes" | "paused" | "group" | "repository" | "batches" {
  if (limits.paused === true) return "paused";
  if (place.batch !== null && limits.machine > 1 && busy.filter((other) => other.batch !== null).length >= limits.machine - 1)
    return "batches";
  const configured = place.group === null ? undefined : limits.groups[place.group];
  const groupLimit = place.group === null ? null : (configured ?? place.groupLimit);
  const isSame = (other: Place) => (configured === undefined && place.ownLimit ? other.batch === place.batch : other.group === place.group);
  if (groupLimit !== null && busy.filter(isSame).length >= groupLimit) return "group";
  if (place.repoLimit !== null && busy.filter((other) => other.repoId === place.repoId).length >= place.repoLimit) return "repository";
  return "yes";
}

/** What each queued task waits for, with its position in the line; tasks that wait for a time or a limit stand outside of it. */
export function waitingFor(tasks: readonly Task[], now: string): Map<string, WaitingFor> {
  const result = new Map<string, WaitingFor>();
  const inLine: Task[] = [];
  for (const task of tasks) {
    if (task.state !== "queued") continue;
    const held = task.notBefore;
    if (held && (held.at === null || held.at > now)) result.set(task.id, heldText(held));
    else inLine.push(task);
  }
  const weights = tasks.some(({ request }) => request.after !== undefined || request.batch !== undefined)
    ? weigh(tasks.map(jobOf), () => 1)
    : new Map<string, Weight>();
  const places = new Map(inLine.map((task) => [task.id, placeOf(task)]));
  const placed = (task: Task) => places.get(task.id) as Place;
  inLine.sort((a, b) => compare(placed(a), placed(b), (id) => weights.get(id)));
  inLine.forEach((task, i) => {
    result.set(task.id, { kind: "slot", text: `${ordinal(i + 1)} in line`, position: i + 1 });
  });
  return result;
}

/** In line, and the line stands still. */
export const pausedText = (waiting: WaitingFor | undefined, paused: boolean): WaitingFor | undefined =>
  paused && waiting?.kind === "slot" ? { ...waiting, text: `${waiting.text}; the queue is paused` } : waiting;

/** What it waits for outside of the line. */
export const heldText = ({ kind, text, at, needsPerson }: NotBefore): WaitingFor => ({
  kind,
  text,
  ...(at === null ? {} : { until: at }),
  ...(needsPerson === undefined ? {} : { needsPerson }),
});

/** 1 → "1st", 2 → "2nd", 11 → "11th". */
export function ordinal(n: number): string {
  const tens = n % 100;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return `${n}${["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
}
