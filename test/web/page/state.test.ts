/** What the page knows: rows by `rev`, events by `seq`, each once, whatever is repeated, lost or overtaken. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { TaskEvent } from "../../../src/core/events.ts";
import type { TaskAnswer } from "../../../src/web/api.ts";
import { againAfterMs, type StreamMessage, streamReader } from "../../../src/web/page/pure/sse.ts";
import {
  behind,
  emptyState,
  forgotten,
  type State,
  withAll,
  withEvents,
  withLife,
  withOlder,
  withRow,
} from "../../../src/web/page/pure/state.ts";
import { at, row } from "./row.ts";

const event = (seq: number) => ({ seq, at: at(seq), epoch: 1, type: "noted", text: String(seq) }) as unknown as TaskEvent;
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => event(from + i));
const sentences = (events: readonly TaskEvent[]) => events.map(({ seq, at }) => ({ seq, at, text: String(seq) }));
const answer = (events: readonly TaskEvent[]): TaskAnswer => ({
  task: row("a", { version: events.length }),
  events,
  story: sentences(events),
  prompt: "",
  followUps: [],
  verify: [],
  runs: [],
  checks: [],
  next: [],
});

test("any mixture of repeated, lost and late messages ends with every event once, in order", () => {
  const pieces = fc.array(fc.record({ from: fc.integer({ min: 1, max: 30 }), length: fc.integer({ min: 1, max: 6 }) }), { maxLength: 40 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 0, max: 10 }), (come, first) => {
      let state: State = withLife(emptyState, answer(upTo(1, first)));
      for (const { from, length } of come) {
        const events = upTo(from, Math.min(30, from + length - 1));
        const done = withEvents(state, "a", { events, story: sentences(events) });
        state = done.state;
        // As the page does: what is missing is asked for.
        if (done.gap) {
          const rest = upTo((state.lives.get("a")?.version ?? 0) + 1, events.at(-1)?.seq ?? 0);
          state = withEvents(state, "a", { events: rest, story: sentences(rest) }).state;
        }
      }
      const life = state.lives.get("a");
      assert.equal(
        life?.events.map(({ seq }) => seq),
        Array.from({ length: life?.version ?? 0 }, (_, i) => i + 1),
      );
      assert.equal(
        life?.story.map(({ seq }) => seq),
        life?.events.map(({ seq }) => seq),
      );
      assert.is(life?.version, Math.max(first, ...come.map(({ from, length }) => Math.min(30, from + length - 1))));
    }),
  );
});

test("a look at a task that messages have overtaken takes nothing back", () => {
  const state = withEvents(withLife(emptyState, answer(upTo(1, 2))), "a", { events: upTo(3, 5), story: [] }).state;
  assert.is(withLife(state, answer(upTo(1, 4))).lives.get("a")?.version, 5);
});

test("of lives the ones opened last are kept, however many were opened", () => {
  const named = (id: string) => ({ ...answer(upTo(1, 2)), task: row(id) });
  let state: State = emptyState;
  for (let n = 0; n < 100; n++) state = withLife(withLife(state, named("seen")), named(`other ${n}`));
  assert.is(state.lives.size, 20);
  assert.ok(state.lives.has("seen"), "one that is opened again is not an old one");
  assert.is([...state.lives.keys()].at(-1), "other 99");
  assert.is(state.rows.size, 101, "rows are not touched by that");
});

test("an older row changes nothing; after a reset the new runner's rows count from the beginning", () => {
  const state = withRow(emptyState, row("a", { rev: 7, activity: "new" }));
  assert.is(withRow(state, row("a", { rev: 6, activity: "old" })), state);
  assert.is(withRow(forgotten(state), row("a", { rev: 1, activity: "newest" })).rows.get("a")?.activity, "newest");
});

test("a look at all tasks keeps what came meanwhile and older ones, and lets go of what is gone", () => {
  let state = emptyState;
  for (const one of [row("gone"), row("stays"), row("older", { state: "completed", endedAt: at(1) })]) state = withRow(state, one);
  state = withRow(forgotten(state), row("came", { rev: 1 }));
  state = withAll(state, {
    epoch: 2,
    tasks: [row("stays", { rev: 1 }), row("ended", { state: "completed", endedAt: at(5) })],
    more: false,
  });
  assert.equal([...state.rows.keys()].sort(), ["came", "ended", "older", "stays"]);
});

test("older ones that are asked for replace nothing", () => {
  const state = withOlder(withRow(emptyState, row("a", { activity: "now" })), {
    epoch: 1,
    tasks: [row("a", { rev: 9, activity: "old" }), row("b")],
    more: true,
  });
  assert.is(state.rows.get("a")?.activity, "now");
  assert.ok(state.rows.has("b") && state.more);
});

test("what is behind after a reset is known by the versions", () => {
  const state = withLife(emptyState, answer(upTo(1, 4)));
  assert.equal(behind(state, { a: 4, b: 9 }), []);
  assert.equal(behind(state, { a: 5 }), ["a"]);
});

test("a stream is read the same in whatever pieces it comes", () => {
  const text = ': hello\n\nid: 1-1\nevent: task\ndata: {"a":1}\n\n: beat\n\nevent: output\r\ndata: one\r\ndata: two\r\n\r\n';
  const wanted: StreamMessage[] = [
    { event: "task", data: '{"a":1}', id: "1-1" },
    { event: "output", data: "one\ntwo", id: undefined },
  ];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
      const got: StreamMessage[] = [];
      const feed = streamReader((message) => got.push(message));
      for (let from = 0, i = 0; from < text.length; i++) {
        const to = from + (sizes[i % sizes.length] as number);
        feed(text.slice(from, to));
        from = to;
      }
      assert.equal(got, wanted);
    }),
  );
});

test("pauses between attempts grow to some seconds and no further", () => {
  assert.equal(
    [0, 1, 3, 20].map((n) => againAfterMs(n, 0.5)),
    [400, 800, 3200, 8000],
  );
});

test.run();
