/** Journals of sessions on disk: several writers, cut lines, and going on from where one left. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Book } from "../../src/hooks/book.ts";
import { callOf } from "../../src/hooks/calls.ts";
import { toolCounts } from "../../src/hooks/enrich.ts";

const at = "2026-11-21T10:00:00.000Z";
const call = (n: number, session_id = "s") => ({
  ...{ hook_event_name: "PreToolUse", session_id, prompt_id: "p", tool_name: "Read" },
  ...{ tool_use_id: `t${n}`, tool_input: { file_path: "secret" }, cwd: "/repo" },
});
const counted = (book: Book, id = "s") => toolCounts(book.look(id).ledger, "")[0]?.count ?? 0;

function inFolder(name: string, work: (state: string, journal: () => string) => void): void {
  test(name, () => {
    const state = mkdtempSync(join(tmpdir(), "copse-book-"));
    const dir = join(state, "hooks");
    const journal = () => join(dir, readdirSync(dir).find((file) => file.endsWith(".ndjson")) ?? "");
    try {
      work(state, journal);
    } finally {
      rmSync(state, { recursive: true });
    }
  });
}

inFolder("two that write side by side each know what the other heard, and so does a third that comes later", (state) => {
  const [a, b] = [new Book(state), new Book(state)];
  for (let n = 0; n < 40; n++) (n % 3 === 0 ? a : b).enter(call(n), at);
  assert.equal([counted(a), counted(b), counted(new Book(state))], [40, 40, 40]);
  assert.is(callOf(a.enter(call(7), at).ledger.turns[""]?.calls ?? [], "t7")?.tool_name, "Read");
  assert.is(counted(b), 40, "the same call again is the same call");
  assert.equal(
    new Book(state).sessions().map(({ sessionId, cwd }) => [sessionId, cwd]),
    [["s", "/repo"]],
  );
});

inFolder("a line cut off by a full disk spoils no other; a damaged or lost ledger is made again from the journal", (state, journal) => {
  const book = new Book(state);
  for (let n = 0; n < 500; n++) book.enter(call(n), at);
  const snapshot = journal().replace(/ndjson$/, "json");
  assert.ok(statSync(snapshot).size > 0, "the ledger is written down now and then");
  appendFileSync(journal(), '\n{"at":"2026-11-21T10:00:00.000Z","event":{"hook_ev');
  new Book(state).enter(call(500), at);
  assert.equal([counted(book), counted(new Book(state))], [501, 501]);
  writeFileSync(snapshot, "{");
  assert.is(counted(new Book(state)), 501);
  rmSync(snapshot);
  assert.is(counted(new Book(state)), 501);
  truncateSync(journal(), 0);
  assert.is(counted(book), 0, "another journal is read from its beginning");
  assert.not.match(readFileSync(journal(), "utf8"), "secret");
});

inFolder("an ended session is listed no more, and again when it is resumed", (state) => {
  const book = new Book(state);
  const of = (name: string, fields: object = {}) => book.enter({ hook_event_name: name, session_id: "s", ...fields }, at);
  of("SessionStart", { source: "startup" });
  of("UserPromptSubmit", { prompt_id: "p" });
  assert.is(book.sessions().length, 1);
  of("SessionEnd", { reason: "other" });
  assert.is(book.sessions().length, 0);
  assert.equal(book.known(), ["s"], "its log stays");
  of("SessionStart", { source: "resume" });
  assert.is(new Book(state).sessions().length, 1);
});

test.run();
