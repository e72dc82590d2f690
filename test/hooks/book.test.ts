/** Journals of sessions on disk: several writers, cut lines, and going on from where one left. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Book } from "../../src/hooks/book.ts";
import { allCalls, callOf, lastCallId } from "../../src/hooks/calls.ts";
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

inFolder("an event that was kept as well as heard is entered once; the same one much later is another", (state) => {
  const book = new Book(state);
  const stop = { hook_event_name: "Stop", session_id: "s", prompt_id: "p", background_tasks: [] };
  book.enter(stop, at);
  book.enterLate({ ...stop, transcript_path: "/t" }, "2026-11-21T10:00:01.000Z");
  assert.is(book.lines("s").length, 1);
  book.enterLate(stop, "2026-11-21T10:01:00.000Z");
  book.enterLate(call(1, "unknown"), at);
  assert.equal([book.lines("s").length, book.lines("unknown").length], [2, 1]);
});

inFolder("all sessions are looked over without reading them anew, and what another process writes is seen soon", (state) => {
  const book = new Book(state);
  for (const id of ["a", "b"]) book.enter(call(1, id), at);
  assert.is(book.sessions().length, 2);
  book.enter(call(2, "a"), "2026-11-21T10:00:02.000Z");
  assert.equal(
    book.sessions().map((session) => [session.sessionId, toolCounts(session.ledger, "")[0]?.count]),
    [
      ["a", 2],
      ["b", 1],
    ],
  );
  assert.is(book.sessions("2026-11-21T10:00:01.000Z").length, 1, "those heard of lately");
  book.enter({ hook_event_name: "SessionEnd", session_id: "a" }, at);
  new Book(state).enter(call(2, "b"), at);
  assert.equal(
    book.sessions().map(({ sessionId }) => sessionId),
    ["b"],
    "one's own words count at once",
  );
  assert.is(counted(book, "b"), 2);
});

inFolder("a turn of 2,000 calls keeps each in its place, and counts a call once whenever it is heard of again", (state) => {
  const book = new Book(state);
  const calls = 2000;
  for (let n = 0; n < calls; n++) book.enter(call(n), at);
  const failed = { ...call(3), hook_event_name: "PostToolUseFailure" };
  const turn = book.enter(failed, at).ledger.turns[""]?.calls ?? [];
  assert.equal([allCalls(turn).length, lastCallId(turn), callOf(turn, "t3")?.failed], [calls, `t${calls - 1}`, true]);
  assert.equal(toolCounts(new Book(state).look("s").ledger, ""), [{ tool_name: "Read", count: calls, failed: 1 }]);
});

test.run();
