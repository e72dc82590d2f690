/** The screen of the live view: every row fits and steers nothing, whatever tasks are called and whichever keys are pressed; what changes is all that is written. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { paintFor } from "../../../src/cli/view/paint.ts";
import { widthOf } from "../../../src/cli/view/words.ts";
import { changes } from "../../../src/cli/watch/changes.ts";
import { keyOf } from "../../../src/cli/watch/keys.ts";
import { diffRows } from "../../../src/cli/watch/pages.ts";
import { screen } from "../../../src/cli/watch/screen.ts";
import { clip, fold } from "../../../src/cli/watch/text.ts";
import type { Task } from "../../../src/core/task.ts";
import { asking, factsOf, play, taskOf } from "./support.ts";

const colour = paintFor({ isTTY: true }, { LANG: "C.UTF-8", TERM: "xterm" });
const bare = paintFor({ isTTY: true }, { LANG: "C.UTF-8", NO_COLOR: "1" });
const textOf = (lines: readonly string[]): string => lines.join("\n").replace(/\u001b\[\d+[mG]/g, "");

const hostile = [
  "\u001b[2J\u001b[H gone",
  "\u001b]0;title\u0007x",
  "a\rb\bc\tq",
  "\u009b31mred",
  "\u202egnp.exe",
  "日本語のラベルはとても長いのでここで切られる",
  "👩‍👩‍👧‍👦👍🏽🇩🇪",
  `z${"\u0301".repeat(500)}algo`,
  "plain\nsecond line",
  "\ud800 half",
];

test("no text and no key makes a row too wide, one too many, or a control character", () => {
  const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: "binary", maxLength: 60 }), fc.lorem());
  const state = fc.constantFrom<Task["state"]>("queued", "preparing", "running", "blocked", "delivering", "completed", "failed", "stopped");
  const task = fc.record({ label: text, words: text, state, repo: text }).map(({ label, words, state, repo }) => ({
    ...(state === "blocked" ? asking(label, { text: words, kind: "question", options: [words, "b"] }) : taskOf(label, { state })),
    id: `id-${Math.abs([...label].reduce((sum, char) => sum * 31 + (char.codePointAt(0) ?? 0), 7) | 0)}`,
    repo,
    progress: { activity: words, filesChanged: 1, toolCalls: 1, cost: { usd: 1, inputTokens: 1, outputTokens: 1, turns: 1 } },
    failure: state === "failed" ? { stage: "run" as const, code: "X", message: words, hint: words } : null,
  }));
  const key = fc.constantFrom(..."jkGgn/?alsdrompqyw12th".split(""), "enter", "escape", "up", "down", "pagedown", "backspace", "tab");
  const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(fc.array(task, { maxLength: 12 }), fc.array(key, { maxLength: 15 }), size, text, (tasks, keys, size, words) => {
      const page = { type: "page", kind: "diff", id: tasks[0]?.id ?? null, lines: diffRows(`@@ -1 +1 @@\n+${words}`), note: "" } as const;
      const { state } = play(tasks, [...keys, page, { type: "notice", notice: { well: false, text: words } }], size);
      for (const paint of [colour, bare]) {
        const { lines, cursor } = screen(state, paint);
        assert.is(lines.length, size.rows);
        assert.ok(cursor === null || (cursor.row < size.rows && cursor.column <= size.columns), "the cursor is on the screen");
        for (const line of lines) {
          const shown = line.replace(/\u001b\[\d+[mG]/g, "");
          assert.not.match(shown, /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u, JSON.stringify(line));
          assert.ok(widthOf(shown) <= Math.max(size.columns, 1), `${widthOf(shown)} > ${size.columns}: ${JSON.stringify(line)}`);
          if (paint === bare) assert.not.match(line, /\u001b\[\d+m/);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("one task that changes writes its row, and nothing else; nothing new writes nothing", () => {
  const tasks = Array.from({ length: 200 }, (_, n) => taskOf(`task-${n}`, { state: "running" }));
  const busy = tasks.map((task, n) => (n === 5 ? { ...task, progress: { ...task.progress, activity: "step 2" } } : task));
  const size = { columns: 120, rows: 50 };
  const [before, after] = [screen(play(tasks, ["G"], size).state, colour), screen(play(busy, ["G"], size).state, colour)];
  assert.is(changes(before, after), "", "task 5 is out of sight");
  const [first, second] = [screen(play(tasks, [], size).state, colour), screen(play(busy, [], size).state, colour)];
  const bytes = changes(first, second);
  assert.ok(bytes.includes("step 2") && bytes.length < 200, JSON.stringify(bytes));
  assert.is(changes(first, first), "");
  assert.ok(changes(undefined, first).length > 2000);
});

test("wrapping is off only while the screen is drawn", () => {
  const frame = screen(play([taskOf("one")], []).state, colour);
  assert.match(changes(undefined, frame), /^\u001b\[\?2026h\u001b\[\?7l[\s\S]*\u001b\[\?7h\u001b\[\?25l\u001b\[\?2026l$/);
});

test("groups, words beside marks, evidence; narrow screens keep mark, label and word", () => {
  const tasks = [
    asking("migrate", { kind: "question", text: "Which column keeps the old id?" }),
    taskOf("audit", { state: "running", progress: { ...taskOf("x").progress, activity: "scanning src/api/" } }),
    taskOf("later"),
    taskOf("deps", { state: "completed", endedAt: "2026-01-01T00:02:00.000Z", verify: { status: "verified", checks: [] } }),
  ];
  const wide = textOf(screen(play(tasks, []).state, colour).lines);
  assert.match(wide, /^✗ 1 needs you · ● 1 running · ○ 1 queued · ✓ 1 done lately · runner up/);
  assert.match(wide, /Needs you \(1\)\n> ✗ migrate +blocked +\(10 min\) +waiting for input: Which column keeps the/);
  assert.match(wide, /Running \(1\)\n {2}● audit +running +\(10 min\) +scanning src\/api\/\nQueued \(1\)\n {2}○ later +queued/);
  assert.match(wide, /Done lately \(1\)\n {2}✓ deps +completed +\(8 min ago\) +verified/);
  const narrow = textOf(screen(play(tasks, [], { columns: 40, rows: 16 }).state, colour).lines);
  assert.match(narrow, /> ✗ migrate +blocked/);
  assert.match(narrow.replace(/\s+/g, " "), /Which column keeps the old id\?/, "all of the chosen one below the list");
});

test("without a runner it says so; without tasks it says how to make one", () => {
  const size = { columns: 120, rows: 24 };
  const facts = (tasks: readonly Task[]) => ({ ...play(tasks, [], size).state, facts: factsOf(tasks, { runner: false }) });
  assert.match(textOf(screen(facts([taskOf("one")]), colour).lines), /no runner is up: your next command starts one/);
  assert.match(textOf(screen(facts([]), colour).lines), /copse -w -b --label docs "Write the API docs"/);
});

test("a difference has git's colours, also where its lines look like headings", () => {
  const text =
    "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f\n--- x\n+++ y\n same\n\\ No newline at end of file\n@@ -9 +9 @@\n-a\n+b\ndiff --git a/y b/y";
  assert.equal(
    diffRows(text).map(({ tone }) => tone),
    ["bold", "bold", "bold", "cyan", "red", "green", "plain", "plain", "cyan", "red", "green", "bold"],
  );
});

test("text is cut and folded by columns, not by characters", () => {
  assert.is(clip("日本語", 5), "日本…");
  assert.is(clip("abc", 3), "abc");
  assert.is(clip("abcd", 3), "ab…");
  assert.is(clip("a\tb", 20), "a       b");
  assert.is(clip("\t\tb", 20).length, 17);
  assert.equal(fold("one two three", 8), ["one two", "three"]);
  assert.equal(fold("日本語日本語", 5), ["日本", "語日", "本語"]);
  assert.equal(fold("", 5), [""]);
  assert.ok(clip(`z${"\u0301".repeat(500)}`, 10).length <= 5);
});

test("keys have one name each, and unknown sequences none", () => {
  assert.equal(keyOf("\r", { name: "return" }), { name: "enter", text: "\n" });
  assert.equal(keyOf("\u0003", { name: "c", ctrl: true }), { name: "ctrl-c", text: "" });
  assert.equal(keyOf("G", { name: "g", shift: true }), { name: "G", text: "G" });
  assert.equal(keyOf("é", {}), { name: "é", text: "é" });
  assert.equal(keyOf("\u001b[99;9~", {}), { name: "none", text: "" });
});

test.run();
