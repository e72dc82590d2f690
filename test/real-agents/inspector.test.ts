/** The official MCP inspector, by its command line, against the built `copse mcp`: its listing passes the inspector's own look at the schemas, and calls answer. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, builtCli, sandbox } from "../support/sandbox.ts";

test("tools/list has nothing a program might stumble over; a task is started, waited for and shown", async () => {
  const inspector = process.env["COPSE_TEST_INSPECTOR"];
  if (!inspector) throw new Error("COPSE_TEST_INSPECTOR names no inspector: run these tests by npm run test:agents");
  const box = await sandbox();
  try {
    const env = Object.entries(box.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const config = join(box.dir, "home", ".config", "copse");
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "config.json"), JSON.stringify({ agent: "works", agents: { works: { command: [agent("works.sh")] } } }));
    const inspect = (...args: string[]) => {
      const words = ["--cli", ...env, "--cwd", box.repo, process.execPath, builtCli, "mcp", ...args];
      const { status, stdout, stderr } = spawnSync(inspector, words, { cwd: box.dir, env: box.env, encoding: "utf8", timeout: 60_000 });
      return { code: status, said: stdout === "" ? undefined : JSON.parse(stdout), stderr };
    };
    const call = (name: string, ...pairs: string[]) =>
      inspect("--method", "tools/call", "--tool-name", name, ...pairs.flatMap((pair) => ["--tool-arg", pair]));

    const listed = inspect("--allow-approve", "--allow-verify", "--method", "tools/list", "--strict");
    assert.is(listed.code, 0, listed.stderr);
    assert.is(listed.stderr.trim(), "", "no schema is hard to read");
    assert.equal(
      listed.said.tools.map(({ name }: { name: string }) => name),
      ["tasks_list", "task_show", "task_start", "task_wait", "task_answer", "task_approve", "task_stop", "task_report"],
    );
    const made = call("task_start", "prompt=Write it", "label=one", "priority=2", 'tags=["a"]');
    assert.is(made.code, 0, made.stderr);
    assert.equal([made.said.structuredContent.task.label, made.said.structuredContent.task.tags], ["one", ["a"]]);
    const waited = call("task_wait", 'tasks=["one"]', "timeout=30s");
    assert.is(waited.said.structuredContent.tasks[0].state, "completed", waited.stderr);
    assert.equal(call("task_show", "task=one").said.structuredContent, await box.json(["show", "one"]));
    const wrong = call("task_show", "task=nothing");
    assert.is(wrong.said.isError, true);
    assert.is(JSON.parse(wrong.said.content[0].text).error.code, "TASK_NOT_FOUND");
  } finally {
    await box.close();
  }
});

test.run();
