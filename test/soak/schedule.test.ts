/** 200 random batches in pretended time, through the real line: at every instant every limit and every dependency holds, all end, and none ends much later than the best list would make it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { afterOf } from "../../src/core/prerequisites.ts";
import type { Task } from "../../src/core/task.ts";
import { bestList, dice, graph, lengths, type Node, type Room, shapeOf, yamlOf } from "../support/schedule.ts";
import { type Asked, type Batch, live, type Moment } from "../support/virtual-house.ts";

const seeds = Number(process.env["COPSE_SEEDS"] ?? 200);
const count = 100;
const exec = () => ["true"];

/** Of this many seeds the figures; a seed that fails is named. */
async function eachSeed(
  work: (seed: number, roll: (most: number) => number) => Promise<number | undefined>,
  most = seeds,
): Promise<string> {
  const figures: number[] = [];
  for (let seed = 1; seed <= most; seed++) {
    try {
      const figure = await work(seed, dice(seed));
      if (figure !== undefined) figures.push(figure);
    } catch (error) {
      throw new Error(`seed ${seed} (${shapeOf(seed)}): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return figuresOf(figures);
}

function figuresOf(figures: readonly number[]): string {
  const sorted = [...figures].sort((a, b) => a - b);
  const say = (n: number | undefined) => (n ?? Number.NaN).toFixed(3);
  return `${sorted.length} seeds: median ${say(sorted[sorted.length >> 1])}, worst ${say(sorted.at(-1))}`;
}

/** Walks the record moment by moment and holds each against the rules, which are written down here a second time. */
function check(asked: Asked, moments: readonly Moment[], tasks: ReadonlyMap<string, Task>): void {
  const busy = new Set<string>();
  const well = new Set<string>();
  const over = new Set<string>();
  const waiting = new Set<string>();
  const task = (id: string) => tasks.get(id) as Task;
  const ready = (id: string) => waiting.has(id) && afterOf(task(id)).every((one) => well.has(one.id));
  const among = (which: (request: Task["request"], other: Task) => boolean) =>
    [...busy].filter((id) => which(task(id).request, task(id))).length;
  /** The limits as a person would say them; how many more may start beside those at work. */
  const room = (id: string): number => {
    const { request, repoId } = task(id);
    const { machine, groups } = asked;
    const configured = request.group === null ? undefined : groups[request.group];
    const group = request.group === null ? null : (configured ?? request.groupLimit);
    const ofBatch = configured === undefined && request.group === request.batch;
    const grouped = (other: Task["request"], { repoId: its }: Task) =>
      other.group === request.group && (!ofBatch || (its === repoId && other.batch === request.batch));
    return Math.min(
      machine - busy.size,
      request.batch !== undefined && machine > 1 ? machine - 1 - among((other) => other.batch !== undefined) : machine,
      group === null ? machine : group - among(grouped),
      request.repoLimit === null ? machine : request.repoLimit - among((_, other) => other.repoId === repoId),
    );
  };
  for (const { atMs, what, id } of moments) {
    const when = `at ${atMs} ms ${id} (${what})`;
    switch (what) {
      case "asked":
        over.delete(id);
        waiting.add(id);
        break;
      case "start":
        assert.ok(ready(id), `${when}: everything it waits for has ended well`);
        assert.ok(room(id) >= 1, `${when}: a limit would be exceeded, ${busy.size} at work`);
        waiting.delete(id);
        busy.add(id);
        break;
      case "well":
      case "badly":
        assert.ok(busy.delete(id), `${when}: it was at work`);
        over.add(id);
        if (what === "well") well.add(id);
        break;
      case "skipped":
        assert.ok(
          afterOf(task(id)).some((one) => over.has(one.id) && !well.has(one.id)),
          `${when}: something it waits for has not ended well`,
        );
        waiting.delete(id);
        over.add(id);
        break;
      case "settled":
        for (const one of waiting) assert.not(ready(one) && room(one) >= 1, `${when}: ${one} waits though there is room for it`);
        break;
    }
  }
  assert.equal([busy.size, waiting.size, over.size], [0, 0, tasks.size], "all end");
}

test("one batch of a hundred, by what its tasks took before: within 1.15 of the best list of about fifty", async () => {
  const guessed: number[] = [];
  const known = await eachSeed(async (seed, roll) => {
    const nodes = graph(count, shapeOf(seed), roll, lengths(roll, 60));
    const [machine, limit] = [1 + roll(8), roll(3) === 0 ? undefined : 1 + roll(6)];
    const grouped = limit === undefined && roll(2) === 0;
    const dbs = new Set(grouped ? nodes.filter(() => roll(4) === 0).map(({ key }) => key) : []);
    const took = new Map(nodes.map(({ key, ms }) => [`r nightly ${key}`, ms]));
    const text = yamlOf(nodes, { name: "nightly", limit, more: (key) => (dbs.has(key) ? { group: "db" } : {}) }, exec);
    const slots = Math.min(limit ?? machine, Math.max(1, machine - 1));
    const room: Room = (key, busy) => busy.length < slots && !(dbs.has(key) && busy.some((one) => dbs.has(one)));
    const best = bestList(nodes, room, 25, roll);
    const ratio = async (isKnown: boolean) => {
      const asked: Asked = {
        machine,
        groups: { db: 1 },
        batches: [{ name: "nightly", repoId: "r", repoLimit: null, limit, onFailure: "skip", text, atMs: 0 }],
        took: (id) => took.get(id) as number,
        fails: () => false,
        retryMs: null,
        known: isKnown,
      };
      const { moments, tasks } = await live(asked);
      check(asked, moments, tasks);
      assert.is(moments.filter(({ what }) => what === "start").length, count, "each ran once");
      return (moments.at(-1)?.atMs as number) / best;
    };
    guessed.push(await ratio(false));
    const one = await ratio(true);
    assert.ok(one <= 1.15, `${one.toFixed(3)} of the best list`);
    return one;
  });
  process.stdout.write(`\n  of the best list, durations known, ${known}\n  and not known, ${figuresOf(guessed)}\n`);
});

/** Up to three batches and some tasks asked for alone, at different times, in two repositories, with limits of every kind. */
function crowd(seed: number, roll: (most: number) => number): Asked {
  const took = new Map<string, number>();
  const failing = new Set<string>();
  const nodesOf = (name: string, repoId: string, nodes: readonly Node[]) => {
    for (const { key, ms } of nodes) {
      took.set(`${repoId} ${name} ${key}`, ms);
      if (roll(15) === 0) failing.add(`${repoId} ${name} ${key}`);
    }
    return nodes;
  };
  const machine = 1 + roll(8);
  const onFailure = roll(2) === 0 ? "hold" : "skip";
  const repoLimit = roll(3) === 0 ? 1 + roll(machine) : null;
  const batches = Array.from({ length: 1 + roll(3) }, (_, i): Batch => {
    const [name, repoId] = [`b${i}`, `r${roll(2)}`];
    const nodes = nodesOf(name, repoId, graph(i === 0 ? count : 20 + roll(60), shapeOf(seed + i), roll, lengths(roll, 4 + roll(80))));
    const limit = roll(2) === 0 ? undefined : 1 + roll(5);
    const more = () => ({
      ...(roll(10) === 0 ? { priority: roll(5) - 2 } : {}),
      ...(limit === undefined && roll(3) === 0 ? { group: "db" } : {}),
    });
    return { name, repoId, repoLimit, limit, onFailure, text: yamlOf(nodes, { name, limit, more }, exec), atMs: i === 0 ? 0 : roll(2000) };
  });
  const alone = nodesOf(
    "alone",
    "r0",
    graph(5, "sparse", roll, lengths(roll, 40)).map((node, i) => ({ ...node, key: `s${i}`, needs: [] })),
  );
  for (const node of alone)
    batches.push({
      name: null,
      repoId: "r0",
      repoLimit,
      limit: undefined,
      onFailure,
      text: yamlOf([node], { name: "alone", limit: undefined }, exec),
      atMs: roll(4000),
    });
  return {
    machine,
    groups: { db: 1 + roll(3) },
    batches,
    took: (id) => took.get(id) as number,
    fails: (id) => failing.has(id),
    retryMs: onFailure === "hold" ? 500 : null,
    known: roll(2) === 0,
  };
}

test("several batches, tasks asked for alone, limits of every kind, failures skipped or held: no limit exceeded at any instant, all end", async () => {
  let [most, instants, skipped, waited] = [0, 0, 0, 0];
  await eachSeed(async (seed, roll) => {
    const asked = crowd(seed, roll);
    const { moments, tasks } = await live(asked);
    check(asked, moments, tasks);
    most = Math.max(most, tasks.size);
    instants += moments.filter(({ what }) => what === "settled").length;
    skipped += moments.filter(({ what }) => what === "skipped").length;
    // With a slot that no batch takes, who asks for one thing alone waits only while another one asked for alone is at work.
    if (asked.machine === 1 || asked.batches.some(({ repoLimit }) => repoLimit !== null)) return undefined;
    const [working, waiting] = [new Set<string>(), new Set<string>()];
    for (const { atMs, what, id } of moments) {
      if (what === "settled") assert.ok(waiting.size === 0 || working.size > 0, `${[...waiting]} waits for a batch at ${atMs} ms`);
      if (what === "settled") waited += waiting.size;
      if (tasks.get(id)?.request.batch !== undefined) continue;
      if (what === "asked") waiting.add(id);
      if (what === "start" && waiting.delete(id)) working.add(id);
      if (what === "well" || what === "badly") working.delete(id);
    }
    return undefined;
  });
  process.stdout.write(
    `(${instants} instants, up to ${most} tasks, ${skipped} skipped, ${waited} times one asked for alone waited for another one) `,
  );
});

test("two batches of unlike tasks get equal time of the slots while both have somebody waiting, known or not how long they take", async () => {
  const figures = await eachSeed(
    async (seed, roll) => {
      const machine = 1 + roll(6);
      const slots = Math.max(1, machine - 1);
      const many = 300;
      const took = new Map<string, number>();
      const batches = [10, 100].map((most, i): Batch => {
        const nodes = graph(most === 10 ? many : many / 10, "sparse", roll, () => 1 + most / 2 + roll(most / 2)).map((node) => ({
          ...node,
          needs: [],
        }));
        for (const { key, ms } of nodes) took.set(`r b${i} ${key}`, ms);
        const text = yamlOf(nodes, { name: `b${i}`, limit: undefined }, exec);
        return { name: `b${i}`, repoId: "r", repoLimit: null, limit: undefined, onFailure: "skip", text, atMs: 0 };
      });
      const known = seed % 2 === 0;
      const asked = {
        machine,
        groups: {},
        batches,
        took: (id: string) => took.get(id) as number,
        fails: () => false,
        retryMs: null,
        known,
      };
      const { moments, tasks } = await live(asked);
      check(asked, moments, tasks);
      const waiting = new Map(batches.map(({ name }) => [name, 0]));
      const begun = new Map<string, number>();
      const had = new Map(batches.map(({ name }) => [name, 0]));
      const add = <K>(map: Map<K, number>, key: K, more: number) => map.set(key, (map.get(key) ?? 0) + more);
      let worst = 0;
      for (const { atMs, what, id } of moments) {
        const name = tasks.get(id)?.request.batch as string;
        if (what === "asked") add(waiting, name, 1);
        if (what === "start") {
          add(waiting, name, -1);
          begun.set(id, atMs);
        }
        if (what === "well") {
          add(had, name, atMs - (begun.get(id) as number));
          begun.delete(id);
        }
        if (what !== "settled") continue;
        if ([...waiting.values()].some((n) => n === 0)) break;
        const now = new Map(had);
        for (const [one, since] of begun) add(now, tasks.get(one)?.request.batch as string, atMs - since);
        const times = [...now.values()];
        worst = Math.max(worst, Math.max(...times) - Math.min(...times));
      }
      // What is at work cannot be taken back: as much as the slots hold of the longest.
      const longest = Math.max(...took.values());
      assert.ok(worst <= slots * longest, `${worst} ms apart, with ${slots} slots and ${longest} ms for the longest task`);
      return worst / longest;
    },
    Math.ceil(seeds / 4),
  );
  process.stdout.write(`(apart by so many of the longest task, ${figures}) `);
});

test.run();
