import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compare, type Limits, type Place, placeOf } from "../../src/core/line.ts";
import { memoryQueue } from "../../src/queue/memory.ts";
import type { Queue, Slot } from "../../src/queue/queue.ts";
import { someTask } from "../support/task-made.ts";

const place = (id: string, more: Partial<Place> = {}): Place => ({
  id,
  priority: 0,
  createdAt: "2026-01-01T00:00:00.000Z",
  repoId: "r",
  repoLimit: null,
  group: null,
  groupLimit: null,
  ownLimit: false,
  batch: null,
  ...more,
});
const limits = (machine: number, groups: Record<string, number> = {}): Limits => ({ machine, groups });
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
const never = new AbortController().signal;

/** Enters and keeps a list of who is in, in the order they got in. */
function crowd(queue: Queue) {
  const inside = new Map<string, Slot>();
  const order: string[] = [];
  return {
    inside,
    order,
    enter(one: Place, signal = never) {
      return queue.enter(one, signal).then((slot) => {
        inside.set(one.id, slot);
        order.push(one.id);
      });
    },
    leave(id: string) {
      inside.get(id)?.release();
      inside.delete(id);
    },
  };
}

test("higher priority first, then first come", async () => {
  const queue = memoryQueue(limits(1));
  const all = crowd(queue);
  await all.enter(place("first"));
  void all.enter(place("b", { createdAt: "2026-01-01T00:00:02.000Z" }));
  void all.enter(place("a", { createdAt: "2026-01-01T00:00:01.000Z" }));
  void all.enter(place("urgent", { priority: 5, createdAt: "2026-01-01T00:00:03.000Z" }));
  await settle();
  assert.is(queue.waiting, 3);
  for (const id of ["first", "urgent", "a", "b"]) {
    all.leave(id);
    await settle();
  }
  assert.equal(all.order, ["first", "urgent", "a", "b"]);
  assert.is(queue.running, 0);
});

test("a full group or repository is passed over, and its release lets in all that fit now", async () => {
  const queue = memoryQueue(limits(4, { g: 1 }));
  const all = crowd(queue);
  await all.enter(place("holder", { group: "g", repoId: "r1", repoLimit: 1 }));
  void all.enter(place("same-group", { group: "g", repoId: "r2" }));
  void all.enter(place("same-repo", { repoId: "r1", repoLimit: 1 }));
  void all.enter(place("free", { repoId: "r3" }));
  await settle();
  assert.equal(all.order, ["holder", "free"]);
  all.leave("holder");
  await settle();
  // One end lets two in: p-queue alone would start only one of them.
  assert.equal([...all.order].sort(), ["free", "holder", "same-group", "same-repo"]);
});

test("an adopted run goes before everybody else, whatever its group", async () => {
  const queue = memoryQueue(limits(1, { g: 1 }));
  const all = crowd(queue);
  await all.enter(place("first", { group: "g" }));
  void all.enter(place("urgent", { priority: 100 }));
  const adopted = queue.adopt(place("adopted", { group: "g" }));
  all.leave("first");
  await settle();
  assert.equal(all.order, ["first"]);
  assert.is(queue.running, 1);
  adopted.release();
  adopted.release();
  await settle();
  assert.equal(all.order, ["first", "urgent"]);
});

test("who leaves while waiting gets no slot and holds none", async () => {
  const queue = memoryQueue(limits(1));
  const all = crowd(queue);
  await all.enter(place("first"));
  const gone = new AbortController();
  let reason: unknown;
  const waiting = all.enter(place("impatient"), gone.signal).catch((error) => {
    reason = error;
  });
  await settle();
  gone.abort("enough");
  await waiting;
  assert.is(reason, "enough");
  assert.is(queue.waiting, 0);
  const late = new AbortController();
  const second = all.enter(place("second"), late.signal);
  all.leave("first");
  await second;
  late.abort();
  await settle();
  assert.ok(all.inside.has("second"), "an abort after the slot was given takes nothing back");
  assert.is(queue.running, 1);
});

test("an already aborted wish never enters the line", async () => {
  const queue = memoryQueue(limits(1));
  try {
    await queue.enter(place("x"), AbortSignal.abort("no"));
    assert.unreachable();
  } catch (error) {
    assert.is(error, "no");
  }
  assert.is(queue.waiting + queue.running, 0);
});

test("a larger limit lets more in at once, a smaller one waits for ends", async () => {
  const queue = memoryQueue(limits(1));
  const all = crowd(queue);
  for (const id of ["a", "b", "c", "d"])
    void all.enter(place(id, { createdAt: `2026-01-01T00:00:0${all.order.length}.${id.charCodeAt(0)}Z` }));
  await settle();
  assert.is(queue.running, 1);
  queue.resize(limits(3));
  await settle();
  assert.is(queue.running, 3);
  queue.resize(limits(1));
  all.leave(all.order[0] as string);
  await settle();
  assert.is(queue.running, 2);
  assert.is(queue.waiting, 1);
  assert.throws(() => queue.resize(limits(0)), /concurrency/, "p-queue is the engine: its own check is met");
});

type Op =
  | { op: "enter"; priority: number; group: number; repo: number; adopt: boolean }
  | { op: "leave"; n: number }
  | { op: "abort"; n: number }
  | { op: "resize"; machine: number; group: number };

test("never more than any limit, nobody forgotten, order kept: against a model", async () => {
  const nat = (max: number) => fc.nat({ max });
  const op: fc.Arbitrary<Op> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant("enter" as const),
        priority: nat(2),
        group: nat(2),
        repo: nat(1),
        adopt: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      }),
    },
    { weight: 4, arbitrary: fc.record({ op: fc.constant("leave" as const), n: nat(20) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("abort" as const), n: nat(20) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("resize" as const),
        machine: fc.integer({ min: 1, max: 4 }),
        group: fc.integer({ min: 1, max: 2 }),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
      let now = limits(2, { g1: 1 });
      const queue = memoryQueue(now);
      const inside = new Map<Place, Slot>();
      const waiting = new Map<Place, AbortController>();
      const adopted = new Set<Place>();
      let n = 0;
      for (const one of ops) {
        if (one.op === "enter") {
          const it = place(`t${n}`, {
            priority: one.priority,
            createdAt: String(n++).padStart(4, "0"),
            group: one.group === 0 ? null : `g${one.group}`,
            groupLimit: one.group === 2 ? 2 : null,
            repoId: `r${one.repo}`,
            repoLimit: one.repo === 1 ? 2 : null,
          });
          if (one.adopt) {
            // A run that is under way already: in from the first moment, over any limit.
            adopted.add(it);
            inside.set(it, queue.adopt(it));
          } else {
            const signal = new AbortController();
            waiting.set(it, signal);
            queue.enter(it, signal.signal).then(
              (slot) => {
                const ahead = [...waiting.keys()].filter((other) => other !== it && compare(other, it) < 0);
                for (const other of ahead) assert.not(fitsModel(other, inside, now), `${other.id} was before ${it.id} and could have gone`);
                waiting.delete(it);
                inside.set(it, slot);
              },
              () => waiting.delete(it),
            );
          }
        } else if (one.op === "leave") {
          const it = [...inside.keys()][one.n % Math.max(1, inside.size)];
          if (it) {
            inside.get(it)?.release();
            inside.delete(it);
            adopted.delete(it);
          }
        } else if (one.op === "abort") {
          const it = [...waiting.keys()][one.n % Math.max(1, waiting.size)];
          if (it) waiting.get(it)?.abort();
        } else {
          now = limits(one.machine, { g1: one.group });
          queue.resize(now);
        }
        await settle();
        const own = [...inside.keys()].filter((it) => !adopted.has(it));
        // Limits bind those who enter; a limit that was lowered waits for ends.
        if (one.op === "enter" && !one.adopt && own.at(-1)?.id === `t${n - 1}`)
          assert.ok(inside.size <= now.machine, `${inside.size} inside, the limit is ${now.machine}`);
        for (const it of waiting.keys())
          assert.not(inside.size < now.machine && fitsModel(it, inside, now), `${it.id} waits though there is a place`);
        assert.is(queue.waiting + queue.running, waiting.size + inside.size);
      }
    }),
    { numRuns: 60 },
  );
});

function fitsModel(it: Place, inside: ReadonlyMap<Place, unknown>, now: Limits): boolean {
  const busy = [...inside.keys()];
  const group = it.group === null ? null : (now.groups[it.group] ?? it.groupLimit);
  if (group !== null && busy.filter((other) => other.group === it.group).length >= group) return false;
  return it.repoLimit === null || busy.filter((other) => other.repoId === it.repoId).length < it.repoLimit;
}

test("a paused line lets nobody in but whose run is under way already, keeps its order, and goes on where it was", async () => {
  const queue = memoryQueue({ ...limits(2), paused: true });
  const { inside, order, enter, leave } = crowd(queue);
  void enter(place("a"));
  void enter(place("b", { priority: 5 }));
  await settle();
  assert.equal([order, queue.running, queue.waiting], [[], 0, 2]);
  const adopted = queue.adopt(place("old"));
  await settle();
  assert.is(queue.running, 1);
  adopted.release();
  await settle();
  assert.equal(order, [], "a slot that comes free is nobody's");
  queue.resize(limits(1));
  await settle();
  assert.equal(order, ["b"]);
  queue.resize({ ...limits(1), paused: true });
  assert.equal([...inside.keys()], ["b"], "who is in stays in");
  leave("b");
  await settle();
  assert.equal(order, ["b"]);
  queue.resize(limits(1));
  await settle();
  assert.equal(order, ["b", "a"]);
});

test("a batch's limit is its own: two of one name in two repositories do not count in each other, unless the configuration limits that group", async () => {
  const ofBatch = (id: string, repoId: string) =>
    placeOf(someTask({ id, repoId }, { batch: "nightly", batchKey: id, group: "nightly", groupLimit: 1 }));
  const enterAll = async (queue: Queue) => {
    const all = crowd(queue);
    for (const [id, repoId] of [
      ["a1", "r"],
      ["a2", "r"],
      ["b1", "s"],
      ["b2", "s"],
    ] as const)
      void all.enter(ofBatch(id, repoId));
    void all.enter(placeOf(someTask({ id: "alone", repoId: "r" }, { group: "nightly" })));
    await settle();
    return all;
  };
  const own = await enterAll(memoryQueue(limits(10)));
  assert.equal([...own.inside.keys()].sort(), ["a1", "alone", "b1"]);
  own.leave("b1");
  await settle();
  assert.equal([...own.inside.keys()].sort(), ["a1", "alone", "b2"], "each goes on as its own do");
  const configured = await enterAll(memoryQueue(limits(10, { nightly: 2 })));
  assert.is(configured.inside.size, 2, "a group of the configuration counts over all repositories");
});

test("a crowd behind a full group costs each newcomer a look or two, not one at everybody who waits", async () => {
  let looks = 0;
  const groups = new Proxy<Record<string, number>>(
    { g: 1 },
    {
      get(all, name) {
        looks++;
        return all[String(name)];
      },
    },
  );
  const queue = memoryQueue({ machine: 3, groups });
  const all = crowd(queue);
  const count = 1000;
  for (let i = 0; i < count; i++) void all.enter(place(`t${i}`, { group: "g" }), new AbortController().signal);
  await settle();
  assert.equal([queue.running, queue.waiting], [1, count - 1]);
  assert.ok(looks < 5 * count, `${looks} looks`);
  all.leave(all.order[0] as string);
  await settle();
  assert.equal([queue.running, queue.waiting, all.order.length], [1, count - 2, 2]);
});

test.run();
