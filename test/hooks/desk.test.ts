/** Events one after the other through the desk: what gates do with a session over time, and that none of them goes on for ever. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gates } from "../../src/core/hook-settings.ts";
import type { Identity } from "../../src/core/task.ts";
import { blocks } from "../../src/hooks/answer.ts";
import { Book } from "../../src/hooks/book.ts";
import { Desk } from "../../src/hooks/desk.ts";
import { bootId, startOf } from "../../src/system/identity.ts";

type Hear = (name: string, fields?: object, process?: Identity) => Promise<string>;

/** `hear`: the names of the gates that block an event. */
async function atDesk(gates: Gates, work: (hear: Hear, book: Book) => Promise<void>): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "copse-desk-"));
  try {
    const book = new Book(state);
    const around = () => ({ hooks: {}, gates, tasks: () => [], env: () => ({}) });
    const desk = new Desk(book, around, () => {});
    await work(async (name, fields = {}, process) => {
      const event = { hook_event_name: name, session_id: "s", prompt_id: "p", cwd: "/repo", ...fields };
      const reason = blocks(await desk.handle(event, process)) ?? "";
      return [...reason.matchAll(/\(gate (\S+)\)/g)].map((found) => found[1]).join();
    }, book);
  } finally {
    rmSync(state, { recursive: true });
  }
}

const mate = { agent_id: "mate" };
const call = (id: string, tool_name: string, tool_input: object = {}) => ({ tool_use_id: id, tool_name, tool_input });
const spawned = {
  ...call("0", "Agent", { name: "mate", description: "Research" }),
  tool_response: { status: "teammate_spawned", agentId: "mate" },
};
const works = { ...mate, ...call("1", "Bash", { command: "x", run_in_background: true }), tool_response: { backgroundTaskId: "b1" } };
const rests = async (hear: Hear): Promise<string> => {
  await hear("SubagentStop", mate);
  return await hear("TeammateIdle", mate);
};

test("a teammate that is sent back to its work is let go when it does nothing about it, and is told again after its next rest", async () => {
  await atDesk({ "teammate-idle": true }, async (hear) => {
    await hear("PostToolUse", spawned);
    await hear("PostToolUse", works);
    assert.is(await rests(hear), "teammate-idle");
    assert.is(await rests(hear), "");
    await hear("PostToolUse", { ...mate, ...call("2", "Read") });
    assert.is(await rests(hear), "teammate-idle");
  });
});

test("one that always does something is sent back three times", async () => {
  await atDesk({ "teammate-idle": true }, async (hear) => {
    await hear("PostToolUse", spawned);
    await hear("PostToolUse", works);
    const told: string[] = [];
    for (let n = 2; n < 7; n++) {
      told.push(await rests(hear));
      await hear("PostToolUse", { ...mate, ...call(`${n}`, "Read") });
    }
    assert.equal(told, ["teammate-idle", "teammate-idle", "teammate-idle", "", "teammate-idle"]);
  });
});

test("a rest that is refused is none: the turn goes on with what was reported in it, and the lead knows that its teammate works", async () => {
  await atDesk({ "teammate-idle": true, "report-back": true, "lead-stall": true }, async (hear, book) => {
    await hear("PostToolUse", spawned);
    await hear("PostToolUse", works);
    await hear("PostToolUse", { ...mate, ...call("2", "SendMessage") });
    assert.is(await rests(hear), "teammate-idle");
    assert.equal(book.look("s").ledger.idle, []);
    assert.is(await hear("Stop"), "lead-stall");
    await hear("PostToolUse", { ...mate, ...call("3", "TaskStop", { task_id: "b1" }) });
    assert.is(await rests(hear), "", "it has reported in this turn");
    assert.is(await hear("Stop"), "");
    await hear("PreToolUse", { ...mate, ...call("4", "Read") });
    assert.is(await rests(hear), "report-back", "another turn");
  });
});

test("what a subagent's background command keeps others from, it keeps each from once", async () => {
  await atDesk({ "no-duplicate-work": true }, async (hear) => {
    const make = (id: string) => call(id, "Bash", { command: "make" });
    await hear("PostToolUse", { agent_id: "a", ...make("1"), tool_response: { backgroundTaskId: "b1" } });
    assert.is(await hear("PreToolUse", { agent_id: "a", ...make("2") }), "no-duplicate-work");
    assert.is(await hear("PreToolUse", make("3")), "no-duplicate-work", "another agent");
    assert.is(await hear("PreToolUse", { agent_id: "a", ...make("4") }), "", "it has been told, and may know better");
  });
});

test("work of a session whose process has ended unheard holds up nobody", async () => {
  await atDesk({ "no-duplicate-work": true }, async (hear) => {
    const here = { pid: process.pid, start: startOf(process.pid) ?? "", boot: bootId() };
    const make = (id: string) => call(id, "Bash", { command: "make" });
    await hear("SessionStart", { session_id: "other" }, here);
    await hear("PreToolUse", { session_id: "other", ...make("1") });
    assert.is(await hear("PreToolUse", make("2")), "no-duplicate-work");
    await hear("SessionStart", { session_id: "other" }, { ...here, start: "1" });
    await hear("PreToolUse", { session_id: "other", ...make("3") });
    assert.is(await hear("PreToolUse", make("4")), "");
  });
});

test.run();
