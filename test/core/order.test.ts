/** Chains, batches and turns: the order in which tasks that belong together start, on the pure parts of the line. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compare, fits, type Limits, type Place, pick, waitingFor } from "../../src/core/line.ts";
import { type Job, median, weigh } from "../../src/core/order.ts";
import { circleOf, weighBefore } from "../../src/core/prerequisites.ts";
import type { Task } from "../../src/core/task.ts";
import { endTurn, nextTurn, noTurns } from "../../src/core/turns.ts";
import { someTask } from "../support/task-made.ts";

const at = (n: number) => `2026-01-01T00:00:00.${String(n).padStart(3, "0")}Z`;
const place = (id: string, more: Partial<Place> = {}): Place => ({
  id,
  priority: 0,
  createdAt: at(0),
  repoId: "r",
  repoLimit: null,
  group: null,
  groupLimit: null,
  ownLimit: false,
  batch: null,
  ...more,
});
const job = (id: string, n: number, after: readonly string[] = [], batch: string | null = null): Job => ({
  id,
  createdAt: at(n),
  batch,
  after,
});
const limits = (machine: number): Limits => ({ machine, groups: {} });

test("whoever the longest way hangs on goes first, among those that belong together only", () => {
  const jobs = [job("early", 0), job("a", 1), job("b", 2), job("c", 3, ["b"]), job("d", 4, ["a", "c"]), job("late", 5)];
  const took: Record<string, number> = { early: 1, a: 1, b: 2, c: 3, d: 4, late: 1000 };
  const weights = weigh(jobs, (id) => took[id] ?? 0);
  assert.equal([weights.get("a")?.pathMs, weights.get("b")?.pathMs, weights.get("d")?.pathMs], [5, 9, 4]);
  assert.equal(weights.get("d")?.arrived, at(1), "a chain came when its first task did");
  const order = jobs
    .map(({ id, createdAt }) => place(id, { createdAt }))
    .sort((a, b) => compare(a, b, (id) => weights.get(id)))
    .map(({ id }) => id);
  assert.equal(order, ["early", "b", "c", "a", "d", "late"]);
  assert.ok(compare(place("x", { priority: 1, createdAt: at(9) }), place("b"), (id) => weights.get(id)) < 0, "priority before all");
  const round = weigh([job("x", 0, ["y"]), job("y", 1, ["x"])], () => 1);
  assert.ok(
    [...round.values()].every(({ pathMs }) => pathMs >= 1 && pathMs <= 2),
    "a circle in a damaged log ends",
  );
  const long = Array.from({ length: 20_000 }, (_, i) => job(`t${i}`, 0, i === 0 ? [] : [`t${i - 1}`]));
  assert.is(weigh(long, () => 1).get("t0")?.pathMs, 20_000);
  assert.equal([median([]), median([3]), median([9, 1]), median([5, 1, 100])], [undefined, 3, 5, 5]);
});

test("batches get equal time of the slots, whatever their tasks are like; nobody waits for ever, and nobody saves up", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 5 }), (costs) => {
      const names = costs.map((_, i) => `b${i}`);
      const given = new Map(names.map((name) => [name, 0]));
      let turns = noTurns;
      const most = Math.max(...costs);
      for (let n = 0; n < 300; n++) {
        const next = nextTurn(turns, names);
        assert.ok(next);
        const ms = costs[names.indexOf(next.name)] as number;
        turns = endTurn(next.turns, next.name, ms);
        given.set(next.name, (given.get(next.name) ?? 0) + ms);
        const times = [...given.values()];
        assert.ok(Math.max(...times) - Math.min(...times) <= most, `${times} after ${n + 1} starts`);
      }
    }),
    { numRuns: 60 },
  );
  assert.is(nextTurn(noTurns, []), undefined);
  const old = { hadMs: new Map([["a", 5000]]), order: ["a"] };
  const first = nextTurn(old, ["a", "new"], ["a", "new"]);
  assert.equal([first?.name, first?.turns.hadMs.get("new")], ["new", 5000], "who comes begins where the others are, and is next");
  const adopted = nextTurn(endTurn(noTurns, "old", 5), ["old", "new"]);
  assert.is(adopted?.name, "new", "also after one that another runner let in");
  const busy = new Map([["back", { tasks: 1, elapsedMs: 10 }]]);
  const away = nextTurn({ hadMs: new Map([...old.hadMs, ["back", 0]]), order: ["a", "back"] }, ["a"], ["a"], busy);
  assert.is(away?.turns.hadMs.get("back"), 4990, "who has nobody in line does not save up");
  const shut = nextTurn({ hadMs: new Map([...old.hadMs, ["shut", 7]]), order: ["a", "shut"] }, ["a"], ["a", "shut"]);
  assert.is(shut?.turns.hadMs.get("shut"), 7, "who is kept out by a limit is owed what it was");
  const even = nextTurn(noTurns, ["a", "b"], ["a", "b"], new Map([["a", { tasks: 1, elapsedMs: 0 }]]));
  assert.is(even?.name, "b", "of equals who has fewer at work");
});

test("a batch of a hundred keeps nobody out: others have their turns, and the last slot is no batch's", () => {
  const crowd = Array.from({ length: 100 }, (_, i) => place(`a${i}`, { batch: "a", createdAt: at(i) }));
  const other = place("b0", { batch: "b", createdAt: at(500) });
  const alone = place("alone", { createdAt: at(900) });
  const busy: Place[] = [];
  let turns = noTurns;
  const waiting = [...crowd, other, alone];
  const started: string[] = [];
  for (;;) {
    const next = pick(waiting, busy, limits(4), turns, () => undefined);
    if (next === undefined || busy.length === 4) break;
    turns = next.turns;
    waiting.splice(waiting.indexOf(next.place), 1);
    busy.push(next.place);
    started.push(next.place.id);
  }
  assert.is(started.length, 4);
  assert.ok(started.includes("b0") && started.includes("alone"), started.join());
  assert.is(busy.filter(({ batch }) => batch !== null).length, 3);
  assert.is(
    pick(
      waiting,
      busy.slice(0, 3).filter(({ batch }) => batch !== null),
      limits(3),
      turns,
      () => undefined,
    ),
    undefined,
  );
  assert.is(fits(crowd[0] as Place, [], limits(1)), "yes", "the only slot is everybody's");
  assert.is(pick([place("low"), place("high", { priority: 1, batch: "a" })], [], limits(4), turns, () => undefined)?.place.id, "high");
});

test("listings say the same order as long as it is one: chains by their way, the rest by arrival", () => {
  const make = (id: string, n: number, after: readonly string[] = [], more: Partial<Task> = {}) =>
    someTask(
      { id, label: id, createdAt: at(n), ...more },
      after.length === 0 ? {} : { after: after.map((one) => ({ id: one, label: one })) },
    );
  const held = { notBefore: { at: null, kind: "task", text: "waits for b" } } as const;
  const lines = waitingFor(
    [make("x", 0), make("a", 1), make("b", 2), make("c", 3, ["a", "b"], held), make("d", 4, ["b"], held), make("e", 5, ["d"], held)],
    at(9),
  );
  assert.equal(
    ["x", "b", "a"].map((id) => lines.get(id)?.position),
    [1, 2, 3],
  );
  assert.equal(lines.get("c"), { kind: "task", text: "waits for b" });
});

interface Dag {
  readonly jobs: readonly Job[];
  readonly ms: readonly number[];
  readonly slots: number;
}

const dag: fc.Arbitrary<Dag> = fc
  .integer({ min: 1, max: 100 })
  .chain((n) =>
    fc.record({
      ms: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: n, maxLength: n }),
      after: fc.array(fc.array(fc.nat({ max: 99 }), { maxLength: 4 }), { minLength: n, maxLength: n }),
      slots: fc.integer({ min: 1, max: 8 }),
    }),
  )
  .map(({ ms, after, slots }) => ({
    ms,
    slots,
    jobs: ms.map((_, i) => job(`t${i}`, i, i === 0 ? [] : [...new Set((after[i] as number[]).map((n) => `t${n % i}`))], "batch")),
  }));

/** Runs them in pretended time; `choose`: who starts of those that are ready, or nobody. @returns when each started and ended */
function simulate({ jobs, ms }: Dag, choose: (ready: readonly Job[], busy: readonly Job[]) => Job | undefined) {
  const ended = new Map<string, number>();
  const begun = new Map<string, number>();
  let busy: Job[] = [];
  let most = 0;
  for (let now = 0; ended.size < jobs.length; ) {
    for (;;) {
      const ready = jobs.filter(({ id, after }) => !begun.has(id) && after.every((one) => ended.has(one)));
      const next = choose(ready, busy);
      if (next === undefined) break;
      begun.set(next.id, now);
      busy.push(next);
    }
    most = Math.max(most, busy.length);
    assert.ok(busy.length > 0, "somebody is always at work");
    const endOf = ({ id }: Job) => (begun.get(id) as number) + (ms[jobs.findIndex((one) => one.id === id)] as number);
    now = Math.min(...busy.map(endOf));
    for (const one of busy.filter((it) => endOf(it) === now)) ended.set(one.id, now);
    busy = busy.filter(({ id }) => !ended.has(id));
  }
  return { begun, ended, most, makespan: Math.max(...ended.values()) };
}

test("any tasks that wait for one another: order held, limit held, all end, and not later than the longest way first would", () => {
  let worst = 0;
  fc.assert(
    fc.property(dag, (one) => {
      const { jobs, ms, slots } = one;
      const took = (id: string) => ms[Number(id.slice(1))] as number;
      const weights = weigh(jobs, took);
      let turns = noTurns;
      const places = new Map(jobs.map(({ id, createdAt }) => [id, place(id, { createdAt, batch: "batch" })]));
      const placesOf = (some: readonly Job[]) => some.map(({ id }) => places.get(id) as Place);
      // One slot more than the batch may take, which is nobody's here.
      const ours = simulate(one, (ready, busy) => {
        const next = pick(placesOf(ready), placesOf(busy), limits(slots + 1), turns, (id) => weights.get(id));
        turns = next?.turns ?? turns;
        return ready.find(({ id }) => id === next?.place.id);
      });
      for (const { id, after } of jobs)
        for (const before of after)
          assert.ok((ours.ended.get(before) as number) <= (ours.begun.get(id) as number), `${before} before ${id}`);
      assert.ok(ours.most <= slots, `${ours.most} at once, the limit is ${slots}`);
      // Worked out another way: from the end of the log backwards, as later tasks come after earlier ones only.
      const way = new Map<string, number>();
      for (const { id } of [...jobs].reverse())
        way.set(id, took(id) + Math.max(0, ...jobs.filter(({ after }) => after.includes(id)).map((next) => way.get(next.id) as number)));
      const best = simulate(one, (ready, busy) =>
        busy.length < slots ? [...ready].sort((a, b) => (way.get(b.id) as number) - (way.get(a.id) as number))[0] : undefined,
      );
      worst = Math.max(worst, ours.makespan / best.makespan);
      assert.ok(ours.makespan <= best.makespan * 1.15, `${ours.makespan} instead of ${best.makespan}`);
    }),
    { numRuns: 200 },
  );
  process.stdout.write(`(at worst ${worst.toFixed(3)} of the best list) `);
});

test("a circle is named by the way it goes; where there is none nothing is", () => {
  const edges: Record<string, string[]> = { a: ["b"], b: ["c", "d"], c: [], d: ["a"], e: ["a"] };
  const named = (id: string) => ({ id, label: id.toUpperCase() });
  const of = (id: string) => circleOf(named(id), (one) => (edges[one] ?? []).map(named));
  assert.equal(of("a"), ["A", "B", "D", "A"]);
  assert.equal([of("c"), of("e")], [undefined, undefined], "a circle behind it is not its own");
});

test("what is not done well, by its state or by its checks, skips or holds; a record that is gone does too", () => {
  const task = someTask({ id: "x", label: "x" }, { after: [{ id: "a", label: "a b" }] });
  const held = someTask({}, { ...task.request, onFailure: "hold" });
  const before = (more: Partial<Task> | undefined) => [{ id: "a1", label: "a b", task: more === undefined ? undefined : someTask(more) }];
  const say = (of: Task, more: Partial<Task> | undefined) => {
    const verdict = weighBefore(of, before(more));
    return verdict.do === "skip" ? verdict.failure.message : verdict.do === "wait" ? verdict.text : verdict.do;
  };
  assert.is(say(task, { state: "completed" }), "start");
  for (const state of ["queued", "running", "delivering"] as const) assert.is(say(task, { state }), "waits for a b");
  assert.is(say(task, { state: "blocked" }), "waits for a b (needs you)");
  assert.is(say(task, { state: "failed" }), "skipped: a b failed");
  assert.is(say(task, { state: "completed", verify: { status: "failed", checks: [] } }), "skipped: the checks of a b failed");
  assert.is(say(task, undefined), "skipped: the record of a b is gone");
  assert.is(say(held, { state: "stopped" }), "held: a b was stopped; copse retry a1");
  assert.is(say(held, undefined), "held: the record of a b is gone; copse stop x");
  const anyhow = someTask({}, { ...task.request, onFailure: "run" });
  for (const state of ["completed", "failed", "stopped"] as const) assert.is(say(anyhow, { state }), "start");
  assert.is(say(anyhow, undefined), "start");
  for (const state of ["queued", "running", "delivering"] as const) assert.is(say(anyhow, { state }), "waits for a b");
  assert.is(say(anyhow, { state: "blocked" }), "waits for a b (needs you)");
});

test("a chain of twenty thousand is walked to its end, and the way of a circle is named", () => {
  const next = (id: string) => (id === "x" ? 0 : Number(id) + 1);
  const long = (end: number, back: boolean) =>
    circleOf({ id: "x", label: "x" }, (id) =>
      next(id) <= end ? [{ id: `${next(id)}`, label: `t${next(id)}` }] : back ? [{ id: "x", label: "x" }] : [],
    );
  assert.is(long(20_000, false), undefined);
  assert.equal(long(2, true), ["x", "t0", "t1", "t2", "x"]);
});

test.run();
