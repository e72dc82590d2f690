import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { allowLine } from "../../src/session/agents/claude-talk.ts";
import { text, toolResults, toolUse, turn } from "../support/messages-api.ts";
import { kill, runnerPid } from "../support/sandbox.ts";
import { argvOf, byPrompt, type Json, processesOfTask, recorded, runFolder, type World, waitFor, world } from "./world.ts";

const files = { "package.json": '{"scripts":{"test":"echo tests-ran"}}\n' };
const asks = [toolUse("Bash", { command: "npm test -- --all", description: "Run the tests" }), text("The tests ran.")];

/** Allows what the task waits for, over the agent's own channel. */
function allow(box: World, task: Json): void {
  const request = recorded(box, task).findLast((line) => line.type === "control_request");
  appendFileSync(join(runFolder(box, task), "in"), allowLine(request.request_id, request.request.input));
}

test("a permission request blocks, holds no slot, and survives the runner", async () => {
  const box = await world(
    byPrompt({
      ASKS: (body) => (turn(body) === 0 ? (asks[0] as never) : text(`Tests said: ${toolResults(body)[0]?.text}`)),
      OTHER: [text("Done.")],
    }),
    { files, env: { COPSE_LIMIT: "1" } },
  );
  try {
    await box.copse(["run", "-b", "-l", "asks", "ASKS: run the tests"]);
    const blocked = await box.until("asks", "blocked");
    assert.is(blocked.needs.kind, "permission");
    assert.is(blocked.needs.text, "Bash: npm test -- --all");
    assert.is(blocked.needs.source, "stream");
    assert.match((await box.copse(["tasks"])).stdout, /^✗ asks +blocked +\(\d+ s\) +waiting for input: Bash: npm test -- --all\n$/);
    assert.is((await box.copse(["wait", "asks"])).code, 5);

    // What Copse starts the agent with: edits are accepted, no permission check is skipped.
    const agents = processesOfTask(blocked.id).map(argvOf);
    const argv = agents.find((words) => words.includes("--permission-prompt-tool") && !words[0]?.includes("sh"));
    assert.ok(argv, JSON.stringify(agents));
    assert.is(argv?.[argv.indexOf("--permission-mode") + 1], "acceptEdits");
    assert.not(
      argv?.some((word) => /skip|bypass|dontAsk|--allow/i.test(word)),
      argv?.join(" "),
    );

    assert.is((await box.copse(["run", "-l", "other", "OTHER"])).code, 0, "the only slot is free");
    assert.is((await box.task("asks")).state, "blocked");

    const runner = runnerPid(box.state) as number;
    kill(runner);
    await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
    const alone = await box.task("asks");
    assert.is(alone.state, "blocked");
    assert.is(alone.needs.text, blocked.needs.text);
    assert.is((await box.copse(["run", "-l", "another", "OTHER again"])).code, 0);
    assert.is.not(runnerPid(box.state), runner);
    const adopted = await box.task("asks");
    assert.equal([adopted.state, adopted.attempt, adopted.pid], ["blocked", 1, blocked.pid], "the next runner has adopted it as it was");
    assert.is(adopted.needs.since, blocked.needs.since);

    allow(box, adopted);
    const done = await box.until("asks", "completed");
    assert.match(done.result.summary, /tests-ran/);
    assert.equal([done.attempt, done.needs], [1, null]);
  } finally {
    await box.close();
  }
});

test("stopping a task that asks ends it with nothing left running", async () => {
  const box = await world(asks, { files });
  try {
    await box.copse(["run", "-b", "-l", "asks", "run the tests"]);
    const { id } = await box.until("asks", "blocked");
    assert.ok(processesOfTask(id).length > 0, "the agent waits for its answer");
    const stop = await box.copse(["stop", "asks"]);
    assert.is(stop.code, 0, stop.stderr);
    assert.match(stop.stdout, /^asks is stopped: stopped by a person \(SIG(INT|TERM)\)\n$/);
    assert.equal(processesOfTask(id), []);
    assert.is((await box.task("asks")).state, "stopped");
  } finally {
    await box.close();
  }
});

test("a question comes with its options, a plan with its text", async () => {
  const question = {
    question: "Which database should I use?",
    header: "Database",
    multiSelect: false,
    options: [
      { label: "Postgres", description: "a server" },
      { label: "SQLite", description: "a file" },
    ],
  };
  const plan = "1. Add the column\n2. Backfill it";
  const box = await world(
    byPrompt({
      QUESTION: [toolUse("AskUserQuestion", { questions: [question] }), text("?")],
      PLAN: [toolUse("ExitPlanMode", { plan }), text("?")],
    }),
  );
  try {
    await box.copse(["run", "-b", "-l", "question", "QUESTION"]);
    await box.copse(["claude", "-w", "--bg", "--name", "plan", "--permission-mode", "plan", "PLAN"]);
    const asked = await box.until("question", "blocked");
    assert.equal([asked.needs.kind, asked.needs.text], ["question", "Which database should I use?"]);
    assert.equal(asked.needs.options, ["Postgres", "SQLite"]);
    const planned = await box.until("plan", "blocked");
    assert.equal([planned.needs.kind, planned.needs.text], ["plan", plan]);
    for (const label of ["question", "plan"]) assert.is((await box.copse(["stop", label])).code, 0);
  } finally {
    await box.close();
  }
});

test.run();
