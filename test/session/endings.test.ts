/**
 * Blocked or not, by how a run ended: 114 last messages of Claude Code as scripted streams, the recordings of the real one, and endings of the command agent, each read by its adapter and judged as
 * the runner judges it. Precision and recall are printed; the bounds are the issue's.
 */
import { readdirSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { judge, type Pending } from "../../src/core/judge.ts";
import type { Agent } from "../../src/session/agents/agent.ts";
import { claude } from "../../src/session/agents/claude.ts";
import { command } from "../../src/session/agents/command.ts";
import { someTask } from "../support/task-made.ts";

interface Ending {
  readonly name: string;
  readonly agent: Agent;
  readonly lines: readonly string[];
  readonly exit: number;
  readonly blocked: boolean;
}

const folder = new URL("../recordings/", import.meta.url);
const texts = JSON.parse(readFileSync(new URL("endings.json", folder), "utf8")) as { text: string; blocked: boolean }[];
const session = "0e8e0000-0000-4000-8000-000000000000";

/** The stream of a run whose last message is this. */
const stream = (text: string): string[] =>
  [
    { type: "system", subtype: "init", session_id: session, tools: [], model: "x", permissionMode: "acceptEdits" },
    {
      type: "assistant",
      session_id: session,
      message: { id: "m", role: "assistant", content: [{ type: "text", text }], stop_reason: null, usage: {} },
    },
    {
      type: "result",
      subtype: "success",
      is_error: false,
      result: text,
      session_id: session,
      num_turns: 1,
      total_cost_usd: 0.01,
      usage: {},
      permission_denials: [],
      terminal_reason: "completed",
    },
  ].map((line) => JSON.stringify(line));

/** Recordings that end with a person being needed; those of a plan and a question were answered on the way. */
const needy = ["permission", "permission-eof", "permission-int", "permission-term"];
const recordings = readdirSync(new URL("claude/", folder)).map((file): Ending => {
  const lines = readFileSync(new URL(`claude/${file}`, folder), "utf8")
    .trimEnd()
    .split("\n");
  const { recorded } = JSON.parse(lines.pop() ?? "") as { recorded: { exit: number } };
  const name = file.replace(".jsonl", "");
  return { name, agent: claude, lines, exit: recorded.exit, blocked: needy.includes(name) };
});

const ask = (text: string, more: object = {}) => JSON.stringify({ copse: "question", text, ...more });
const say = (kind: string, text: string) => JSON.stringify({ copse: kind, text });
const commands: readonly [lines: readonly string[], exit: number, blocked: boolean][] = [
  ...["Which db?", "Go on?", "Delete 3 files (y/n)?", "Name the owner", "Wie weiter?", "次は?"].map(
    (text) => [[ask(text)], 5, true] as [string[], number, boolean],
  ),
  [[ask("Which?", { options: ["a", "b"] })], 5, true],
  [[ask("Which?", { options: "not a list" })], 5, true],
  [[ask("Which?", { options: [1, null, "b"] })], 5, true],
  [["working", say("activity", "step 1"), ask("Now what?")], 5, true],
  [[ask("First?"), ask("Second?")], 5, true],
  [[ask("Asked?"), "and some log after it"], 5, true],
  [[ask("Asked?"), say("summary", "so far")], 5, true],
  [[say("cost", "x"), ask("Pay?")], 5, true],
  [[JSON.stringify({ copse: "session", id: "s" }), ask("Resume?")], 5, true],
  [["{broken", ask("Still?")], 5, true],
  [[ask("Answered itself?")], 0, false],
  [[ask("Crashed?")], 1, false],
  [[ask("Killed?")], 137, false],
  [[ask("Interrupted?")], 130, false],
  [[ask("Not found?")], 127, false],
  [[ask("Limited?")], 75, false],
  [[], 5, false],
  [["Which db?"], 5, false],
  [["Which db?"], 0, false],
  [["Continue? [y/N]"], 1, false],
  [['{"question":"Which?"}'], 5, false],
  [['{"copse":"questions","text":"Which?"}'], 5, false],
  [['{"copse":7,"text":"Which?"}'], 5, false],
  [["[copse] question: Which?"], 5, false],
  [[say("summary", "Shall I go on?")], 0, false],
  [[say("activity", "Waiting for you?")], 0, false],
  [[JSON.stringify({ copse: "limit", until: "2030-01-01T00:00:00Z" })], 75, false],
  [[JSON.stringify({ copse: "limit" })], 75, false],
  [["done"], 0, false],
  [[], 0, false],
  [[], 1, false],
  [["Error: what now?"], 2, false],
];

const all: readonly Ending[] = [
  ...texts.map(({ text, blocked }) => ({ name: text, agent: claude, lines: stream(text), exit: 0, blocked })),
  ...recordings,
  ...commands.map(([lines, exit, blocked]) => ({ name: `${lines.join(" ⏎ ")} (exit ${exit})`, agent: command, lines, exit, blocked })),
];

function isBlocked({ agent, lines, exit }: Ending): boolean {
  const reader = agent.reader("/repo");
  const open = new Map<string, Pending>();
  for (const event of lines.flatMap((line) => reader.read(line))) {
    if (event.type === "needs") open.set(event.requestId, event.needs);
    if (event.type === "settled") open.delete(event.requestId);
  }
  const task = someTask({ state: "running", run: 1, runStarted: true, sessionId: session, sessionBegun: true });
  return judge(task, reader.end({ code: exit }), { code: exit }, null, [...open.values()].at(-1), new Date()).to === "block";
}

for (const [name, endings] of [
  ["all", all],
  ["claude", all.filter(({ agent }) => agent === claude)],
  ["command", all.filter(({ agent }) => agent === command)],
] as const)
  test(`${name}: precision at least 0.99, recall at least 0.95`, () => {
    const seen = endings.map((one) => ({ ...one, said: isBlocked(one) }));
    const right = seen.filter((one) => one.blocked && one.said).length;
    const precision = right / seen.filter((one) => one.said).length;
    const recall = right / seen.filter((one) => one.blocked).length;
    console.log(
      `${name}: ${endings.length} endings, ${seen.filter((one) => one.blocked).length} blocked: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    );
    const wrong = seen.filter((one) => one.blocked !== one.said).map((one) => `${one.blocked ? "missed" : "false alarm"}: ${one.name}`);
    assert.ok(precision >= 0.99 && recall >= 0.95, `\n${wrong.join("\n")}`);
    if (wrong.length > 0) console.log(wrong.join("\n"));
  });

test.run();
