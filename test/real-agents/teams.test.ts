/**
 * A team of agents in an interactive session under tmux, with the hooks installed and a person's own hook on every event: both fields on each, a teammate's calls its own, its background work told, its
 * rest noticed; a compaction in the middle. Counts are held against Claude Code's transcripts.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Block, message, text, turn, userTexts } from "../support/messages-api.ts";
import { type Tmux, tmux } from "../support/tmux.ts";
import { callsIn, counted, keepsIn, linesOf } from "./told.ts";
import { type Json, settle, waitFor, world } from "./world.ts";

test("a lead, a teammate with background work of its own, tasks made and completed, a compaction", async () => {
  let made = 0;
  const use = (name: string, input: object): Block => ({ type: "tool_use", id: `toolu_${String(made++).padStart(4, "0")}`, name, input });
  const box = await world(
    (body) => {
      const said = userTexts(body).join("\n");
      if (said.includes("TEXT ONLY")) return text("they talked about a team");
      if (said.includes("RESEARCH PLEASE") && !said.includes("START THE TEAM")) {
        const steps = [
          [use("Read", { file_path: join(box.repo, "a.txt") }), use("Read", { file_path: join(box.repo, "none.txt") })],
          [use("Bash", { command: "sleep 300", description: "Watching", run_in_background: true })],
        ];
        const step = steps[turn(body)];
        return step === undefined ? text("resting") : message(step);
      }
      const lead = [
        [use("TaskCreate", { subject: "First thing", description: "Find it" })],
        [use("Agent", { name: "researcher", description: "Research it", prompt: "RESEARCH PLEASE", subagent_type: "general-purpose" })],
        [use("TaskUpdate", { taskId: "1", status: "completed" })],
      ];
      const step = said.includes("AFTER IT") ? undefined : lead[turn(body)];
      return step === undefined ? text("lead says ok") : message(step);
    },
    { env: { CLAUDE_CODE_EXPERIMENTAL_AGENT_TEAMS: "1" } },
  );
  const told = join(box.dir, "told");
  let screen: Tmux | undefined;
  try {
    settle(box, [box.repo]);
    const home = box.env["HOME"] ?? "";
    mkdirSync(join(home, ".config", "copse"), { recursive: true });
    const names = Object.keys(JSON.parse((await box.copse(["hooks", "install", "--print"])).stdout).hooks);
    const hooks = [{ hooks: [{ type: "command", command: keepsIn(told) }] }];
    writeFileSync(
      join(home, ".config", "copse", "config.json"),
      JSON.stringify({ hooks: Object.fromEntries(names.map((name) => [name, hooks])) }),
    );
    assert.is((await box.copse(["hooks", "install"])).code, 0);
    const settings = join(box.dir, "team.json");
    writeFileSync(settings, JSON.stringify({ teammateMode: "in-process" }));
    screen = tmux(
      box,
      `claude --settings ${settings} --permission-mode acceptEdits --allowedTools=Bash,Agent,SendMessage,TaskCreate,TaskUpdate`,
    );
    await screen.shows("for agents");
    await screen.say("START THE TEAM");
    const heard = () => linesOf(told);
    const named = (name: string) => heard().filter((one) => one.hook_event_name === name);
    await waitFor(() => named("TeammateIdle").length === 1 && named("Stop").length >= 2, "the teammate at rest, and the lead told");
    await screen.say("/compact");
    await waitFor(() => named("PostCompact").length === 1, "the compaction");
    await screen.shows("Compacted");
    await screen.say("AFTER IT");
    await waitFor(() => named("UserPromptSubmit").some((one) => one.prompt.includes("AFTER IT")), "the next turn");
    await waitFor(() => named("Stop").at(-1)?.tools_called_this_turn.length === 0, "its end");
    screen.close();
    await waitFor(() => named("SessionEnd").length === 1, "the session's end");

    const events = heard();
    for (const one of events) {
      assert.ok(Array.isArray(one.background_tasks) && Array.isArray(one.tools_called_this_turn), one.hook_event_name);
      for (const task of one.background_tasks) {
        for (const key of ["task_id", "tool_name", "description"]) assert.type(task[key], "string", key);
        assert.is(new Date(task.started_at).toISOString(), task.started_at);
      }
    }
    const kinds = new Set(events.map((one) => one.hook_event_name));
    for (const name of [
      ...["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "Stop", "SessionEnd"],
      ...["SubagentStart", "SubagentStop", "TeammateIdle", "TaskCreated", "TaskCompleted", "PreCompact", "PostCompact"],
    ])
      assert.ok(kinds.has(name), `${name} was heard, of ${[...kinds].join(", ")}`);

    const [idle] = named("TeammateIdle");
    const projects = join(home, ".claude", "projects");
    const folder = join(projects, readdirSync(projects)[0] ?? "");
    const mates = join(folder, idle.session_id, "subagents", `agent-${idle.agent_id}.jsonl`);
    assert.equal(counted(idle), callsIn(mates), "a teammate's calls are its own, as its transcript says");
    assert.equal(counted(idle), { Read: 2, Bash: 1 });
    assert.equal(
      idle.background_tasks.map((task: Json) => [task.tool_name, task.command, task.agent_id === idle.agent_id]),
      [["Bash", "sleep 300", true]],
    );
    const [first, second] = named("Stop");
    assert.equal(counted(first), callsIn(join(folder, `${idle.session_id}.jsonl`)), "so are the lead's");
    const agents = (one: Json) =>
      one.background_tasks.filter((task: Json) => task.tool_name === "Agent").map((task: Json) => task.description);
    assert.equal(agents(named("TaskCompleted")[0]), ["Research it"], "while it works");
    assert.equal(agents(second), [], "an idle teammate is not listed as running");
    assert.equal(
      second.background_tasks.map((task: Json) => task.command),
      ["sleep 300"],
      "what it started is",
    );
    const last = named("Stop").at(-1);
    assert.equal(
      [counted(last), last.background_tasks.map((task: Json) => task.command)],
      [{}, ["sleep 300"]],
      "a compaction forgets nothing that runs",
    );
    assert.equal((await box.json(["hooks", "show"])).sessions, []);
  } finally {
    screen?.close();
    await box.close();
  }
});

test.run();
