/**
 * Hooks of a real session, through the runner (`copse hooks install`, a hook in the configuration) and through `copse hooks run`: both fields on every event, in the promised shape, and the same counts
 * as Claude Code's own transcripts.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Block, message, text, turn, userTexts } from "../support/messages-api.ts";
import { callsIn, counted, keepsIn, linesOf } from "./told.ts";
import { type Json, settle, waitFor, world } from "./world.ts";

const names = [
  ...["SessionStart", "SessionEnd", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch"],
  ...["SubagentStart", "SubagentStop", "Stop", "Notification", "PermissionRequest", "PermissionDenied", "MessageDisplay"],
];

const cases = "parallel calls, failures, background work, subagents, a second turn and a resumed session";
test(`through the runner: ${cases}`, () => session(true));
test(`through copse hooks run: ${cases}`, () => session(false));

async function session(installed: boolean): Promise<void> {
  let made = 0;
  const use = (name: string, input: object): Block => ({ type: "tool_use", id: `toolu_${String(made++).padStart(4, "0")}`, name, input });
  const box = await world((body) => {
    const said = userTexts(body);
    const read = (name: string) => use("Read", { file_path: join(box.repo, name) });
    if (said.join().includes("LOOK")) return turn(body) === 0 ? message([read("a.txt")]) : text("looked");
    if (said.at(-1)?.includes("AGAIN")) return message([read("a.txt"), read("a.txt")]);
    const steps = [
      [read("a.txt"), read("none.txt"), use("Bash", { command: "exit 3", description: "Failing" })],
      [use("Bash", { command: "sleep 4; echo done", description: "Running test suite", run_in_background: true })],
      [use("Agent", { description: "Explore code", prompt: "LOOK there", subagent_type: "general-purpose" })],
    ];
    const step = steps[turn(body)];
    return step === undefined ? text("all done") : message(step);
  });
  try {
    settle(box, [box.repo]);
    const told = join(box.dir, "told");
    const keeps = keepsIn(told);
    const hooksBy = (command: string) => Object.fromEntries(names.map((name) => [name, [{ hooks: [{ type: "command", command }] }]]));
    const settings = join(box.dir, "settings.json");
    if (installed) {
      const config = join(box.env["HOME"] ?? "", ".config", "copse");
      mkdirSync(config, { recursive: true });
      writeFileSync(join(config, "config.json"), JSON.stringify({ hooks: hooksBy(keeps) }));
      assert.is((await box.copse(["hooks", "install"])).code, 0);
      writeFileSync(settings, "{}");
    } else writeFileSync(settings, JSON.stringify({ hooks: hooksBy(`copse hooks run -- sh -c '${keeps.replaceAll("'", '"')}'`) }));
    const flags = ["--settings", settings, "--allowedTools=Bash", "--allowedTools=Agent", "--output-format", "json"];
    const first = await box.claude(["-p", "go on with it", ...flags]);
    assert.is(first.code, 0, first.stderr);
    const { session_id } = JSON.parse(first.stdout);
    const events = linesOf(told);
    for (const one of events) {
      assert.ok(Array.isArray(one.background_tasks) && Array.isArray(one.tools_called_this_turn), one.hook_event_name);
      for (const task of one.background_tasks) {
        for (const key of ["task_id", "tool_name", "description"]) assert.type(task[key], "string", key);
        assert.is(new Date(task.started_at).toISOString(), task.started_at);
      }
      for (const tool of one.tools_called_this_turn) assert.ok(typeof tool.tool_name === "string" && tool.count > 0, JSON.stringify(tool));
    }
    const heard = new Set(events.map((one) => one.hook_event_name));
    for (const name of [
      "SessionStart",
      "UserPromptSubmit",
      "PreToolUse",
      "PostToolUse",
      "PostToolUseFailure",
      "SubagentStart",
      "SubagentStop",
      "Stop",
      "SessionEnd",
    ])
      assert.ok(heard.has(name), `${name} was heard`);

    const projects = join(box.env["HOME"] ?? "", ".claude", "projects");
    const folder = join(projects, readdirSync(projects)[0] ?? "");
    const stops = events.filter((one) => one.hook_event_name === "Stop");
    assert.equal(counted(stops[0]), callsIn(join(folder, `${session_id}.jsonl`)), "as its transcript says");
    assert.equal(
      stops[0].tools_called_this_turn.map((tool: Json) => tool.failed ?? 0),
      [1, 1, 0],
    );
    assert.ok(stops.length > 1, "the end of background work begins turns");
    assert.equal(
      stops.slice(1).map(counted),
      stops.slice(1).map(() => ({})),
    );
    const suite = stops[0].background_tasks.find((task: Json) => task.tool_name === "Bash");
    assert.equal([suite.description, suite.command, suite.status], ["Running test suite", "sleep 4; echo done", "running"]);
    assert.equal(stops.at(-1).background_tasks, [], "its end was noticed");
    const ended = events.find((one) => one.hook_event_name === "SubagentStop");
    assert.equal(
      counted(ended),
      callsIn(join(folder, session_id, "subagents", `agent-${ended.agent_id}.jsonl`)),
      "a subagent's calls are its own",
    );
    assert.not.ok(
      ended.background_tasks.some((task: Json) => task.task_id === ended.agent_id),
      "it is not told of itself",
    );

    const again = await box.claude(["-p", "AGAIN", "--resume", session_id, "--max-turns", "1", ...flags]);
    const resumed = await waitFor(
      () =>
        linesOf(told)
          .filter((one) => one.hook_event_name === "PostToolUse")
          .slice(-2),
      "its calls",
    );
    assert.equal(resumed.map(counted).at(-1), { Read: 2 }, `a resumed session begins a turn: ${again.stdout.slice(0, 200)}`);
    assert.equal(resumed.at(-1).background_tasks, []);
  } finally {
    await box.close();
  }
}

test.run();
