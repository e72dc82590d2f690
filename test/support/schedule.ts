/** Random batches of tasks that wait for one another, and the best that scheduling by a list can make of them: the measure for the line's own choices. */
import { stringify } from "yaml";

/** The same numbers for the same seed. @returns a whole number from 0 on, below `most` */
export function dice(seed: number): (most: number) => number {
  let state = seed >>> 0;
  // mulberry32: neighbouring seeds give unlike rows.
  return (most) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * most);
  };
}

export interface Node {
  readonly key: string;
  readonly needs: readonly string[];
  readonly ms: number;
}

const shapes = ["sparse", "dense", "layers", "chains", "tree", "funnel"] as const;
export type Shape = (typeof shapes)[number];
export const shapeOf = (seed: number): Shape => shapes[seed % shapes.length] as Shape;

/** `count` tasks, of which each needs earlier ones only; the file may name them in any order. `ms`: how long one takes. */
export function graph(count: number, shape: Shape, roll: (most: number) => number, ms: () => number): Node[] {
  const width = 2 + roll(12);
  const needsOf = (i: number): number[] => {
    const some = (most: number, from: number, to: number) =>
      to <= from ? [] : Array.from({ length: roll(most + 1) }, () => from + roll(to - from));
    switch (shape) {
      case "sparse":
        return some(2, 0, i);
      case "dense":
        return some(6, Math.max(0, i - 20), i);
      case "layers":
        return some(3, Math.floor(i / width) * width - width, Math.floor(i / width) * width).filter((n) => n >= 0);
      case "chains":
        return [...(i >= width ? [i - width] : []), ...(roll(10) === 0 ? some(1, 0, i) : [])];
      case "tree":
        return i === 0 ? [] : [Math.floor((i - 1) / (1 + (width % 4)))];
      case "funnel":
        return i % width === width - 1 ? Array.from({ length: width - 1 }, (_, n) => i - 1 - n) : some(1, 0, Math.floor(i / width) * width);
    }
  };
  return Array.from({ length: count }, (_, i) => ({ key: `t${i}`, needs: [...new Set(needsOf(i))].map((n) => `t${n}`), ms: ms() }));
}

/** A few are many times as long as most, as with agents. */
export const lengths = (roll: (most: number) => number, most: number) => () => {
  const short = 1 + roll(most);
  return roll(8) === 0 ? short * 10 : short;
};

export interface Written {
  readonly name: string;
  readonly limit: number | undefined;
  /** More keys of a task. */
  readonly more?: (key: string) => Readonly<Record<string, unknown>>;
}

/** The text of the batch file. */
export const yamlOf = (nodes: readonly Node[], { name, limit, more }: Written, exec: (node: Node) => readonly string[]): string =>
  stringify({
    name,
    ...(limit === undefined ? {} : { limit }),
    tasks: Object.fromEntries(
      nodes.map((node) => [
        node.key,
        { exec: exec(node), ...(node.needs.length === 0 ? {} : { needs: node.needs }), ...(more?.(node.key) ?? {}) },
      ]),
    ),
  });

/** May this one start beside these? */
export type Room = (key: string, busy: readonly string[]) => boolean;

/** Whoever is ready, stands first in the list and finds room starts, whenever somebody has ended. @returns when all have ended */
function byList(nodes: readonly Node[], list: readonly number[], room: Room): number {
  const place = new Map(nodes.map(({ key }, i) => [key, i]));
  const left = nodes.map(({ needs }) => needs.length);
  const behind: number[][] = nodes.map(() => []);
  nodes.forEach(({ needs }, i) => {
    for (const need of needs) behind[place.get(need) as number]?.push(i);
  });
  const rank = new Array<number>(nodes.length);
  list.forEach((i, at) => {
    rank[i] = at;
  });
  const byRank = (a: number, b: number) => (rank[a] as number) - (rank[b] as number);
  let ready = nodes.flatMap((_, i) => (left[i] === 0 ? [i] : [])).sort(byRank);
  let busy: { i: number; endMs: number }[] = [];
  let now = 0;
  for (;;) {
    const waiting: number[] = [];
    for (const i of ready) {
      const node = nodes[i] as Node;
      if (
        room(
          node.key,
          busy.map((one) => (nodes[one.i] as Node).key),
        )
      )
        busy.push({ i, endMs: now + node.ms });
      else waiting.push(i);
    }
    if (busy.length === 0) return now;
    now = Math.min(...busy.map(({ endMs }) => endMs));
    for (const { i } of busy.filter(({ endMs }) => endMs === now))
      for (const next of behind[i] as number[]) {
        left[next] = (left[next] as number) - 1;
        if (left[next] === 0) waiting.push(next);
      }
    busy = busy.filter(({ endMs }) => endMs !== now);
    ready = waiting.sort(byRank);
  }
}

/** The earliest end of all lists tried: longest way first, most time first, as written, and so many at random. */
export function bestList(nodes: readonly Node[], room: Room, random: number, roll: (most: number) => number): number {
  const numbers = nodes.map((_, i) => i);
  const ways = waysOf(nodes);
  const by = (value: (i: number) => number) => [...numbers].sort((a, b) => value(b) - value(a));
  const lists = [by((i) => ways.get((nodes[i] as Node).key) as number), by((i) => (nodes[i] as Node).ms), numbers];
  for (let n = 0; n < random; n++) {
    const list = [...numbers];
    for (let i = list.length - 1; i > 0; i--) {
      const j = roll(i + 1);
      [list[i], list[j]] = [list[j] as number, list[i] as number];
    }
    lists.push(list);
  }
  // Between the two kinds: the longest way, shaken.
  for (let n = 0; n < random; n++) {
    const shaken = new Map(numbers.map((i) => [i, (ways.get((nodes[i] as Node).key) as number) * (0.8 + roll(400) / 1000)]));
    lists.push(by((i) => shaken.get(i) as number));
  }
  return Math.min(...lists.map((list) => byList(nodes, list, room)));
}

/** Each one's own time and that of the longest way behind it; later ones need earlier ones only. */
function waysOf(nodes: readonly Node[]): Map<string, number> {
  const behind = new Map<string, number>();
  const ways = new Map<string, number>();
  for (const { key, needs, ms } of [...nodes].reverse()) {
    const way = ms + (behind.get(key) ?? 0);
    ways.set(key, way);
    for (const need of needs) behind.set(need, Math.max(behind.get(need) ?? 0, way));
  }
  return ways;
}
