/** When each gate blocks, and when it lets pass. The same with the real agent: test/real-agents/gates.test.ts. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gates } from "../../src/core/hook-settings.ts";
import type { Session } from "../../src/hooks/book.ts";
import type { HookEvent } from "../../src/hooks/event.ts";
import { gatesThatBlock } from "../../src/hooks/gates.ts";
import { emptyLedger, type Ledger, note } from "../../src/hooks/ledger.ts";
import { builds } from "../../src/hooks/same-work.ts";

const at = "2026-11-21T10:00:00.000Z";
const of = (name: string, fields: object = {}): HookEvent => ({ hook_event_name: name, session_id: "s", prompt_id: "p", ...fields });
const bash = (id: string, command: string, more: object = {}) => ({ tool_name: "Bash", tool_use_id: id, tool_input: { command, ...more } });
const started = (id: string, task: string, command: string, fields: object = {}) =>
  of("PostToolUse", { ...bash(id, command, { run_in_background: true }), tool_response: { backgroundTaskId: task }, ...fields });
const mate = { agent_id: "mate" };
const spawned = of("PostToolUse", {
  ...{ tool_name: "Agent", tool_use_id: "m", tool_input: { description: "Research", name: "mate" } },
  tool_response: { status: "teammate_spawned", agentId: "mate" },
});

const sessionOf = (events: readonly HookEvent[], over: Partial<Session> = {}): Session => ({
  ...{ sessionId: "s", cwd: "/repo", at, ended: false, process: null },
  ledger: events.reduce<Ledger>((ledger, event) => note(ledger, event, at), emptyLedger),
  ...over,
});

/** Names of the gates that block the last event. */
function blocked(gates: Gates, events: readonly HookEvent[], others: readonly Session[] = [], before = false): string {
  const session = sessionOf(events);
  const event = events.at(-1) as HookEvent;
  const found = gatesThatBlock(gates, {
    event,
    session,
    sessions: () => [session, ...others],
    blockedBefore: () => before,
    refusedFor: () => before,
  });
  for (const { gate, reason } of found) assert.match(reason, `(gate ${gate})`);
  return found.map(({ gate }) => gate).join();
}

test("builds and tests are known in a command line", () => {
  assert.equal(builds("cd app && CI=1 npm   test 2>&1 | tail -5; make -j8 all > log"), ["npm test", "make -j8 all"]);
  assert.equal(builds("npm run -s test:unit -- a"), ["npm run -s test:unit -- a"]);
  for (const line of [
    "cargo test",
    "go build ./...",
    "npx vitest run",
    "pytest -q",
    "./gradlew check",
    "python3 -m pytest",
    "cmake --build out",
    "uv run pytest",
  ])
    assert.equal(builds(line), [line]);
  for (const line of ["ls", "echo npm test", "cat Makefile", "git status", "npm view x", "cargo --version", "go env", "sleep 5; true", ""])
    assert.equal(builds(line), [], line);
});

test("no-duplicate-work: the same build, running in the background or waited for, here or in another session of this folder", () => {
  const gate = { "no-duplicate-work": true };
  const ask = (command: string) => of("PreToolUse", bash("9", command));
  const background = started("1", "b1", "npm test");
  assert.is(blocked(gate, [background, ask("npm test")]), "no-duplicate-work");
  assert.is(blocked(gate, [background, ask("npm test 2>&1 | tail")]), "no-duplicate-work");
  assert.is(blocked(gate, [background, ask("npm run lint")]), "");
  assert.is(blocked(gate, [background, of("Stop", { background_tasks: [] }), ask("npm test")]), "", "it has ended");
  assert.is(
    blocked(gate, [of("PreToolUse", { ...bash("1", "make"), ...mate }), ask("make")]),
    "no-duplicate-work",
    "a subagent waits for it",
  );
  assert.is(blocked(gate, [ask("make")]), "", "not by itself");
  assert.is(blocked(gate, [started("1", "b1", "sleep 9"), ask("sleep 9")]), "", "no build");
  assert.is(blocked({}, [background, ask("npm test")]), "", "off");
  const waits = of("PreToolUse", bash("1", "make"));
  assert.is(blocked(gate, [waits, of("UserPromptSubmit"), ask("make")]), "no-duplicate-work", "the prompt waits for it");
  assert.is(blocked(gate, [waits, { ...ask("make"), prompt_id: "q" }]), "", "it was interrupted, and a new turn has begun");
  const since = (minutes: number) => {
    const all = sessionOf([], { sessionId: "t" });
    const commands = { "1": { command: "make", started_at: new Date(Date.parse(at) - minutes * 60_000).toISOString() } };
    return { ...all, ledger: { ...all.ledger, commands } };
  };
  assert.is(blocked(gate, [ask("make")], [since(9)]), "no-duplicate-work");
  assert.is(blocked(gate, [ask("make")], [since(11)]), "", "interrupted there, and not heard of since");
  const subagents = started("1", "b1", "make", { agent_id: "a" });
  assert.is(blocked(gate, [subagents, ask("make")]), "no-duplicate-work");
  assert.is(blocked(gate, [subagents, ask("make")], [], true), "", "once: it may have ended unheard");
  assert.is(blocked(gate, [background, ask("npm test")], [], true), "no-duplicate-work", "the end of the main agent's is heard");
  const other = (cwd: string) => sessionOf([background], { sessionId: "t", cwd });
  assert.is(blocked(gate, [ask("npm test")], [other("/repo")]), "no-duplicate-work");
  assert.is(blocked(gate, [ask("npm test")], [other("/elsewhere")]), "");
});

test("limit-background: of a session and of the machine; nothing but what goes to the background", () => {
  const more = of("PreToolUse", bash("9", "x", { run_in_background: true }));
  const two = [started("1", "b1", "x"), started("2", "b2", "y")];
  assert.is(blocked({ "limit-background": { session: 2 } }, [...two, more]), "limit-background");
  assert.is(blocked({ "limit-background": { session: 3 } }, [...two, more]), "");
  assert.is(blocked({ "limit-background": { session: 2 } }, [...two, of("PreToolUse", bash("9", "x"))]), "");
  const other = sessionOf(two, { sessionId: "t", cwd: "/elsewhere" });
  assert.is(blocked({ "limit-background": { machine: 3 } }, [started("1", "b1", "x"), more], [other]), "limit-background");
  assert.is(blocked({ "limit-background": { machine: 4 } }, [started("1", "b1", "x"), more], [other]), "");
  const agent = (tool_input: object, id = "9") => of("PreToolUse", { tool_name: "Agent", tool_use_id: id, tool_input });
  const side = [agent({}, "1"), agent({}, "2")];
  assert.is(blocked({ "limit-background": { session: 2 } }, side), "", "its own start is not counted");
  assert.is(
    blocked({ "limit-background": { session: 2 } }, [...side, agent({})]),
    "limit-background",
    "side by side, not heard to have begun",
  );
  assert.is(blocked({ "limit-background": { machine: 2 } }, [agent({})], [sessionOf(side, { sessionId: "t" })]), "limit-background");
  assert.is(blocked({ "limit-background": { session: 2 } }, [...side, of("PermissionDenied", { tool_use_id: "2" }), agent({})]), "");
  assert.is(blocked({ "limit-background": { session: 0 } }, [agent({})]), "limit-background");
  assert.is(blocked({ "limit-background": { session: 0 } }, [agent({ run_in_background: false })]), "");
});

test("stop-when-done: its own background work, once", () => {
  const gate = { "stop-when-done": true };
  const one = started("1", "b1", "sleep 9");
  assert.is(blocked(gate, [one, of("Stop")]), "stop-when-done");
  assert.is(blocked(gate, [one, of("Stop", { stop_hook_active: true })]), "");
  assert.is(blocked(gate, [one, of("Stop", { background_tasks: [] })]), "");
  assert.is(blocked(gate, [{ ...one, ...mate }, of("Stop")]), "", "another's");
  assert.is(blocked(gate, [one, of("SubagentStop", { agent_id: "a" })]), "");
});

test("teammate-idle and report-back: its own work first, then a report, and no endless loop", () => {
  const both = { "teammate-idle": true, "report-back": true };
  const idle = of("TeammateIdle", mate);
  const sent = of("PostToolUse", { ...mate, tool_name: "SendMessage", tool_use_id: "2", tool_input: {} });
  assert.is(blocked(both, [spawned, started("1", "b1", "x", mate), idle]), "teammate-idle");
  assert.is(blocked(both, [spawned, started("1", "b1", "x"), idle]), "report-back", "the lead's work is not its own");
  assert.is(blocked(both, [spawned, sent, idle]), "");
  assert.is(
    blocked(both, [spawned, sent, idle, of("PreToolUse", { ...mate, ...bash("3", "ls") }), idle]),
    "report-back",
    "a new turn, a new report",
  );
  assert.is(blocked(both, [spawned, idle], [], true), "", "it was told before");
});

test("lead-stall: while a teammate works, or what it started runs", () => {
  const gate = { "lead-stall": true };
  assert.is(blocked(gate, [spawned, of("Stop")]), "lead-stall");
  assert.is(blocked(gate, [spawned, of("TeammateIdle", mate), of("Stop")]), "");
  assert.is(blocked(gate, [spawned, started("1", "b1", "x", mate), of("TeammateIdle", mate), of("Stop")]), "lead-stall");
  assert.is(blocked(gate, [spawned, of("Stop", { stop_hook_active: true })]), "");
  const subagent = of("PostToolUse", {
    tool_name: "Agent",
    tool_use_id: "m",
    tool_input: {},
    tool_response: { status: "async_launched", agentId: "a" },
  });
  assert.is(blocked(gate, [subagent, of("Stop")]), "", "a subagent is no teammate");
});

test.run();
