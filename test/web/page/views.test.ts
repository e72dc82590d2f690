/** The pure parts behind the views: windows of long lists and logs, diffs, drawings, addresses, keys, the form, moving in the line. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { LogLine, LogPart } from "../../../src/web/api.ts";
import { commandLine, commandOf } from "../../../src/web/levers.ts";
import { diffRows } from "../../../src/web/page/pure/diff-lines.ts";
import { fieldsOf, nothingTyped, wrongIn } from "../../../src/web/page/pure/form.ts";
import { draw } from "../../../src/web/page/pure/graph.ts";
import { deedOf } from "../../../src/web/page/pure/keys.ts";
import { held, withNext, withPrevious } from "../../../src/web/page/pure/log-window.ts";
import { moveInLine } from "../../../src/web/page/pure/reorder.ts";
import { readRoute, writeRoute } from "../../../src/web/page/pure/route.ts";
import { ticksOf } from "../../../src/web/page/pure/scale.ts";
import { shown, shownLine } from "../../../src/web/page/pure/text.ts";
import { scrollTo, sliceAt, sliceOf, topsOf } from "../../../src/web/page/pure/window.ts";

test("every row in sight is drawn, and only a few besides", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 10, max: 60 }), { maxLength: 300 }), fc.integer({ min: 0, max: 9000 }), (heights, scroll) => {
      const tops = topsOf(heights);
      const { first, end } = sliceAt(tops, scroll, 400);
      for (const [i] of heights.entries()) {
        const inSight = (tops[i + 1] as number) > scroll && (tops[i] as number) < scroll + 400;
        if (inSight) assert.ok(i >= first && i < end, `row ${i} of ${first}…${end}`);
      }
      assert.ok(end - first <= 400 / 10 + 14);
    }),
  );
  assert.equal(sliceOf(1_000_000, 19, 1_900_000, 600, 5), { first: 99_995, end: 100_037 });
});

test("a row is scrolled to no further than needed", () => {
  const tops = topsOf([30, 54, 54, 54]);
  assert.is(scrollTo(tops, 3, 0, 100), 92);
  assert.is(scrollTo(tops, 1, 60, 100), 30);
  assert.is(scrollTo(tops, 1, 20, 100), 20);
});

test("a diff's lines have their numbers, and what looks like a header inside of it is a line", () => {
  const rows = diffRows("@@ -1,3 +1,3 @@ f()\n same\n--- a/x\n+++ b/<script>\n last\n\\ No newline at end of file\n@@ -9 +9,0 @@\n-gone\n");
  assert.equal(
    rows.map(({ kind, old, now, text }) => `${kind} ${old ?? "."} ${now ?? "."} ${text}`),
    [
      "hunk . . @@ -1,3 +1,3 @@ f()",
      "same 1 1 same",
      "del 2 . -- a/x",
      "add . 2 ++ b/<script>",
      "same 3 3 last",
      "note . . No newline at end of file",
      "hunk . . @@ -9 +9,0 @@",
      "del 9 . gone",
    ],
  );
});

test("any lines, whatever they say, come back from a diff as they are", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((line) => !/[\n]/.test(line)),
        { minLength: 1 },
      ),
      (lines) => {
        const rows = diffRows(`@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join("")}`);
        assert.equal(
          rows.slice(1).map(({ text }) => text),
          lines,
        );
      },
    ),
  );
});

test("a drawing has each task right of all it waits for, and no two in one place", () => {
  const dag = fc
    .integer({ min: 1, max: 30 })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => fc.subarray(Array.from({ length: i }, (_, k) => String(k))))));
  fc.assert(
    fc.property(dag, (needs) => {
      const { knots, lines } = draw(needs.map((one, i) => ({ key: String(i), needs: one })));
      const column = new Map(knots.map((knot) => [knot.key, knot.column]));
      for (const { from, to } of lines) assert.ok((column.get(from) as number) < (column.get(to) as number));
      assert.is(lines.length, needs.flat().length);
      assert.is(new Set(knots.map(({ column, row }) => `${column} ${row}`)).size, needs.length);
    }),
    { numRuns: 50 },
  );
});

test("a circle is drawn without the line that closes it", () => {
  assert.is(
    draw([
      { key: "a", needs: ["b"] },
      { key: "b", needs: ["a"] },
    ]).lines.length,
    1,
  );
});

const lineAt = (at: number): LogLine => ({ at, kind: "log", text: String(at) });
const part = (from: number, to: number): LogPart => ({
  run: 1,
  stream: "out",
  from,
  to,
  size: 1000,
  ended: false,
  lines: Array.from({ length: (to - from) / 10 }, (_, i) => lineAt(from + i * 10)),
});

test("a log that grows at both ends stays whole and is cut at the far one", () => {
  const now = withNext(held(part(100, 200)), part(200, 260), 12);
  assert.equal([now.from, now.to, now.lines.length, now.lines[0]?.at], [140, 260, 12, 140]);
  const before = withPrevious(now, part(100, 140), 12);
  assert.equal([before.from, before.to, before.lines.at(-1)?.at], [100, 220, 210]);
  assert.equal(
    withNext(before, part(220, 260), 100).lines.map(({ at }) => at),
    Array.from({ length: 16 }, (_, i) => 100 + i * 10),
  );
});

test("a part that is there already changes nothing, one from elsewhere takes its place", () => {
  const now = held(part(100, 200));
  assert.is(withNext(now, part(150, 200), 100), now);
  assert.is(withPrevious(now, part(0, 50), 100), now);
  assert.is(withNext(now, part(500, 600), 100).from, 500);
});

test("addresses lead where they were made for, and a broken one home", () => {
  for (const route of [
    { view: "task", id: "ab/c %", tab: "diff" },
    { view: "batch", repo: "r", name: "a/b" },
    { view: "queue" },
    { view: "home" },
  ] as const)
    assert.equal(readRoute(writeRoute(route)), route);
  for (const hash of ["", "#", "#/nowhere", "#/task/", "#/task/%E0%A4%A/x", "#/batch/r"])
    assert.equal(readRoute(hash), { view: "home" }, hash);
});

test("letters are keys only where nobody writes", () => {
  const press = { key: "s", ctrlKey: false, metaKey: false, altKey: false, writing: false, inDialog: false };
  assert.is(deedOf(press, false), "stop");
  for (const more of [{ writing: true }, { inDialog: true }, { ctrlKey: true }, { metaKey: true }, { key: "x" }])
    assert.is(deedOf({ ...press, ...more }, false), undefined, JSON.stringify(more));
  assert.is(deedOf({ ...press, key: "Enter" }, true), undefined, "Enter on a button is the button's");
  assert.is(deedOf({ ...press, key: "Enter" }, false), "open");
  assert.is(deedOf({ ...press, key: "Escape", writing: true }, false), "back");
});

test("the form gives only what was typed, and its command line is the one that is run", () => {
  const typed = {
    ...nothingTyped,
    prompt: " fix it's login ",
    verify: "npm test\n\nnpm run lint",
    tags: "a, b",
    timeout: "45m",
    retries: "1",
    onFailure: "hold",
  };
  const fields = fieldsOf(typed);
  assert.equal(fields, { prompt: "fix it's login", verify: ["npm test", "npm run lint"], tags: ["a", "b"], timeout: "45m", retries: 1 });
  assert.is(
    commandLine(commandOf({ do: "run", repo: "/r", fields })),
    "copse run --background '--verify=npm test' '--verify=npm run lint' --tag=a --tag=b --timeout=45m --retries=1 'fix it'\\''s login'",
  );
  assert.equal(wrongIn(typed), {});
  assert.equal(Object.keys(wrongIn({ ...nothingTyped, timeout: "soon", retries: "-1", maxCost: "x", priority: "1.5" })).sort(), [
    "maxCost",
    "priority",
    "prompt",
    "retries",
    "timeout",
  ]);
});

test("one up is above whoever stands there", () => {
  const line = [
    { id: "a", priority: 2 },
    { id: "b", priority: 0 },
    { id: "c", priority: 0 },
  ];
  assert.is(moveInLine(line, 2, 1), 1);
  assert.is(moveInLine(line, 1, 0), 3);
  assert.is(moveInLine(line, 0, 1), -1);
  assert.is(moveInLine(line, 0, -1), null);
  assert.is(moveInLine(line, 2, 3), null);
});

test("a scale has round moments, not too many", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 300_000_000 }), (ms) => {
      assert.ok(ticksOf(1_700_000_000_000, 1_700_000_000_000 + ms).length <= 10);
    }),
  );
});

const hostile = fc.constantFrom(..."a ]m;[0\u0007\u001b\u009b\r\n\t\b\u0000\u007f\u202e\u2066\u200f\u2028\ufeff\u{e0041}é漢");

test("shown text has no character that steers, whatever came", () => {
  fc.assert(
    fc.property(fc.string({ unit: hostile }), (text) => {
      assert.not.match(shown(text), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
      assert.not.match(shownLine(text, 50), /[\n\t]/);
    }),
  );
  assert.is(shown("a\u001b]0;title\u0007b\u001b[2Jc\r\n"), "abc\n");
});

test.run();
