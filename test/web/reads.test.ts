/** What the dashboard reads: pieces of a recording by their bytes, spans of slots, batches as a graph, and which program opens it. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, TaskEvent } from "../../src/core/events.ts";
import { noProgress } from "../../src/core/task.ts";
import { runDir } from "../../src/store/paths.ts";
import { browserOf } from "../../src/system/open-browser.ts";
import { batchRows, batchView } from "../../src/web/batches.ts";
import { logPart, wantedOf } from "../../src/web/log-part.ts";
import { spansOf, withSlots } from "../../src/web/timeline.ts";
import { request, someTask } from "../support/task-made.ts";

const ended = someTask({ state: "completed", run: 1, runStarted: null });

function withOutput(text: string, look: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "copse-part-"));
  try {
    mkdirSync(runDir(dir, 1));
    writeFileSync(join(runDir(dir, 1), "out"), text);
    look(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const piece = (dir: string, from: number, length: number, task = ended) => logPart(task, dir, { run: 1, stream: "out", from, length });

test("a recording read in pieces of any size, downwards or upwards, is the whole of it, each line once", () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom("a", "ä", "😀", " ", "{", '"'), maxLength: 30 }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 60 }), fc.boolean(), (all, length, whole) => {
      const text = all.join("\n") + (whole ? "\n" : "");
      withOutput(text, (dir) => {
        const down: string[] = [];
        for (let at = 0; ; ) {
          const part = piece(dir, at, length);
          assert.is(part.from, at);
          down.push(...part.lines.map((line) => line.text));
          if (part.to === part.size) break;
          assert.ok(part.to > at, "it goes on");
          at = part.to;
        }
        const wanted = text.replace(/\n$/, "") === "" && text === "" ? [] : text.replace(/\n$/, "").split("\n");
        assert.equal(down, wanted);
        let up: string[] = [];
        const bytes = Buffer.byteLength(text);
        for (let top = bytes; top > 0; ) {
          const from = Math.max(0, top - length);
          const part = piece(dir, from, top - from);
          if (part.lines.length > 0) up = [...part.lines.filter((line) => line.at < top).map((line) => line.text), ...up];
          top = part.lines.length > 0 ? part.from : from;
        }
        assert.equal(up, wanted);
      });
    }),
    { numRuns: 200 },
  );
});

test("what is still being written is waited for; the end is found from the end; long lines are cut in what is shown", () => {
  const running = someTask({ state: "running", run: 1, runStarted: true });
  withOutput("one\ntwo\nthr", (dir) => {
    const now = piece(dir, 0, 1000, running);
    assert.equal([now.lines.map((line) => line.text), now.to, now.size, now.ended], [["one", "two"], 8, 11, false]);
    assert.equal(
      piece(dir, 0, 1000).lines.map((line) => line.text),
      ["one", "two", "thr"],
      "once it has ended",
    );
    const tail = piece(dir, -6, 1000);
    assert.equal([tail.from, tail.lines.map((line) => line.text)], [8, ["thr"]]);
    assert.equal(piece(dir, 1e9, 10).lines, []);
  });
  withOutput(`${"x".repeat(500_000)}\nend\n`, (dir) => {
    const part = piece(dir, 0, 1000);
    assert.is(part.to, 500_001, "a line that is longer than asked for comes whole");
    assert.match(part.lines[0]?.text ?? "", /^x{8000}… \(500000 characters\)$/);
    assert.equal(
      piece(dir, 500_001, 1000).lines.map((line) => line.text),
      ["end"],
    );
  });
  const none = logPart(ended, "/nowhere", { run: 3, stream: "out", from: 0, length: 10 });
  assert.equal([none.size, none.lines], [0, []]);
});

test("secrets and control characters are not in what is shown, and a query that asks for something else is refused", () => {
  withOutput("token ghp_abcdefghijklmnopqrstuvwxyz0123\n\u001b]0;title\u0007red\n", (dir) => {
    assert.equal(
      piece(dir, 0, 1000).lines.map((line) => line.text),
      ["token [secret]", "red"],
    );
    const activity = logPart(ended, dir, { run: 1, stream: "activity", from: 0, length: 1000 });
    assert.equal(
      activity.lines.map(({ kind, text }) => [kind, text]),
      [
        ["log", "token [secret]"],
        ["log", "red"],
      ],
    );
  });
  for (const query of ["stream=../x", "stream=prompt", "run=0", "run=a", "run=../1", "from=x", "length=0", "length=-1", "from=1e3"])
    assert.throws(() => wantedOf(ended, new URLSearchParams(query)), "expected", query);
  assert.is(wantedOf(ended, new URLSearchParams("length=999999999")).length, 256 * 1024);
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
function log(id: string, ...facts: readonly (readonly [number, Fact])[]): TaskEvent[] {
  const added: Fact = { type: "added", format: 1, id, label: id, slug: id, repo: "/r", repoId: "0", cwd: "/r", request: request() };
  return [[0, added] as const, ...facts].map(([second, fact], i) => ({ seq: i + 1, at: at(second), epoch: 1, ...fact }) as TaskEvent);
}
const identity = { pid: 1, start: "1", boot: "b" };
const life = (id: string, from: number, to: number | null): TaskEvent[] =>
  log(
    id,
    [from, { type: "slot-taken" }],
    [from, { type: "run-starting", run: 1, sessionId: null }],
    [from + 1, { type: "run-started", run: 1, identity }],
    ...(to === null
      ? []
      : [
          [
            to,
            {
              type: "run-ended",
              run: 1,
              exitCode: 0,
              summary: null,
              progress: noProgress,
              after: { to: "deliver", outcome: { kind: "completed" } },
            },
          ] as const,
        ]),
  );

test("who held a slot when: preparing, running, open while it lasts; no two overlap in one slot", () => {
  assert.equal(
    spansOf(life("a", 10, 20), at(0)).map(({ doing, run, from, to }) => [doing, run, from, to]),
    [
      ["preparing", 1, at(10), at(11)],
      ["running", 1, at(11), at(20)],
    ],
  );
  assert.is(spansOf(life("a", 10, null), at(0)).at(-1)?.to, null);
  assert.equal(spansOf(life("a", 10, 20), at(30)), [], "over before that");
  const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 2, max: 15 })), { maxLength: 15 });
  fc.assert(
    fc.property(times, (tasks) => {
      const spans = withSlots(tasks.flatMap(([from, long], i) => spansOf(life(`t${i}`, from, i % 5 === 4 ? null : from + long), at(0))));
      for (const one of spans)
        for (const other of spans)
          if (one !== other && one.slot === other.slot) assert.ok((one.to ?? "~") <= other.from || (other.to ?? "~") <= one.from);
      const most = Math.max(0, ...spans.map(({ from }) => spans.filter((one) => one.from <= from && (one.to ?? "~") > from).length));
      assert.is(new Set(spans.map(({ slot }) => slot)).size, most, "no more slots than were taken at once");
    }),
    { numRuns: 100 },
  );
});

test("a batch is a graph of the newest of its tasks, with its way and its numbers", () => {
  const task = (id: string, key: string, needs: readonly string[], from: number, to: number | null, createdAt = at(0)) =>
    someTask(
      {
        id,
        label: key,
        createdAt,
        startedAt: at(from),
        endedAt: to === null ? null : at(to),
        state: to === null ? "running" : "completed",
      },
      { batch: "n", batchKey: key, batchNeeds: needs } as never,
    );
  const made = [
    task("a0", "a", [], 0, 1),
    task("a1", "a", [], 0, 10, at(1)),
    task("b", "b", ["a"], 10, 40),
    task("c", "c", ["a"], 10, null),
    task("d", "d", ["b", "gone"], 40, 41),
  ];
  const view = batchView(made, () => 5, new Date(at(20)));
  assert.equal(
    view.tasks.map(({ id, key, needs, workMs }) => [id, key, needs, workMs]),
    [
      ["a1", "a", [], 10_000],
      ["b", "b", ["a1"], 30_000],
      ["c", "c", ["a1"], 10_000],
      ["d", "d", ["b"], 1000],
    ],
  );
  assert.equal([view.critical, view.criticalMs], [["a1", "b", "d"], 41_000]);
  assert.equal([view.total, view.byState, view.budgetUsd], [4, { completed: 3, running: 1 }, 5]);
  assert.equal(
    batchRows([...made, someTask()], () => null).map(({ name, total }) => [name, total]),
    [["n", 4]],
  );
});

test("what opens it: the person's own word first, else the system's, and nothing where nobody sees it", () => {
  const has =
    (...names: readonly string[]) =>
    (name: string) =>
      names.includes(name);
  assert.equal(browserOf({ BROWSER: "nope:firefox --new-window %s" }, "linux", has("firefox")), ["firefox", "--new-window", "%s"]);
  assert.equal(browserOf({ DISPLAY: ":0" }, "linux", has("xdg-open")), ["xdg-open"]);
  assert.equal(browserOf({ WAYLAND_DISPLAY: "w" }, "linux", has("xdg-open")), ["xdg-open"]);
  assert.is(browserOf({}, "linux", has("xdg-open")), undefined);
  assert.is(browserOf({ DISPLAY: ":0" }, "linux", has()), undefined);
  assert.equal(browserOf({ WSL_DISTRO_NAME: "D" }, "linux", has("wslview")), ["wslview"]);
  assert.equal(browserOf({}, "darwin", has("open")), ["open"]);
  assert.is(browserOf({ SSH_CONNECTION: "x" }, "darwin", has("open")), undefined);
});

test.run();
