/** Keys of the live view: what each does, that it asks first, and that an answer is for what was seen. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { pageRows } from "../../../src/cli/watch/layout.ts";
import type { Deed } from "../../../src/cli/watch/model.ts";
import { asking, factsOf, play, taskOf, typing } from "./support.ts";

const ended = taskOf("done", { state: "completed", endedAt: "2026-01-01T00:01:00.000Z", branch: "copse/done", repoId: "0" });
const running = taskOf("busy", { state: "running", createdAt: "2026-01-01T00:00:01.000Z" });
const queued = taskOf("later");
const commands = (deeds: readonly Deed[]): string[] => deeds.map((deed) => (deed.do === "wish" ? deed.wish.command : deed.do));

test("the one that needs a person is on top and chosen; j and k, arrows and ends move", () => {
  const tasks = [ended, queued, running, asking("ask")];
  const at = (...keys: string[]) => play(tasks, keys).state.selected;
  assert.is(at(), "id-ask");
  assert.is(at("j"), "id-busy");
  assert.is(at("down", "j"), "id-later");
  assert.is(at("G"), "id-done");
  assert.is(at("G", "k"), "id-later");
  assert.is(at("G", "g"), "id-ask");
  assert.is(at("j", "j", "n"), "id-ask");
  assert.is(at("k", "k"), "id-ask");
});

test("the choice stays with the task when the list changes, and with the place when the task is gone", () => {
  const before = play([running, queued, ended], ["j"]);
  assert.is(before.state.selected, "id-later");
  const more = { type: "facts", facts: factsOf([asking("ask"), running, queued, ended]) } as const;
  const less = { type: "facts", facts: factsOf([asking("ask"), running, ended]) } as const;
  assert.is(play([running, queued, ended], ["j", more]).state.selected, "id-later");
  assert.is(play([running, queued, ended], ["j", more, less]).state.selected, "id-done");
});

test("stop, retry, attach, merge and pr show the command and ask; nothing is done without y", () => {
  const session = { sessionId: "s", sessionBegun: true };
  const cases: [string, ReturnType<typeof taskOf>, string][] = [
    ["s", running, "copse stop busy"],
    ["r", ended, "copse retry done"],
    ["o", { ...running, ...session }, "copse attach busy"],
    ["A", { ...running, ...session }, "copse attach busy"],
    ["m", ended, "copse merge done"],
    ["p", ended, "copse pr done"],
  ];
  for (const [key, task, command] of cases) {
    const asked = play([task], [key]);
    assert.equal(asked.deeds, [], key);
    assert.is(asked.state.panel?.kind === "confirm" && asked.state.panel.wish.command, command);
    assert.equal(commands(play([task], [key, "y"]).deeds), [command]);
    for (const no of ["n", "escape", "q"]) assert.equal(play([task], [key, no, "y"]).deeds, [], `${key} ${no}`);
  }
});

test("what cannot be done is refused with the reason, before anything is asked", () => {
  for (const [key, task, why] of [
    ["s", ended, /already completed/],
    ["r", running, /copse stop busy/],
    ["o", running, /no session/],
    ["m", running, /not finished/],
    ["m", { ...ended, repoId: "other", repo: "/some where" }, /cd '\/some where' && copse merge done/],
  ] as const) {
    const { state, deeds } = play([task], [key, "y"]);
    assert.is(state.panel, null);
    assert.equal(deeds, []);
    assert.match(play([task], [key]).state.notice?.text ?? "", why);
  }
});

test("a permission: y, w, n with a reason, t with words", () => {
  const tasks = [asking("ask")];
  assert.equal(commands(play(tasks, ["a", "y"]).deeds), ["copse approve ask"]);
  assert.equal(commands(play(tasks, ["a", "w"]).deeds), ["copse approve ask --always"]);
  assert.equal(commands(play(tasks, ["a", "n", ...typing("not on main"), "enter"]).deeds), ["copse deny ask 'not on main'"]);
  assert.equal(commands(play(tasks, ["a", "t", ...typing("-x"), "enter"]).deeds), ["copse send ask -- -x"]);
  assert.equal(commands(play(tasks, ["a", "escape", "y", "enter"]).deeds), ["open"], "y alone means nothing");
  const [deed] = play(tasks, ["a", "n", "enter"]).deeds;
  assert.equal(deed?.do === "wish" && deed.wish.answer, { kind: "deny", why: "The person said no." });
});

test("a question: a number chooses, t writes; numbers that are no option do nothing", () => {
  const tasks = [asking("ask", { kind: "question", text: "Which?", options: ["a", "b"] })];
  assert.equal(commands(play(tasks, ["a", "2"]).deeds), ["copse send ask 2"]);
  assert.equal(play(tasks, ["a", "3", "y", "w", "n"]).deeds, []);
  assert.equal(commands(play(tasks, ["a", "t", ...typing("it's c"), "enter"]).deeds), ["copse send ask 'it'\\''s c'"]);
  assert.equal(play(tasks, ["a", "t", "enter"]).deeds, [], "nothing is sent where nothing is written");
});

test("nothing is approved that has not been shown to its end", () => {
  const text = Array.from({ length: 60 }, (_, n) => `line ${n}`).join("\n");
  const tasks = [asking("ask", { text })];
  assert.equal(play(tasks, ["a", "y", "w"]).deeds, []);
  const down = Array<string>(60).fill("down");
  assert.equal(commands(play(tasks, ["a", ...down, "y"]).deeds), ["copse approve ask"]);
  assert.equal(commands(play(tasks, ["a", ...down, ...Array<string>(9).fill("up"), "y"]).deeds), []);
});

test("an answer carries the task as it was seen, whatever it asks by now", () => {
  const old = asking("ask");
  const next = asking("ask", { text: "Bash: something else", since: "2026-01-01T00:09:00.000Z" });
  const { deeds } = play([old], ["a", { type: "facts", facts: factsOf([next]) }, "y"]);
  const [deed] = deeds;
  assert.is(deed?.do === "wish" && deed.wish.task.needs?.since, old.needs?.since);
});

test("two tasks with one label are named by their ids", () => {
  const other = { ...running, id: "id-other", repoId: "1" };
  assert.equal(commands(play([running, other], ["s", "y"]).deeds), ["copse stop id-busy"]);
  assert.equal(commands(play([taskOf("two words", { state: "running" })], ["s", "y"]).deeds), ["copse stop id-two words"]);
});

test("what is pasted is text: in a line it is written with its line breaks, anywhere else it is nothing", () => {
  const paste = (text: string) => ["paste-start", ...[...text].map((char) => (char === "\n" ? "enter" : char)), "paste-end"];
  assert.equal(play([running], [...paste("sy\nq")]).deeds, []);
  assert.equal(play([running], ["s", ...paste("y\n")]).deeds, []);
  const { deeds } = play([asking("ask")], ["a", "t", ...paste("one\ntwo"), "enter"]);
  assert.equal(deeds[0]?.do === "wish" && deeds[0].wish.answer, { kind: "text", text: "one\ntwo" });
});

test("the filter narrows as it is typed; Esc puts back what was, Enter keeps it", () => {
  const tasks = [running, queued, ended];
  const shows = (keys: string[]) => play(tasks, keys).state;
  assert.is(shows(["/", ...typing("lat")]).selected, "id-later");
  assert.is(shows(["/", ...typing("lat"), "escape"]).filter, "");
  assert.is(shows(["/", ...typing("lat"), "enter"]).filter, "lat");
  assert.is(shows(["/", ...typing("lat"), "enter", "escape"]).filter, "");
  assert.is(shows(["/", ...typing("q")]).filter, "q", "no key of the list while typing");
  assert.is(shows(["/", ...typing("nothing like it")]).selected, null);
});

test("what is read of a long log stays where it is when lines above it are let go of", () => {
  const line = (n: number) => ({ text: `line ${n} ${"x".repeat(n % 3 === 0 ? 100 : 1)}`, tone: "plain" }) as const;
  const all = Array.from({ length: 130 }, (_, n) => line(n));
  const page = { type: "page", kind: "logs", id: "id-busy", note: "run 1" } as const;
  const first = { ...page, lines: all.slice(0, 100) };
  const then = { ...page, lines: all.slice(30), gone: all.slice(0, 30) };
  const firstRow = (events: Parameters<typeof play>[1]) => {
    const { state } = play([running], ["l", ...events]);
    return state.page && pageRows(state, state.page)[state.page.top]?.text;
  };
  const read = firstRow([first, "k", "k"]);
  assert.match(read ?? "", /^(?:line \d+|x)/);
  assert.is(firstRow([first, "k", "k", then]), read);
  assert.match(firstRow([first, "g", then]) ?? "", /^line 30/, "what was read is gone itself: the first that is left");
});

test("pages open on the chosen task, act on it, and go back; logs follow until one scrolls up", () => {
  const tasks = [asking("ask"), running];
  const lines = Array.from({ length: 100 }, (_, n) => ({ text: `line ${n}`, tone: "plain" as const }));
  const filled = { type: "page", kind: "logs", id: "id-busy", lines, note: "run 1" } as const;
  const opened = play(tasks, ["j", "l", filled]);
  assert.equal(opened.deeds, [{ do: "open", kind: "logs", id: "id-busy" }]);
  assert.ok(opened.state.page?.follow && opened.state.page.top === 100 - 22);
  const up = play(tasks, ["j", "l", filled, "k"]);
  assert.is(up.state.page?.follow, false);
  const longer = { ...filled, lines: [...lines, ...lines] };
  assert.is(play(tasks, ["j", "l", filled, "k", longer]).state.page?.top, 100 - 23);
  assert.is(play(tasks, ["j", "l", filled, "k", "G", longer]).state.page?.top, 200 - 22);
  assert.equal(commands(play(tasks, ["j", "l", "s", "y"]).deeds), ["open", "copse stop busy"]);
  assert.is(play(tasks, ["j", "l", "q"]).state.page, null);
  assert.equal(play(tasks, ["j", "l", { ...filled, id: "id-ask" }]).state.page?.lines, [], "what comes late for another page is dropped");
});

test("leaving: q from the list with 0, Ctrl-C from anywhere with 130; Ctrl-Z suspends anywhere", () => {
  assert.equal(play([running], ["q"]).deeds, [{ do: "leave", code: 0 }]);
  for (const before of [[], ["s"], ["l"], ["/"], ["a"], ["?"]]) {
    assert.equal(play([running], [...before, "ctrl-c"]).deeds.at(-1), { do: "leave", code: 130 }, before.join());
    assert.equal(play([running], [...before, "ctrl-z"]).deeds.at(-1), { do: "suspend" }, before.join());
  }
});

test.run();
