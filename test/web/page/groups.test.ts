/** The sidebar: groups, their order, the filter, and which changes are told. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { can } from "../../../src/web/page/pure/able.ts";
import { changesOf, spoken } from "../../../src/web/page/pure/changes.ts";
import { groupOf, groupsOf, markOf, matches, namesApart } from "../../../src/web/page/pure/groups.ts";
import { ageOf, detailOf, momentOf } from "../../../src/web/page/pure/words.ts";
import { at, row } from "./row.ts";

const question = { kind: "question", text: "Which?", since: at(3), source: "stream" } as const;
const blocked = (id: string, minute = 3) => row(id, { state: "blocked", needs: { ...question, since: at(minute) } });

test("who needs a person stands first, who has needed one longest before the others", () => {
  const tasks = [
    row("runs"),
    blocked("late", 9),
    blocked("early", 2),
    row("waits", { state: "queued" }),
    row("done", { state: "completed", endedAt: at(5) }),
  ];
  assert.equal(
    groupsOf(tasks).map(({ name, tasks }) => `${name}: ${tasks.map(({ id }) => id).join()}`),
    ["needs: early,late", "running: runs", "queued: waits", "done: done"],
  );
});

test("the line stands in its order, what ended last stands first", () => {
  const waiting = (id: string, position: number) => row(id, { state: "queued", waitingFor: { kind: "slot", text: "", position } });
  const [, , queued, done] = groupsOf([
    waiting("b", 2),
    waiting("a", 1),
    row("old", { state: "failed", endedAt: at(1) }),
    row("new", { state: "stopped", endedAt: at(8) }),
  ]);
  assert.equal(
    [queued, done].map((group) => group?.tasks.map(({ id }) => id)),
    [
      ["a", "b"],
      ["new", "old"],
    ],
  );
});

test("a task a person is attached to needs nobody; one held until a person acts does", () => {
  assert.is(groupOf(row("x", { state: "blocked" })), "running");
  assert.is(groupOf(row("x", { state: "queued", waitingFor: { kind: "task", text: "held", needsPerson: true } })), "needs");
});

test("completed work whose checks failed gets a warning, not a check", () => {
  const ended = { state: "completed", endedAt: at(1) } as const;
  assert.is(markOf(row("x", ended)), "completed");
  assert.is(markOf(row("x", { ...ended, verify: { status: "failed", checks: [] } })), "needs");
});

test("a filter takes words and fields, all of which have to be found", () => {
  const task = row("auth", { tags: ["nightly"], activity: "Scanning src/", repo: "/home/you/shop" });
  for (const words of ["", "AUTH", "scanning auth", "state:run", "tag:night", "repo:shop", "agent:claude auth"])
    assert.ok(matches(task, words), words);
  for (const words of ["docs", "auth docs", "state:queued", "tag:x", "group:a", "batch:b"]) assert.not.ok(matches(task, words), words);
});

test("only what has come to need a person or has ended is told, and a crowd in one sentence", () => {
  const before = new Map([row("a"), row("b"), row("c")].map((one) => [one.id, one]));
  const after = new Map(
    [blocked("a"), row("b", { state: "completed" }), row("c", { activity: "more" }), row("old", { state: "completed" })].map((one) => [
      one.id,
      one,
    ]),
  );
  assert.equal(
    changesOf(before, after).map(({ task, to }) => `${task.id} ${to}`),
    ["a needs", "b done"],
  );
  assert.is(spoken(changesOf(before, after)), "a needs you. b completed");
  assert.is(spoken(["a", "b", "c", "d"].map((id) => ({ task: blocked(id), to: "needs" }))), "4 tasks need you");
});

test("texts of agents lose what would turn or hide them", () => {
  assert.is(detailOf(row("x", { activity: "a\u202eb\u001b[31mc\n d" })), "a\ufffdbc d");
});

test("repositories of one name are told apart by their folder", () => {
  assert.equal(namesApart(["/home/you/shop", "/home/you/old/shop/", "/home/you/docs"]), [
    ["/home/you/shop", "you/shop"],
    ["/home/you/old/shop/", "old/shop"],
    ["/home/you/docs", "docs"],
  ]);
});

test("a moment of another day has the day with it", () => {
  const now = new Date(2026, 4, 3, 0, 10).getTime();
  assert.is(momentOf(new Date(2026, 4, 3, 0, 5, 7).toISOString(), now), "00:05:07");
  assert.is(momentOf(new Date(2026, 4, 2, 23, 55, 7).toISOString(), now), "May 2 23:55");
});

test("ages are as in the list of the command line", () => {
  assert.is(ageOf(row("x"), Date.parse(at(12))), "12 min");
  assert.is(ageOf(row("x", { state: "completed", endedAt: at(4) }), Date.parse(at(12))), "8 min ago");
  assert.is(ageOf(row("x", { state: "queued" }), Date.parse(at(12))), "");
});

test("what cannot be done has no button", () => {
  const ended = row("x", {
    state: "completed",
    worktree: "/w",
    result: {
      outcome: "changes",
      summary: null,
      commits: 1,
      diff: { files: 1, insertions: 1, deletions: 0 },
      pr: null,
      issues: [],
      report: "r",
    },
  });
  const all = ["stop", "retry", "merge", "pr", "attach", "rm", "restore", "send"] as const;
  assert.equal(
    all.filter((one) => can(ended, one)),
    ["merge", "pr", "attach", "rm", "send"],
  );
  assert.equal(
    all.filter((one) => can({ ...ended, worktreeState: "removed" }, one)),
    ["restore"],
  );
  assert.equal(
    all.filter((one) => can(row("x"), one)),
    ["stop", "attach", "send"],
  );
});

test.run();
