/** A drawing of what comes after what, in columns: each task right of all that it waits for. Pure. */

export interface Knot {
  readonly key: string;
  readonly needs: readonly string[];
}

export interface Placed {
  readonly key: string;
  readonly column: number;
  readonly row: number;
}

export interface Drawing {
  readonly knots: readonly Placed[];
  readonly lines: readonly { readonly from: string; readonly to: string }[];
  readonly columns: number;
  readonly rows: number;
}

/** Needs that are not among the knots do not count; a circle (a file changed in between) is drawn without the line that closes it. */
export function draw(knots: readonly Knot[]): Drawing {
  const byKey = new Map(knots.map((knot) => [knot.key, knot]));
  const { column, lines } = columnsOf(knots, byKey);
  const columns: string[][] = [];
  for (const { key } of knots) {
    const at = column.get(key) as number;
    columns[at] = [...(columns[at] ?? []), key];
  }
  const row = new Map(columns.flatMap((keys) => keys.map((key, i): [string, number] => [key, i])));
  // Each column sorted by where its neighbours stand: four walks to and fro untangle what can be untangled cheaply.
  for (let walk = 0; walk < 4; walk++) {
    const forward = walk % 2 === 0;
    for (const keys of forward ? columns : [...columns].reverse()) {
      const pull = new Map(keys.map((key) => [key, middleOf(key, lines, row, forward)]));
      keys.sort((a, b) => (pull.get(a) as number) - (pull.get(b) as number) || (row.get(a) as number) - (row.get(b) as number));
      for (const [i, key] of keys.entries()) row.set(key, i);
    }
  }
  return {
    knots: knots.map(({ key }) => ({ key, column: column.get(key) as number, row: row.get(key) as number })),
    lines,
    columns: columns.length,
    rows: Math.max(0, ...columns.map((keys) => keys.length)),
  };
}

function columnsOf(knots: readonly Knot[], byKey: ReadonlyMap<string, Knot>) {
  const column = new Map<string, number>();
  const lines: { from: string; to: string }[] = [];
  const open = new Set<string>();
  const seen = new Set<string>();
  for (const knot of knots) {
    // Depth first without recursion: a chain may be long.
    const stack = [knot.key];
    while (stack.length > 0) {
      const key = stack.at(-1) as string;
      if (column.has(key)) {
        stack.pop();
        continue;
      }
      const needs = [...new Set((byKey.get(key) as Knot).needs)].filter((need) => byKey.has(need) && need !== key);
      if (!seen.has(key)) {
        seen.add(key);
        open.add(key);
        stack.push(...needs.filter((need) => !column.has(need) && !open.has(need)));
        continue;
      }
      const before = needs.filter((need) => column.has(need));
      column.set(key, Math.max(-1, ...before.map((need) => column.get(need) as number)) + 1);
      for (const from of before) lines.push({ from, to: key });
      open.delete(key);
      stack.pop();
    }
  }
  return { column, lines };
}

function middleOf(key: string, lines: readonly { from: string; to: string }[], row: ReadonlyMap<string, number>, forward: boolean): number {
  const at = lines
    .flatMap(({ from, to }) => (forward ? (to === key ? [from] : []) : from === key ? [to] : []))
    .map((one) => row.get(one) as number);
  return at.length === 0 ? (row.get(key) as number) : at.reduce((sum, one) => sum + one, 0) / at.length;
}
