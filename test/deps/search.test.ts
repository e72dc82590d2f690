/** The search for culprits: what it keeps has passed, what it reverts has a reason, and it takes no more checks than it says. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keyOf, mostChecks, type Next, nextOf, type UpdateSet } from "../../src/deps/search.ts";

interface Walk {
  readonly end: Next;
  readonly outcomes: ReadonlyMap<string, boolean>;
  readonly checks: readonly UpdateSet[];
  readonly rounds: number;
}

/** Answers every question with `fails`, at most `limit` at once, as a campaign does. */
function search(count: number, fails: (set: UpdateSet) => boolean, limit = Number.POSITIVE_INFINITY): Walk {
  const outcomes = new Map<string, boolean>();
  const checks: UpdateSet[] = [];
  for (let rounds = 0; ; rounds++) {
    const end = nextOf(count, outcomes);
    if (end.to !== "check") return { end, outcomes, checks, rounds };
    assert.ok(end.sets.length > 0, "it always knows what to check next");
    for (const set of end.sets.slice(0, limit)) {
      assert.not(outcomes.has(keyOf(set)), `${keyOf(set)} was checked before`);
      checks.push(set);
      outcomes.set(keyOf(set), !fails(set));
    }
  }
}

const ended = ({ end }: Walk) => {
  if (end.to !== "end") throw new Error(`ended with ${JSON.stringify(end)}`);
  return end;
};
const failsWith =
  (...conflicts: UpdateSet[]) =>
  (set: UpdateSet) =>
    conflicts.some((one) => one.every((update) => set.includes(update)));

test("all well: two checks", () => {
  const walk = search(15, () => false);
  assert.equal(ended(walk).kept.length, 15);
  assert.equal(walk.checks.length, 2);
});

test("nothing to do: only the baseline is checked", () => {
  assert.equal(search(0, () => false).checks, [[]]);
});

test("a red baseline stops it", () => {
  for (const [limit, checks] of [
    [1, [0]],
    [4, [0, 15]],
  ] as const) {
    const walk = search(15, () => true, limit);
    assert.equal(walk.end, { to: "stop", why: "baseline" });
    assert.equal(
      walk.checks.map(({ length }) => length),
      checks,
      "all at once is begun beside it, nothing else",
    );
  }
});

test("one culprit of fifteen is found, and the rest passes", () => {
  for (let bad = 0; bad < 15; bad++) {
    const walk = search(15, failsWith([bad]));
    assert.equal(ended(walk).reverted, [{ update: bad, conflict: [bad] }]);
    assert.equal(ended(walk).kept.length, 14);
    assert.ok(walk.checks.length <= 11, `${walk.checks.length} checks`);
    assert.ok(walk.rounds <= 4, `${walk.rounds} rounds`);
  }
});

test("two that fail only together: one of them goes, and the reason names both", () => {
  for (let a = 0; a < 9; a++)
    for (let b = a + 1; b < 9; b++)
      assert.equal(ended(search(9, failsWith([a, b]))).reverted, [{ update: b, conflict: [a, b] }], `${a} and ${b}`);
});

test("one that went for another that went too is tried again", () => {
  // 0 with 5 are seen in the first round; 5 goes. Then 0 fails with 3 and 4, and goes as well.
  const { kept, reverted } = ended(search(6, failsWith([0, 3], [0, 5], [0, 4], [3, 4])));
  assert.not(failsWith([0, 3], [0, 5], [0, 4], [3, 4])(kept));
  for (const { update } of reverted) assert.ok(failsWith([0, 3], [0, 5], [0, 4], [3, 4])([...kept, update]), `${update} could be kept`);
});

const size = fc.integer({ min: 1, max: 24 });
const interactions = size.chain((count) =>
  fc.record({
    count: fc.constant(count),
    conflicts: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: Math.min(3, count) }), {
      maxLength: 5,
    }),
    limit: fc.integer({ min: 1, max: 6 }),
  }),
);

function holds({ count, fails, limit }: { count: number; fails: (set: UpdateSet) => boolean; limit: number }): Walk {
  const walk = search(count, fails, limit);
  const { kept, reverted } = ended(walk);
  assert.equal(
    [...kept, ...reverted.map(({ update }) => update)].sort((a, b) => a - b),
    Array.from({ length: count }, (_, i) => i),
  );
  if (kept.length > 0) assert.equal(walk.outcomes.get(keyOf(kept)), true, "what is kept was checked as it is");
  for (const { update, conflict } of reverted) {
    assert.ok(conflict.includes(update));
    assert.equal(walk.outcomes.get(keyOf(conflict)), false, "the reason was checked, and failed");
  }
  return walk;
}

test("whatever fails together: what is kept has passed, no update could be added, the reasons are least, and the bound holds", () => {
  fc.assert(
    fc.property(interactions, ({ count, conflicts, limit }) => {
      const fails = failsWith(...conflicts);
      const walk = holds({ count, fails, limit });
      const { kept, reverted } = ended(walk);
      for (const { update } of reverted) assert.ok(fails([...kept, update]), `${update} could be kept`);
      const most = mostChecks(count, conflicts.length, conflicts);
      assert.ok(walk.checks.length <= most, `${walk.checks.length} checks, at most ${most} expected`);
    }),
    { numRuns: 500 },
  );
});

test("against all sets there are, for up to seven: none larger passes, whoever is in no conflict stays, and every reason is a least conflict", () => {
  const few = fc.integer({ min: 1, max: 7 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      conflicts: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
      limit: fc.integer({ min: 1, max: 6 }),
    }),
  );
  fc.assert(
    fc.property(few, ({ count, conflicts, limit }) => {
      const fails = failsWith(...conflicts);
      const { kept, reverted } = ended(holds({ count, fails, limit }));
      const all = Array.from({ length: 2 ** count }, (_, bits) =>
        Array.from({ length: count }, (_, i) => i).filter((i) => bits & (1 << i)),
      );
      const larger = all.filter((set) => set.length > kept.length && kept.every((one) => set.includes(one)));
      assert.equal(
        larger.filter((set) => !fails(set)),
        [],
        `more could be kept than ${keyOf(kept)}`,
      );
      const least = all.filter((set) => fails(set) && set.every((one) => !fails(set.filter((other) => other !== one))));
      for (let one = 0; one < count; one++) {
        if (!least.some((set) => set.includes(one))) assert.ok(kept.includes(one), `${one} has no part in anything`);
        if (fails([one])) assert.equal(reverted.find(({ update }) => update === one)?.conflict, [one], `${one} fails alone`);
      }
      for (const { conflict } of reverted)
        assert.ok(
          least.some((set) => keyOf(set) === keyOf([...conflict].sort())),
          `${keyOf(conflict)} is not least`,
        );
    }),
    { numRuns: 1500 },
  );
});

test("d culprits of n, each alone: about 2 d log2(n/d) checks, and rounds by the fourth logarithm", () => {
  const some = fc.integer({ min: 2, max: 200 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      bad: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: Math.min(count, 12) }),
    }),
  );
  fc.assert(
    fc.property(some, ({ count, bad }) => {
      const walk = search(count, (set) => set.some((one) => bad.includes(one)));
      assert.equal(
        ended(walk).reverted.map(({ update }) => update),
        [...bad].sort((a, b) => a - b),
      );
      const d = bad.length;
      const most = 2 * d * Math.log2(count / d) + 6 * d + 3;
      assert.ok(walk.checks.length <= most, `${walk.checks.length} checks for ${d} of ${count}, at most ${most.toFixed(1)} expected`);
      assert.ok(walk.rounds <= 3 + Math.ceil(Math.log2(count) / 2), `${walk.rounds} rounds for ${count}`);
    }),
    { numRuns: 400 },
  );
});

test("even when outcomes make no sense, it ends with something that has passed", () => {
  fc.assert(
    fc.property(size, fc.func(fc.boolean()), fc.integer({ min: 1, max: 6 }), (count, random, limit) => {
      holds({ count, limit, fails: (set) => set.length > 0 && random(keyOf(set)) });
    }),
    { numRuns: 300 },
  );
});

test.run();
