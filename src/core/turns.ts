/**
 * Turns between batches: round robin by deficits. Whoever has had least time of the slots goes next, whether its tasks are few and long or many and short.
 * Counted is the time really had, up to now: what tasks are thought to take may be wrong by any factor. Pure.
 */

export interface Turns {
  /** What each has had in tasks that have ended, since it came; only of those that have somebody in line or at work. */
  readonly hadMs: ReadonlyMap<string, number>;
  /** Among equals the first of these goes next: whoever has just come, or whose turn was longest ago. */
  readonly order: readonly string[];
}

/** What somebody has at work. */
export interface AtWork {
  readonly tasks: number;
  /** How long these have been at it, together. */
  readonly elapsedMs: number;
}

export const noTurns: Turns = { hadMs: new Map(), order: [] };

/**
 * `heads`: who has somebody to start now, in the order they are to begin in; `waiting`: who has somebody in line at all; `atWork`: who has somebody at work.
 * Nobody saves up: whoever has nobody in line falls no further behind than those who have, and whoever comes begins where the one is that has had least.
 */
export function nextTurn(
  turns: Turns,
  heads: readonly string[],
  waiting: Iterable<string> = heads,
  atWork: ReadonlyMap<string, AtWork> = new Map(),
): { readonly name: string; readonly turns: Turns } | undefined {
  const inLine = new Set(waiting);
  const elapsed = (name: string) => atWork.get(name)?.elapsedMs ?? 0;
  const total = (name: string, had = turns.hadMs) => (had.get(name) ?? 0) + elapsed(name);
  const isKnown = (name: string) => turns.hadMs.has(name);
  const level = [heads, [...inLine], [...atWork.keys()]].map((names) => names.filter(isKnown)).find(({ length }) => length > 0) ?? [];
  const least = level.length === 0 ? 0 : Math.min(...level.map((name) => total(name)));
  const keeps = (name: string) => inLine.has(name) && isKnown(name);
  const hadMs = new Map(
    [...new Set([...inLine, ...atWork.keys()])].map((name) => {
      const had = turns.hadMs.get(name) ?? 0;
      return [name, keeps(name) ? had : Math.max(had, least - elapsed(name))];
    }),
  );
  const order = [...hadMs.keys()].filter((name) => !turns.order.includes(name)).concat(turns.order.filter((name) => hadMs.has(name)));
  const tasks = (name: string) => atWork.get(name)?.tasks ?? 0;
  const [name] = [...heads].sort((a, b) => total(a, hadMs) - total(b, hadMs) || tasks(a) - tasks(b) || order.indexOf(a) - order.indexOf(b));
  return name === undefined ? undefined : { name, turns: { hadMs, order: [...order.filter((one) => one !== name), name] } };
}

/** A task of `name` has ended, or gone to wait, after so much time of a slot; it may be one that another runner let in. */
export function endTurn({ hadMs, order }: Turns, name: string, tookMs: number): Turns {
  return { hadMs: new Map(hadMs).set(name, (hadMs.get(name) ?? 0) + tookMs), order: order.includes(name) ? order : [...order, name] };
}
