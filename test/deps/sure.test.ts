/** Nothing is called a culprit that has failed only once: the search over checks that fail for no reason now and then. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keyOf, type UpdateSet } from "../../src/deps/search.ts";
import { flakyOf, nextSure, type Tried } from "../../src/deps/sure.ts";

/** Plays a search to its end; `fails`: does the n-th check of this set fail? */
function play(count: number, fails: (set: UpdateSet, nth: number) => boolean, atOnce = 2) {
  const tried: Tried[] = [];
  for (;;) {
    const next = nextSure(count, tried);
    if (next.to !== "check") return { next, tried };
    assert.ok(next.sets.length > 0);
    assert.is(new Set(next.sets.map(keyOf)).size, next.sets.length, "a set is asked for once");
    for (const set of next.sets.slice(0, atOnce)) {
      const nth = tried.filter((one) => keyOf(one.set) === keyOf(set)).length + 1;
      assert.ok(nth <= 2, `{${set}} is not checked a third time`);
      tried.push({ set, ok: !fails(set, nth), stage: "check", whole: next.whole || nth > 1 });
    }
  }
}

const kept = ({ next }: ReturnType<typeof play>) => (next.to === "end" ? next.kept : next.to);

test("a culprit is checked twice, one that fails once is kept and called flaky", () => {
  const culprit = play(8, (set) => set.includes(3));
  assert.equal(kept(culprit), [0, 1, 2, 4, 5, 6, 7]);
  assert.is(culprit.tried.filter(({ set }) => keyOf(set) === "3").length, 2);
  assert.equal(flakyOf(culprit.tried), []);
  const flaky = play(4, (set, nth) => set.includes(0) || (keyOf(set) === "1" && nth === 1));
  assert.equal(kept(flaky), [1, 2, 3]);
  assert.equal(flakyOf(flaky.tried), [[1]]);
});

test("all at once fails once and nothing else does: all are kept", () => {
  const ran = play(6, (set, nth) => set.length === 6 && nth === 1);
  assert.equal(kept(ran), [0, 1, 2, 3, 4, 5]);
  assert.equal(flakyOf(ran.tried), [[0, 1, 2, 3, 4, 5]]);
});

test("the baseline is checked once; what cannot be installed is not repeated", () => {
  const red = play(3, (set) => set.length === 0);
  assert.equal(red.next, { to: "stop", why: "baseline" });
  assert.is(red.tried.filter(({ set }) => set.length === 0).length, 1);
  const tried: Tried[] = [
    { set: [], ok: true, stage: "check", whole: true },
    { set: [0], ok: false, stage: "install", whole: true },
  ];
  const next = nextSure(1, tried);
  assert.equal(next, { to: "end", kept: [], reverted: [{ update: 0, conflict: [0] }] });
});

test("whatever fails once each, and whatever truly conflicts: what is reverted has failed twice, what is kept has passed", () => {
  const world = fc.integer({ min: 1, max: 6 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      conflicts: fc.array(fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
      wind: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      atOnce: fc.integer({ min: 1, max: 4 }),
    }),
  );
  fc.assert(
    fc.property(world, ({ count, conflicts, wind, atOnce }) => {
      let n = 0;
      const isTrue = (set: UpdateSet) => conflicts.some((some) => some.every((one) => set.includes(one)));
      const ran = play(count, (set, nth) => isTrue(set) || (set.length > 0 && nth === 1 && wind[n++ % wind.length] === true), atOnce);
      if (ran.next.to !== "end") throw new assert.Assertion({ message: "it came to no end" } as never);
      const { next, tried } = ran;
      const runs = (set: UpdateSet) => tried.filter((one) => keyOf(one.set) === keyOf(set));
      for (const { conflict } of next.reverted) {
        assert.is(runs(conflict).filter(({ ok }) => !ok).length, 2, `{${conflict}} has failed twice`);
        assert.ok(isTrue(conflict), `{${conflict}} does conflict`);
      }
      assert.not.ok(isTrue(next.kept));
      assert.ok(next.kept.length === 0 || runs(next.kept).some(({ ok, whole }) => ok && whole), "what is kept has passed as it is");
      assert.is(next.kept.length + next.reverted.length, count);
    }),
    { numRuns: 60 },
  );
});

test.run();
