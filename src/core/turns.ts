/** Turns between batches: deficit round robin. Each is given as much time of a slot as the others, whether its tasks are few and long or many and short. Pure. */

export interface Turns {
  /** Those that have somebody to start; the first is having its turn. */
  readonly order: readonly string[];
  /** What is left to each of the time it was given. */
  readonly left: ReadonlyMap<string, number>;
}

export const noTurns: Turns = { order: [], left: new Map() };

/** `heads`: who has somebody to start now, and how long that one is likely to take. Whoever has nobody loses what was left. */
export function nextTurn(turns: Turns, heads: ReadonlyMap<string, number>): { readonly name: string; readonly turns: Turns } | undefined {
  if (heads.size === 0) return undefined;
  const known = turns.order.filter((name) => heads.has(name));
  const order = [...known, ...[...heads.keys()].filter((name) => !known.includes(name))];
  const left = new Map(order.map((name) => [name, turns.left.get(name) ?? 0]));
  // A turn is as long as the longest task, so whoever's it is can start one.
  const turn = Math.max(1, ...heads.values());
  for (;;) {
    const name = order[0] as string;
    const rest = (left.get(name) ?? 0) - (heads.get(name) ?? 0);
    if (rest >= 0) {
      left.set(name, rest);
      return { name, turns: { order, left } };
    }
    // Whoever begins is given its first turn here; then the next.
    order.push(order.shift() as string);
    const next = order[0] as string;
    left.set(next, (left.get(next) ?? 0) + turn);
  }
}
