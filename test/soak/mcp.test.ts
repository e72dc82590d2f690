/** `copse mcp`, by the SDK's own client: the tools do what the commands do and answer in their JSON; errors are answers; standard output is the protocol's alone. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startOf } from "../../src/system/identity.ts";
import { inBox, personConfig, projectConfig } from "../cli/support.ts";
import { type Connect, connect, type Json, type McpClient } from "../support/mcp-client.ts";
import { agent, builtCli, ended, type Sandbox, waitFor } from "../support/sandbox.ts";

const asking = `[ -z "$COPSE_ANSWER" ] || { printf %s "$COPSE_ANSWER" > answer.txt; exit 0; }
echo '{"copse":"question","text":"Which db?","options":["Postgres","SQLite"]}'; exit 5`;

const agents = {
  works: { command: [agent("works.sh")] },
  asks: { command: ["sh", "-c", asking] },
  sleeps: { command: ["sh", "-c", "sleep 300"] },
};

/** A sandbox with agents that are scripts, and a client. */
function withClient(name: string, work: (box: Sandbox, mcp: McpClient) => Promise<void>, options?: Connect): void {
  inBox(name, async (box) => {
    personConfig(box, { agents, agent: "works" });
    const mcp = await connect(box, options);
    try {
      await work(box, mcp);
    } finally {
      await mcp.close();
    }
  });
}

/** What tools say of themselves. */
async function described(client: McpClient["client"]): Promise<void> {
  const { tools } = await client.listTools();
  const hints = Object.fromEntries(
    tools.map(({ name, annotations: on }) => [name, [on?.readOnlyHint, on?.destructiveHint, on?.openWorldHint]]),
  );
  assert.equal(hints, {
    tasks_list: [true, false, false],
    task_show: [true, false, false],
    task_start: [false, false, true],
    task_wait: [true, false, false],
    task_answer: [false, false, true],
    task_stop: [false, true, false],
    task_report: [true, false, false],
  });
  for (const { name, inputSchema, outputSchema, description } of tools) {
    assert.is(inputSchema.type, "object", name);
    assert.is(inputSchema["additionalProperties"], false, name);
    assert.ok(outputSchema?.properties, name);
    assert.ok(description, name);
  }
  const fields = Object.keys(tools.find(({ name }) => name === "task_start")?.inputSchema.properties ?? {});
  for (const field of [
    "prompt",
    "label",
    "agent",
    "model",
    "base",
    "fix",
    "deliver",
    "priority",
    "group",
    "tags",
    "timeout",
    "max-cost",
    "retries",
  ])
    assert.ok(fields.includes(field), field);
  for (const field of ["exec", "verify", "permission-mode", "allow", "worktree", "no-worktree", "prompt-file", "background"])
    assert.not.ok(fields.includes(field), field);
  assert.match(client.getInstructions() ?? "", /task_wait until timedOut is false/);
}

withClient("tools describe themselves; a task is started, waited for and reported, in the JSON of the command line", async (box, mcp) => {
  await described(mcp.client);
  assert.is(mcp.client.getNegotiatedProtocolVersion(), "2025-11-25");
  const input = {
    prompt: "Write it",
    label: "one",
    tags: ["a", "b"],
    priority: 3,
    group: "g",
    "max-cost": 2,
    timeout: "5m",
    retries: 1,
  };
  const { task } = await mcp.call("task_start", input);
  assert.equal([task.label, task.priority, task.group, task.tags, task.startedBy], ["one", 3, "g", ["a", "b"], null]);
  const told: { progress: number; message?: string | undefined }[] = [];
  const waited = await mcp.call("task_wait", { tasks: ["one"] }, { onprogress: (one) => void told.push(one) });
  const shown = await box.json(["show", "one"]);
  assert.equal(waited, { tasks: [shown.task], timedOut: false });
  assert.is(shown.task.state, "completed");
  assert.equal(shown.events[0].request.timeoutMs, 300_000);
  assert.equal(shown.events[0].request.maxCostUsd, 2);
  assert.ok(told.length > 0 && told.every((one, i) => i === 0 || one.progress > (told[i - 1]?.progress ?? 0)), JSON.stringify(told));
  assert.match(told.at(-1)?.message ?? "", /^(?:0|1) of 1 settled/);
  assert.equal(await mcp.call("task_show", { task: "one" }), shown);
  assert.equal(await mcp.call("tasks_list"), await box.json(["tasks"]));
  assert.equal(await mcp.call("tasks_list", { all: true, state: ["failed"] }), { tasks: [] });
  const { at: _, ...page } = await mcp.call("task_report");
  const { at: __, ...printed } = await box.json(["report"]);
  assert.equal(page, printed);
  assert.is(page.numbers.tasks, 1);
  assert.match(await mcp.say("task_report", { tasks: ["one"] }), /^# Report: one\n[\s\S]*Wrote the result\./);
  assert.match(
    await mcp.say("task_wait", { tasks: ["one"] }),
    /^✓ one +completed [\s\S]*copse\/one[\s\S]*said:\n```text\nWrote the result\.\n```$/,
  );
});

withClient(
  "a question is answered by its option's number, and a refusal goes the same way; what the person lets agents do besides is there",
  async (box, mcp) => {
    const { annotations } = (await mcp.client.listTools()).tools.find(({ name }) => name === "task_approve") ?? {};
    assert.is(annotations?.destructiveHint, true);
    await mcp.call("task_start", { prompt: "Ask", label: "ask", agent: "asks", verify: ["test -f answer.txt"] });
    await mcp.call("task_start", { prompt: "Ask", label: "no", agent: "asks" });
    const { tasks, timedOut } = await mcp.call("task_wait");
    assert.is(timedOut, false, "blocked is settled");
    assert.equal(
      tasks.map(({ state, needs }: Json) => [state, needs.text, needs.options]),
      Array(2).fill(["blocked", "Which db?", ["Postgres", "SQLite"]]),
    );
    assert.match(await mcp.say("task_show", { task: "ask" }), /Which db\?\nOptions: 1: Postgres, 2: SQLite/);
    assert.is((await mcp.refused("task_answer", { task: "ask", text: " " })).code, "USAGE");
    assert.match((await mcp.refused("task_approve", { task: "ask" })).message, /asks a question; it cannot be approved/);
    assert.is((await mcp.call("task_answer", { task: "ask", text: "2" })).task.label, "ask");
    await mcp.call("task_answer", { task: "no", answer: "deny", text: "Neither" });
    assert.equal(
      (await mcp.call("task_wait", { tasks: ["ask", "no"] })).tasks.map(({ state, verify }: Json) => [state, verify.status]),
      [
        ["completed", "verified"],
        ["completed", "none"],
      ],
    );
    assert.is(box.git(["show", "copse/ask:answer.txt"]), "SQLite");
    assert.is(box.git(["show", "copse/no:answer.txt"]), "Neither");
    assert.match((await box.copse(["show", "ask"])).stdout, /an agent answered: SQLite/);
    assert.is((await mcp.refused("task_answer", { task: "ask", text: "more" })).code, "WRONG_STATE");
    assert.is((await box.copse(["mcp", "now"])).code, 2);
  },
  { args: ["--allow-approve", "--allow-verify"] },
);

withClient("errors are answers with code, message and hint, and the server goes on", async (box, mcp) => {
  const wrong: [string, object, string, RegExp, RegExp?][] = [
    ["task_show", { task: "nothing" }, "TASK_NOT_FOUND", /no task is named "nothing"/, /tasks/],
    ["task_wait", { tasks: ["nothing"] }, "TASK_NOT_FOUND", /nothing/],
    ["task_wait", { timeout: "soon" }, "USAGE", /timeout/],
    ["task_start", {}, "USAGE", /task_start: prompt: /],
    ["task_start", { prompt: "x", labl: "y" }, "USAGE", /no field "labl"/, /Did you mean label\?/],
    ["task_start", { prompt: "x", exec: ["rm"] }, "USAGE", /no field "exec"/, /the person's to run/],
    ["task_start", { prompt: "x", verify: ["rm"] }, "USAGE", /no field "verify"/, /--allow-verify/],
    ["task_start", { prompt: "x", "permission-mode": "plan" }, "USAGE", /permission-mode/, /configuration/],
    ["task_start", { prompt: "x", priority: "high" }, "USAGE", /task_start: priority: /],
    ["task_start", { prompt: "x", agent: "worcs" }, "AGENT_NOT_FOUND", /worcs/, /Did you mean works\?/],
    ["task_start", { prompt: "x", label: "a\u001b[1m" }, "BAD_LABEL", /label/],
    ["task_start", { prompt: "-" }, "BAD_PROMPT", /dash/],
    ["task_start", { prompt: "x", base: "nowhere" }, "BASE_NOT_FOUND", /nowhere/],
    ["tasks_list", { repo: box.dir }, "NO_REPOSITORY", new RegExp(`${box.dir} is not inside`), /--all/],
    ["task_report", { since: "whenever" }, "USAGE", /whenever/],
  ];
  for (const [tool, input, code, message, hint = /./] of wrong) {
    const error = await mcp.refused(tool, input);
    assert.is(error.code, code, `${tool} ${JSON.stringify(input)}: ${error.message}`);
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint, error.message);
  }
  assert.equal(await mcp.call("tasks_list"), { tasks: [] }, "nothing was made");
  projectConfig(box, { setup: "touch set-up" });
  assert.is((await mcp.refused("task_start", { prompt: "x" })).code, "NOT_TRUSTED");
  const elsewhere = join(box.dir, "elsewhere");
  mkdirSync(elsewhere);
  const other = await connect(box, { cwd: elsewhere });
  assert.is((await other.refused("tasks_list")).code, "NO_REPOSITORY");
  rmSync(elsewhere, { recursive: true });
  assert.is((await other.refused("task_start", { prompt: "x" })).code, "NO_REPOSITORY", "its folder is gone");
  assert.equal(await other.call("tasks_list", { repo: box.repo }), { tasks: [] });
  await other.close();
  await mcp.client.callTool({ name: "task_dance" }).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /task_dance not found/),
  );
});

withClient(
  "a wait ends when it is cancelled, when its time is up, and with its client; the tasks go on, and so does another client's wait",
  async (box, mcp) => {
    await mcp.call("task_start", { prompt: "Sleep", label: "long", agent: "sleeps" });
    const leave = new AbortController();
    const waiting = mcp.call("task_wait", { timeout: "5m" }, { signal: leave.signal });
    setTimeout(() => leave.abort(new Error("enough")), 300);
    await waiting.then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /enough/),
    );
    await waitFor(async () => (await mcp.call("task_show", { task: "long" })).task.state === "running", "it to run");
    const late = await mcp.call("task_wait", { timeout: "1s" });
    assert.equal([late.timedOut, late.tasks[0].state], [true, "running"]);
    const { task } = await mcp.call("task_stop", { task: "long" });
    assert.is(task.state, "stopped");
    assert.is((await mcp.refused("task_stop", { task: "long" })).code, "WRONG_STATE");
    assert.equal(await mcp.call("task_wait"), { tasks: [], timedOut: false }, "nothing is open");
    const two = await connect(box, { modern: true });
    try {
      assert.is(two.client.getNegotiatedProtocolVersion(), "2026-07-28");
      assert.is((await two.client.listTools()).tools.length, 7);
      const both = await Promise.allSettled(
        [mcp, two].map((each) => each.call("task_start", { prompt: "Sleep", label: "same", agent: "sleeps" })),
      );
      assert.equal(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      const why = String(both.find((made) => made.status === "rejected")?.reason);
      assert.match(why, /LABEL_TAKEN/, why);
      const left = two.call("task_wait", { timeout: "5m" }).catch(() => "left");
      const seen = mcp.call("task_wait", { tasks: ["same"], timeout: "5m" });
      await waitFor(async () => (await mcp.call("tasks_list")).tasks[0].state === "running", "it to run");
      const server = startOf(two.pid);
      await two.close();
      assert.is(await left, "left");
      await waitFor(() => startOf(two.pid) !== server, "its server to be gone");
      await box.copse(["stop", "same"]);
      assert.is((await seen).tasks[0].state, "stopped");
    } finally {
      await two.close();
    }
  },
);

inBox("standard output carries messages of the protocol only, and the end of standard input ends the server", async (box) => {
  personConfig(box, { agents, agent: "works", nonsense: true });
  const child = spawn(process.execPath, [builtCli, "mcp"], { cwd: join(box.repo), env: box.env, stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const client = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  say({ id: 1, method: "initialize", params: client });
  say({ method: "notifications/initialized" });
  child.stdin.write("this is no JSON\n");
  say({ id: 2, method: "tools/call", params: { name: "task_start", arguments: { prompt: "x", label: "warned" } } });
  await waitFor(() => out.includes('"id":2'), "the answer");
  const messages = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(messages.every(({ jsonrpc }) => jsonrpc === "2.0"));
  assert.is(messages[0].result.protocolVersion, "2024-11-05");
  const { result } = messages.find(({ id }) => id === 2);
  assert.match(result.content[0].text, /^warned \(\w+\) is queued\.\nWarning: .*nonsense/);
  child.stdin.end();
  assert.is(await ended(child), 0);
  assert.is((await box.copse(["wait", "warned"])).code, 0);
});

test.run();
