/** `copse watch` over many tasks and over hostile ones: what it writes is what has changed, and nothing a task holds reaches the terminal but as text. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Task } from "../../src/core/task.ts";
import { entryLine } from "../../src/store/index-file.ts";
import { submit } from "../support/run-script.ts";
import { agent, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { someTask } from "../support/task-made.ts";
import { type Watched, watched } from "../support/watched.ts";

/** With 60 hours: long enough ago for times to stand still, as days. */
const begun = Date.now();
const hoursAgo = (hours: number) => new Date(begun - hours * 3_600_000 - 10_000).toISOString();

const made = (n: number, more: Partial<Task>): Task =>
  someTask({ id: `t${n}`, label: `task-${n}`, repoId: "0123456789abcdef", since: hoursAgo(60), createdAt: hoursAgo(60), ...more });

const active = (activity: string): Task["progress"] => ({
  activity,
  filesChanged: 0,
  toolCalls: 1,
  cost: { usd: 0.5, inputTokens: 1, outputTokens: 1, turns: 1 },
});

function inBox(name: string, work: (box: Sandbox, screen: Watched, index: string) => Promise<void>): void {
  test(name, async () => {
    const box = await sandbox();
    const screen = await watched(box);
    try {
      mkdirSync(box.state, { recursive: true, mode: 0o700 });
      await work(box, screen, join(box.state, "index.jsonl"));
    } finally {
      screen.close();
      await box.close();
    }
  });
}

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

inBox("200 tasks: idle it writes nothing; one that changes writes its row, at most ten times a second", async (box, screen, index) => {
  const running = { state: "running", runStartedAt: hoursAgo(60), runStarted: true, run: 1 } as const;
  writeFileSync(index, Array.from({ length: 200 }, (_, n) => entryLine(made(n, { ...running, progress: active("at work") }), 1)).join(""));
  await screen.watch("Running (200)");
  const raw = join(box.dir, "raw");
  screen.record(raw);
  await sleep(3000);
  assert.is(existsSync(raw) ? readFileSync(raw, "utf8") : "", "", "idle");

  const from = Date.now();
  let changes = 0;
  for (; Date.now() - from < 4000; changes++) {
    appendFileSync(index, entryLine(made(7, { ...running, progress: active(`step ${changes}`) }), 1));
    await sleep(20);
  }
  await screen.shows(`step ${changes - 1}`);
  const seconds = (Date.now() - from) / 1000;
  const bytes = readFileSync(raw, "utf8");
  const frames = bytes.split("\u001b[?2026h").length - 1;
  console.log(
    `${changes} changes of one of 200 tasks in ${seconds.toFixed(1)} s: ${frames} drawings, ${Math.round(bytes.length / seconds)} bytes a second`,
  );
  assert.ok(frames > 4 && frames <= 10 * seconds + 1, `${frames} drawings in ${seconds} s`);
  assert.not.match(bytes, /\u001b\[2J/, "never the whole screen");
  assert.ok(bytes.length / frames < 300, `${bytes.length / frames} bytes a drawing`);
  assert.not.match(bytes, /task-8/, "no row of another");

  // Moving the choice: two rows and what is said of the chosen one.
  const before = sizeOf(raw);
  screen.press("j");
  await screen.shows("> ● task-1");
  await sleep(300);
  assert.ok(sizeOf(raw) - before < 900, `${sizeOf(raw) - before} bytes for a step`);
  screen.press("G");
  await screen.shows("> ● task-199");
  screen.press("q");
  await screen.atPrompt();
});

inBox("ten thousand finished tasks: the last are shown, and a change is seen at once", async (_box, screen, index) => {
  const ended = (n: number) =>
    made(n, {
      state: "completed",
      endedAt: new Date(Date.now() - (10_000 - n) * 1000).toISOString(),
      verify: { status: "verified", checks: [] },
    });
  writeFileSync(index, Array.from({ length: 10_000 }, (_, n) => entryLine(ended(n), 1)).join(""));
  await screen.watch("Done lately (50)");
  await screen.shows("task-9999");
  appendFileSync(
    index,
    entryLine(made(5, { state: "blocked", needs: { kind: "question", text: "Which?", since: hoursAgo(0), source: "stream" } }), 1),
  );
  const from = Date.now();
  await screen.shows("Needs you (1)");
  console.log(`a question among 10,000 finished tasks was on the screen after ${Date.now() - from} ms`);
  screen.press("q");
  await screen.atPrompt();
});

const payloads = [
  ...[
    "\u001b[2J",
    "\u001b[H",
    "\u001b]0;owned\u0007",
    "\u001b]2;owned\u001b\\",
    "\u001b]52;c;b3duZWQ=\u0007",
    "\u001b]8;;http://x\u0007link\u001b]8;;\u0007",
  ],
  ...[
    "\u001b[?1049l",
    "\u001b[?25h",
    "\u001b[31m",
    "\u001b[8m",
    "\u001b[999;999H",
    "\u001bc",
    "\u001b7",
    "\u001b(0",
    "\u001bP+q\u001b\\",
    "\u001b_Gi=1\u001b\\",
  ],
  ...[
    "\u009b2J",
    "\u009d0;owned\u009c",
    "\u0090x\u009c",
    "\u0085",
    "\u0084",
    "\r",
    "\b\b\b\b",
    "\u0000",
    "\u0007",
    "\u000b",
    "\u000c",
    "\u000e",
    "\u007f",
    "\u001a",
  ],
  ...["\u202e", "\u2066", "\u2069", "\u200b", "\u200f", "\ufeff", "\u2028", "\u2029", "\ud800", "\udc00", "\u{e0041}"],
  ...[
    "日本語日本語日本語日本語",
    "👩‍👩‍👧‍👦",
    "🇩🇪🇫🇷",
    "❤️❤️",
    "👍🏽",
    `e${"\u0301".repeat(300)}`,
    "\t\t\t",
    "\n\nx",
    "a".repeat(5000),
    "한국어",
    "ｆｕｌｌ",
  ],
];

inBox(
  "50 hostile texts in every field: each row stands where it should, and nothing but text comes through",
  async (box, screen, index) => {
    assert.ok(payloads.length >= 50);
    const states = ["blocked", "running", "queued", "failed"] as const;
    const task = (text: string, n: number): Task =>
      made(n, {
        state: states[n % 4] as Task["state"],
        label: `L${text}${n}`,
        repo: `/repo${text}`,
        endedAt: n % 4 === 3 ? hoursAgo(60) : null,
        progress: active(`A${text}`),
        needs:
          n % 4 === 0 ? { kind: "permission", text: `N${text}end of ${n}`, options: [text], since: hoursAgo(60), source: "stream" } : null,
        failure: n % 4 === 3 ? { stage: "run", code: "X", message: `F${text}`, hint: text } : null,
        notBefore: n % 4 === 2 ? { at: null, kind: "task", text: `W${text}` } : null,
      });
    writeFileSync(index, payloads.map((text, n) => entryLine(task(text, n), 1)).join(""));
    const raw = join(box.dir, "raw");
    screen.type("clear");
    screen.press("Enter");
    screen.record(raw);
    const title = screen.ask("#{pane_title}");
    screen.resize(120, 65);
    await screen.watch("Done lately (");
    const blocked = payloads.filter((_, n) => n % 4 === 0).length;
    await screen.shows(`Needs you (${blocked})`);
    const rows = () => screen.screen().split("\n");
    const isTask = (row: string) => /^[> ] [●✓✗○] L/.test(row);
    await waitFor(() => rows().filter(isTask).length === payloads.length, "a row for each").catch(() =>
      assert.unreachable(screen.screen()),
    );
    for (const row of rows().filter(isTask)) assert.match(row, /^.{4}.* (?:blocked|running|queued|failed) /u, row);
    for (let n = 0; n < blocked; n++) {
      screen.press("a");
      await screen.shows("copse approve t");
      screen.press("Escape");
      await waitFor(() => !screen.screen().includes("copse approve"), "the question to be left");
      screen.press("n");
    }
    assert.is(screen.ask("#{alternate_on} #{cursor_flag} #{wrap_flag} #{pane_title}"), `1 0 1 ${title}`);
    screen.press("q");
    await screen.atPrompt();
    const written = readFileSync(raw, "utf8").slice(readFileSync(raw, "utf8").indexOf("\u001b[?1049h"));
    const ours = /\u001b\[(?:\?(?:1049|25|2004|2026|7)[hl]|\d*m|\d+G|\d+;\d+H|[02]?[KJ])/g;
    assert.not.match(
      written.slice(0, written.indexOf("\u001b[?1049l")).replace(ours, ""),
      /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
    );
  },
);

inBox("a hostile agent's log, question and diff are shown as text", async (box, screen) => {
  await submit(
    box,
    "says",
    "printf 'log \\033[2J\\033]0;owned\\007 \\302\\2332J end of it\\n'; printf 'a\\033[2J\\033]0;owned\\007b\\n' > x.txt; sleep 300",
  );
  await box.copse(["run", "-b", "-l", "asks", "--exec", "--", agent("asks-hostile.sh")]);
  const title = screen.ask("#{pane_title}");
  await screen.watch("--help <b>bold</b> & <img src=x>");
  await screen.shows("● says");
  screen.press("n");
  await screen.shows("> ✗ asks");
  screen.press("a");
  await screen.shows("asks asks, for");
  screen.press("Escape");
  await waitFor(() => !screen.screen().includes("asks asks, for"), "the question to be left");
  screen.press("j");
  await screen.shows("> ● says");
  screen.press("l");
  await screen.shows("end of it");
  screen.press("d");
  await screen.shows("+ab");
  assert.is(screen.ask("#{alternate_on} #{pane_title}"), `1 ${title}`);
  screen.press("q");
  await screen.shows("Running (1)");
  screen.press("s");
  await screen.shows("its work is kept");
  screen.press("y");
  await screen.shows("says is stopped");
  screen.press("C-c");
  await screen.atPrompt();
});

test.run();
