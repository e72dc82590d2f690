/** The real Claude Code hands work to the queue by `copse mcp`: it starts a task, waits for it, and reads what came of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connect } from "../support/mcp-client.ts";
import { text, toolResults, toolUse, turn } from "../support/messages-api.ts";
import { byPrompt, type Json, settle, type World, world } from "./world.ts";

/** As a project's `.mcp.json` says it. */
const config = { mcpServers: { copse: { command: "copse", args: ["mcp"] } } };
const lead = [
  toolUse("mcp__copse__task_start", { prompt: "CHILD: write the notes", label: "notes", tags: ["part"] }),
  toolUse("mcp__copse__task_wait", { tasks: ["notes"] }),
];
const child = (box: () => World) => [
  toolUse("Write", { file_path: join(box().tree("notes"), "notes.md"), content: "noted\n" }),
  text("The notes are in notes.md."),
];

test("from a session of a person's: task_start, then task_wait, with what the task did in the result", async () => {
  const results: string[] = [];
  const box = await world(
    byPrompt({
      CHILD: (body) => child(() => box)[Math.min(turn(body), 1)] as never,
      LEAD: (body) => {
        results.push(...toolResults(body).map((one) => one.text));
        return lead[turn(body)] ?? text("All is done.");
      },
    }),
  );
  try {
    settle(box, [box.repo]);
    const file = join(box.dir, "mcp.json");
    writeFileSync(file, JSON.stringify(config));
    const flags = ["--mcp-config", file, "--allowedTools=mcp__copse__task_start", "--allowedTools=mcp__copse__task_wait"];
    const ran = await box.claude(["-p", "LEAD: hand it over", ...flags, "--output-format", "stream-json", "--verbose"]);
    assert.is(ran.code, 0, ran.stderr);
    const lines: Json[] = ran.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const init = lines.find(({ subtype }) => subtype === "init");
    assert.equal(
      init.mcp_servers.map(({ name, status }: Json) => [name, status]),
      [["copse", "connected"]],
    );
    for (const name of ["tasks_list", "task_show", "task_start", "task_wait", "task_answer", "task_stop", "task_report"])
      assert.ok(init.tools.includes(`mcp__copse__${name}`), name);
    assert.is(lines.at(-1).result, "All is done.");
    assert.equal(lines.at(-1).permission_denials, []);
    const task = await box.task("notes");
    assert.equal([task.state, task.startedBy, task.tags, task.agent], ["completed", null, ["part"], "claude"]);
    assert.is(box.git(["show", "copse/notes:notes.md"]), "noted\n");
    assert.is(results.length, 2);
    assert.ok(results[0]?.includes(task.id), results[0]);
    for (const word of ["completed", "copse/notes", "The notes are in notes.md."])
      assert.ok(results[1]?.includes(word), `${word}: ${results[1]}`);
  } finally {
    await box.close();
  }
});

test("added as the README says, it is connected", async () => {
  const box = await world([text("Done.")]);
  try {
    settle(box, [box.repo]);
    assert.is((await box.claude(["mcp", "add", "copse", "--", "copse", "mcp"])).code, 0);
    const listed = await box.claude(["mcp", "list"]);
    assert.match(listed.stdout, /^copse: copse mcp .*Connected/m, listed.stderr);
  } finally {
    await box.close();
  }
});

test("a permission that a task asks for is refused, and approved where the person lets agents do that", async () => {
  const asks = toolUse("Bash", { command: "npm test -- --all", description: "Run the tests" });
  const box = await world(byPrompt({ ASKS: (body) => (turn(body) < 2 ? asks : text(`Tests said: ${toolResults(body)[0]?.text}`)) }), {
    files: { "package.json": '{"scripts":{"test":"echo tests-ran"}}\n' },
  });
  const mcp = await connect(box, { args: ["--allow-approve"] });
  try {
    await mcp.call("task_start", { prompt: "ASKS: run the tests", label: "asks" });
    const first = (await mcp.call("task_wait")).tasks[0];
    assert.equal([first.state, first.needs.kind, first.needs.text], ["blocked", "permission", "Bash: npm test -- --all"]);
    await mcp.call("task_answer", { task: "asks", answer: "deny", text: "Not yet" });
    const second = (await mcp.call("task_wait")).tasks[0];
    assert.is.not(second.needs.since, first.needs.since, "it asks again");
    await mcp.call("task_approve", { task: "asks" });
    const { tasks } = await mcp.call("task_wait", { tasks: ["asks"] });
    assert.is(tasks[0].state, "completed");
    assert.match(tasks[0].result.summary, /tests-ran/);
  } finally {
    await mcp.close();
    await box.close();
  }
});

test("from within a task, with one slot: the lead is named, its slot lent, and its task may start none", async () => {
  let refusal = "";
  const box = await world(
    byPrompt({
      CHILD: (body) => {
        const steps = [toolUse("mcp__copse__task_start", { prompt: "DEEPER" }), ...child(() => box)];
        if (turn(body) === 1) refusal = toolResults(body)[0]?.text ?? "";
        return steps[Math.min(turn(body), 2)] as never;
      },
      LEAD: (body) => lead[turn(body)] ?? text("All is done."),
    }),
    { files: { ".mcp.json": JSON.stringify(config) }, env: { COPSE_LIMIT: "1" } },
  );
  try {
    const trust = join(box.dir, "settings.json");
    writeFileSync(trust, JSON.stringify({ enabledMcpjsonServers: ["copse"] }));
    const allow = ["--allow", "mcp__copse__task_start", "--allow", "mcp__copse__task_wait"];
    const file = join(box.dir, "home", ".config", "copse", "config.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ allow: ["mcp__copse__task_start"], agents: { claude: { args: ["--settings", trust] } } }));
    const ran = await box.copse(["run", "-l", "lead", ...allow, "LEAD: hand it over"]);
    assert.is(ran.code, 0, ran.stdout + ran.stderr);
    const { id, label } = await box.task("lead");
    const task = await box.task("notes");
    assert.equal([task.state, task.startedBy], ["completed", { id, label }]);
    assert.match(refusal, /TOO_DEEP.*notes is a task that lead started/);
  } finally {
    await box.close();
  }
});

test.run();
