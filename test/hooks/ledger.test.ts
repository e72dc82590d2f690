/** What runs and what was called, kept up from hook events: those of a real session (Claude Code 2.1.329), and cases it does not show. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Enriched, enrich } from "../../src/hooks/enrich.ts";
import type { HookEvent } from "../../src/hooks/event.ts";
import { kept } from "../../src/hooks/kept.ts";
import { emptyLedger, type Ledger, note } from "../../src/hooks/ledger.ts";
import { parseRecording } from "../../src/hooks/recording.ts";

const at = "2026-11-21T10:00:00.000Z";

/** Every event with what is known at it. */
function play(events: readonly { at?: string; event: HookEvent }[]): Enriched[] {
  let ledger: Ledger = emptyLedger;
  return events.map(({ at: when = at, event }) => {
    ledger = note(ledger, event, when);
    return enrich(event, ledger);
  });
}

const of = (name: string, fields: object = {}): { event: HookEvent } => ({ event: { hook_event_name: name, session_id: "s", ...fields } });
const called = (id: string, tool_name: string, fields: object = {}) => ({ tool_use_id: id, tool_name, tool_input: {}, ...fields });
const tools = (one: Enriched | undefined) =>
  (one?.tools_called_this_turn ?? [])
    .map(({ tool_name, count, failed }) => `${tool_name} ${count}${failed === undefined ? "" : ` (${failed})`}`)
    .join(", ");
const running = (one: Enriched | undefined) => (one?.background_tasks ?? []).map(({ task_id }) => task_id).join(", ");

test("a real session: parallel calls, failures, a background command, two subagents, their ends", () => {
  const recorded = parseRecording(readFileSync(join(import.meta.dirname, "..", "recordings", "claude-hooks.ndjson"), "utf8"), at);
  const told = play(recorded.map((one) => one as NonNullable<typeof one>));
  const mine = told.filter((one) => one.agent_id === undefined);
  const stops = mine.filter((one) => one.hook_event_name === "Stop");
  const [shell, first, second] = ["bufxo9v6u", "a8d5d8b6f00cc0478", "a84f59b5bf7382be2"];
  assert.equal(stops.map(tools), ["Read 2 (1), Bash 2 (1), Agent 2", "", "", ""], "the end of background work begins a turn");
  assert.equal(stops.map(running), [`${shell}, ${first}, ${second}`, shell, shell, ""]);
  assert.equal(stops[0]?.background_tasks, [
    {
      id: shell,
      type: "shell",
      status: "running",
      description: "Running test suite",
      command: "sleep 3; echo bg-done",
      task_id: shell,
      tool_name: "Bash",
      started_at: "2026-11-21T13:12:02.500Z",
    },
    {
      id: first,
      type: "subagent",
      status: "running",
      description: "Explore code",
      agent_type: "general-purpose",
      task_id: first,
      tool_name: "Agent",
      subagent_type: "general-purpose",
      started_at: "2026-11-21T13:12:03.500Z",
    },
    {
      id: second,
      type: "subagent",
      status: "running",
      description: "Explore later",
      agent_type: "general-purpose",
      task_id: second,
      tool_name: "Agent",
      subagent_type: "general-purpose",
      started_at: "2026-11-21T13:12:04.750Z",
    },
  ]);
  const ends = told.filter((one) => one.hook_event_name === "SubagentStop");
  assert.equal(ends.map(tools), ["Read 1", "Read 1"], "a subagent's calls are its own, whatever prompt the main agent is at");
  assert.equal(ends.map(running), [`${shell}, ${second}`, shell], "nobody is told of itself");
  const asked = mine.filter((one) => one.hook_event_name === "PreToolUse");
  assert.equal(asked.map(tools).slice(0, 3), ["Read 1", "Read 2", "Read 2 (1), Bash 1"], "the call that is asked about counts");
});

test("a prompt begins a turn, also without an id; a resumed process has nothing running, a compaction keeps all", () => {
  const told = play([
    of("SessionStart", { source: "startup" }),
    of("UserPromptSubmit", { prompt: "one" }),
    of("PreToolUse", called("1", "Bash")),
    of("PostToolUse", called("1", "Bash", { tool_response: { backgroundTaskId: "b1" }, tool_input: { command: "make", description: "" } })),
    of("PostToolUse", called("2", "Read")),
    of("PostToolUse", called("2", "Read")),
    of("UserPromptSubmit", { prompt: "two" }),
    of("SessionStart", { source: "compact" }),
    of("SessionStart", { source: "resume" }),
  ]);
  assert.equal(told.map(tools), ["", "", "Bash 1", "Bash 1", "Bash 1, Read 1", "Bash 1, Read 1", "", "", ""]);
  assert.equal(told.map(running), ["", "", "", "b1", "b1", "b1", "b1", "b1", ""]);
  assert.is(told[4]?.background_tasks[0]?.description, "make", "without a description its command says what it is");
});

test("a background command's end by each of the ways it is heard of", () => {
  const begun = [
    of("UserPromptSubmit", { prompt_id: "p" }),
    of("PostToolUse", { prompt_id: "p", ...called("1", "Bash", { tool_response: { backgroundTaskId: "b1" } }) }),
  ];
  for (const [what, event] of [
    [
      "a prompt",
      of("UserPromptSubmit", { prompt: "<task-notification>\n<task-id>b1</task-id>\n<status>failed</status>\n</task-notification>" }),
    ],
    ["its being stopped", of("PostToolUse", called("2", "KillShell", { tool_input: { shell_id: "b1" }, tool_response: {} }))],
    ["its being stopped as a task", of("PostToolUse", called("2", "TaskStop", { tool_input: { task_id: "b1" }, tool_response: {} }))],
    ["its not being there to stop", of("PostToolBatch", { tool_calls: [called("2", "TaskStop", { tool_input: { task_id: "b1" } })] })],
    [
      "a look at its output",
      of("PostToolUse", called("2", "BashOutput", { tool_input: { bash_id: "b1" }, tool_response: { status: "completed" } })),
    ],
    ["the list of a Stop", of("Stop", { background_tasks: [] })],
    ["the list of a subagent's stop", of("SubagentStop", { agent_id: "a", background_tasks: [] })],
    ["the session's end", of("SessionEnd")],
  ] as const)
    assert.equal(play([...begun, event]).map(running), ["", "b1", ""], what);
  const others = [
    of("UserPromptSubmit", { prompt: "what of <task-id>b1</task-id>?" }),
    of("PostToolUse", called("2", "BashOutput", { tool_input: { bash_id: "b1" }, tool_response: { status: "running" } })),
    of("Stop", {}),
    of("SubagentStop", { agent_id: "a" }),
  ];
  for (const event of others) assert.is(running(play([...begun, event]).at(-1)), "b1", event.event.hook_event_name);
});

test("a teammate that rests is not running, is again when it works, and counts anew", () => {
  const mate = { agent_id: "mate", prompt_id: "p1" };
  const told = play([
    of(
      "PostToolUse",
      called("1", "Agent", {
        tool_response: { status: "async_launched", agentId: "mate" },
        tool_input: { description: "Research", subagent_type: "researcher" },
      }),
    ),
    of("PreToolUse", { ...mate, ...called("2", "Read") }),
    of("TeammateIdle", { ...mate, teammate_name: "researcher" }),
    of("Stop", { background_tasks: [{ id: "mate", type: "teammate", status: "running", description: "Research" }] }),
    of("PreToolUse", { ...mate, ...called("3", "Grep") }),
    of("Stop", { background_tasks: [{ id: "mate", type: "teammate", status: "running", description: "Research" }] }),
  ]);
  assert.equal(told.map(running), ["mate", "", "", "", "", "mate"]);
  assert.equal([tools(told[1]), tools(told[2]), tools(told[4])], ["Read 1", "Read 1", "Grep 1"]);
});

test("a team as Claude Code tells of it: listed under another id, resting after every stop, its own background command", () => {
  const mate = { agent_id: "aresearcher-b717", agent_type: "researcher" };
  const team = { id: "tvdoubu92", type: "teammate", status: "running", description: "Research it" };
  const shell = { id: "ban9", type: "shell", status: "running", description: "Bg of mate", command: "sleep 6" };
  const input = { description: "Research it", name: "researcher", subagent_type: "general-purpose" };
  const spawned = { status: "teammate_spawned", agentId: "aresearcher-b717", name: "researcher" };
  const told = play([
    of("PostToolUse", { ...called("0", "Agent"), tool_input: input, tool_response: spawned }),
    of("SubagentStart", mate),
    of("Stop", { background_tasks: [team] }),
    of("PostToolUse", { ...mate, ...called("1", "Bash"), tool_input: { command: "sleep 6" }, tool_response: { backgroundTaskId: "ban9" } }),
    of("SubagentStop", { ...mate, background_tasks: [team, shell] }),
    of("TeammateIdle", { ...mate, teammate_name: "researcher" }),
    of("Stop", { background_tasks: [team, shell] }),
    of("PreToolUse", { ...mate, ...called("2", "SendMessage") }),
    of("Stop", { background_tasks: [team] }),
  ]);
  const id = mate.agent_id;
  assert.equal(told.map(running), [id, "", id, "ban9", "ban9", "ban9", "ban9", "ban9", id]);
  assert.equal(told[2]?.background_tasks[0], {
    ...team,
    ...{ task_id: id, tool_name: "Agent", subagent_type: "general-purpose", started_at: at },
  });
  assert.equal([tools(told[5]), tools(told[7])], ["Bash 1", "SendMessage 1"], "a rest ends a teammate's turn");
});

test("what is kept of an event says the same as the whole of it, and holds no prompt, file or answer", () => {
  const recorded = parseRecording(readFileSync(join(import.meta.dirname, "..", "recordings", "claude-hooks.ndjson"), "utf8"), at);
  let [whole, slim]: [Ledger, Ledger] = [emptyLedger, emptyLedger];
  for (const one of recorded) {
    if (one === undefined) continue;
    whole = note(whole, one.event, one.at);
    slim = note(slim, kept(one.event), one.at);
    assert.equal(slim, whole, one.event.hook_event_name);
  }
  const secret = "hunter2";
  const told = kept({
    ...{
      hook_event_name: "PostToolUse",
      session_id: "s",
      tool_name: "Write",
      tool_use_id: "1",
      prompt: secret,
      last_assistant_message: secret,
    },
    ...{ tool_input: { content: secret, file_path: secret }, tool_response: { stdout: secret }, tool_calls: [{ tool_input: secret }] },
  });
  assert.not.match(JSON.stringify(told), secret);
});

test("commands that an agent waits for, until they are heard to end, were refused, or their agent has stopped", () => {
  const bash = (id: string, fields: object = {}) => called(id, "Bash", { tool_input: { command: `make ${id}` }, ...fields });
  const after = (...events: { event: HookEvent }[]) =>
    Object.keys(events.reduce((ledger, { event }) => note(ledger, event, at), emptyLedger as Ledger).commands).join();
  const two = [of("PreToolUse", bash("1")), of("PreToolUse", bash("2", { agent_id: "a" }))];
  assert.is(after(...two), "1,2");
  assert.is(after(...two, of("PostToolUse", bash("1"))), "2");
  assert.is(after(...two, of("PostToolUseFailure", bash("2", { agent_id: "a" }))), "1");
  assert.is(after(...two, of("PermissionDenied", bash("1"))), "2");
  assert.is(after(...two, of("Stop")), "2");
  assert.is(after(...two, of("SubagentStop", { agent_id: "a" })), "1");
  assert.is(after(...two, of("PostToolBatch", { tool_calls: [bash("1")] })), "2");
  const prompt = (id: string) => of("UserPromptSubmit", { prompt_id: id });
  const begun = [prompt("p"), of("PreToolUse", { prompt_id: "p", ...bash("1") }), of("PreToolUse", bash("2", { agent_id: "a" }))];
  assert.is(after(...begun, prompt("p")), "1,2", "a prompt that was given meanwhile waits");
  assert.is(after(...begun, prompt("q")), "2", "one that begins a turn: what the main agent waited for was interrupted");
});

test("no event, whatever is in it, makes the ledger throw, lose the agent's own fields, or count a call twice", () => {
  const name = fc.constantFrom(
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "SubagentStart",
    "SubagentStop",
    "TeammateIdle",
    "PostToolBatch",
    "Stop",
    "Other",
  );
  const odd = fc.oneof(fc.constantFrom("a", "b", "__proto__", "constructor", ""), fc.jsonValue());
  const event = fc.record(
    {
      hook_event_name: name,
      session_id: fc.constant("s"),
      prompt_id: fc.constantFrom("p", "q"),
      agent_id: fc.constantFrom("x", "y", "__proto__"),
      tool_use_id: odd,
      tool_name: odd,
      tool_input: odd,
      tool_response: odd,
      prompt: odd,
      background_tasks: odd,
      tool_calls: fc.array(fc.record({ tool_name: odd, tool_use_id: odd, tool_input: odd })),
    },
    { requiredKeys: ["hook_event_name", "session_id"] },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const told = play(events.map((one) => ({ event: one as unknown as HookEvent })));
      let [whole, slim]: [Ledger, Ledger] = [emptyLedger, emptyLedger];
      for (const one of events as unknown as HookEvent[]) {
        whole = note(whole, one, at);
        slim = note(slim, kept(one), at);
      }
      assert.is(JSON.stringify(slim), JSON.stringify(whole), "what is kept says the same");
      for (const [i, one] of told.entries()) {
        const { background_tasks: _, ...own } = events[i] as Record<string, unknown>;
        for (const [key, value] of Object.entries(own)) assert.is(one[key], value);
        const ids = new Set(
          events.slice(0, i + 1).flatMap((each) => [each.tool_use_id, ...(each.tool_calls ?? []).map(({ tool_use_id }) => tool_use_id)]),
        );
        assert.ok(one.tools_called_this_turn.reduce((sum, { count }) => sum + count, 0) <= ids.size);
      }
    }),
  );
});

test.run();
