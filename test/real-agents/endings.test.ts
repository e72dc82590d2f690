import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { text, toolResults, toolUse, turn, userTexts } from "../support/messages-api.ts";
import { kill, runnerPid } from "../support/sandbox.ts";
import { argvOf, byPrompt, gate, type Json, processesOfTask, recorded, waitFor, world } from "./world.ts";

/** The process of the agent itself, not its wrapper. */
const agentPid = (id: string): number | undefined =>
  processesOfTask(id).find((pid) => {
    const argv = argvOf(pid);
    return argv.includes("--permission-prompt-tool") && argv[0]?.endsWith("claude") === true;
  });

test("a background command of the agent's is waited for; one that never ends, until the time limit", async () => {
  const background = (command: string, description: string) => toolUse("Bash", { command, description, run_in_background: true });
  // Claude Code's own ceiling for such waits counts only once its input has ended, and Copse keeps that open.
  const box = await world(
    byPrompt({
      SUITE: (body) =>
        [background(`until [ -e '${box.dir}/go' ]; do sleep 0.2; done; echo done > suite.txt`, "Run the suite"), text("The suite runs.")][
          turn(body)
        ] ?? text("The suite has ended."),
      SERVER: [background("while :; do sleep 1; done", "Serve the app"), text("The server runs.")],
    }),
    { env: { CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS: "1000" } },
  );
  try {
    await box.copse(["run", "-b", "-l", "suite", "--allow", "Bash", "SUITE"]);
    await box.copse(["run", "-b", "-l", "server", "--allow", "Bash", "--timeout", "15s", "SERVER"]);
    await waitFor(
      async () => (await box.copse(["tasks"])).stdout.match(/server +running .* waiting for Serve the app\n/),
      "the wait for the server",
      15_000,
    );
    await waitFor(
      async () => (await box.copse(["tasks"])).stdout.match(/suite +running .* waiting for Run the suite\n/),
      "the wait for the suite",
    );
    writeFileSync(join(box.dir, "go"), "");
    const done = await box.until("suite", "completed");
    assert.is(recorded(box, done).filter((line) => line.type === "result").length, 2);
    assert.equal([done.result.summary, done.attempt], ["The suite has ended.", 1]);
    assert.is(box.git(["show", "copse/suite:suite.txt"]), "done\n");

    const ended = await box.until("server", "failed");
    assert.is(ended.failure.code, "TIMED_OUT");
    assert.is((await box.copse(["wait", "server"])).code, 124);
    assert.equal(processesOfTask(ended.id), [], "the server is gone too");
  } finally {
    await box.close();
  }
});

test("what a rule refuses is noted; the limit of turns is a failure", async () => {
  const box = await world(
    byPrompt({
      RULES: (body) =>
        turn(body) === 0
          ? toolUse("Bash", { command: "npm test", description: "Test" })
          : text(`Refused: ${toolResults(body)[0]?.isError}`),
      TURNS: () => toolUse("Bash", { command: "ls", description: "Look" }),
    }),
    { files: { ".claude/settings.json": '{"permissions":{"deny":["Bash(npm test)"]}}\n', "package.json": "{}\n" } },
  );
  try {
    await box.copse(["run", "-b", "-l", "rules", "RULES"]);
    await box.copse(["run", "-b", "-l", "turns", "TURNS", "--", "--max-turns", "1"]);
    const rules = await box.until("rules", "completed");
    assert.is(rules.result.summary, "Refused: true");
    assert.ok(rules.notes.includes("refused without asking: Bash: npm test"), JSON.stringify(rules.notes));
    assert.match(readFileSync(rules.result.report, "utf8"), /- refused without asking: Bash: npm test/);
    const turns = await box.until("turns", "failed");
    assert.is(turns.failure.code, "MAX_TURNS");
    assert.match(turns.failure.hint, /--max-turns/);
  } finally {
    await box.close();
  }
});

test("a prompt reaches the provider byte for byte", async () => {
  const prompts = {
    dash: "--resume is what I ask about, -p too",
    quotes: `it's "quoted" and 'so' \`ls\` $(id) \${HOME} $HOME \\ \\n %s !! ~ * # ; & | <b>`,
    lines: "one\n\n  two\r\nthree\ttab\n",
    signs: "ünïcødé 漢字 🌲 \u202e zero\u200bwidth e\u0301",
    large: `first words\n${"0123456789 abcdef ä\n".repeat(250_000)}last words`,
  };
  // Claude Code itself refuses a prompt larger than its model's window (some 3 MB here) before any request; the override lifts that.
  const box = await world(() => text("Ok."), { env: { COPSE_LIMIT: "5", CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: "1000000000" } });
  try {
    assert.ok(Buffer.byteLength(prompts.large) > 5_000_000);
    for (const [label, prompt] of Object.entries(prompts)) {
      const file = join(box.dir, `${label}.txt`);
      writeFileSync(file, prompt);
      const words =
        label === "dash"
          ? ["run", "-b", "-l", label, prompt]
          : label === "quotes"
            ? ["-b", "-l", label, prompt]
            : ["run", "-b", "-l", label, "--prompt-file", file];
      const ran = await box.copse(words);
      assert.is(ran.code, 0, ran.stderr);
    }
    for (const label of Object.keys(prompts)) await box.until(label, "completed", 60_000);
    const seen = box.api.main().flatMap((request) => userTexts(request.body as never));
    for (const [label, prompt] of Object.entries(prompts)) assert.ok(seen.includes(prompt), `${label} came as it was typed`);
  } finally {
    await box.close();
  }
});

test("the agent works on when the runner is killed, and its end is read by the next", async () => {
  const going = gate();
  const box = await world(async (body) => {
    if (turn(body) === 0) return toolUse("Write", { file_path: join(box.tree("works"), "out.txt"), content: "out\n" });
    await going.opened;
    return text("All written.");
  });
  try {
    await box.copse(["run", "-b", "-l", "works", "Write it"]);
    const task = await waitFor(async () => {
      const now = await box.task("works").catch(() => undefined);
      return now?.activity === "editing out.txt" ? now : undefined;
    }, "the agent to be at work");
    const runner = runnerPid(box.state) as number;
    const agent = agentPid(task.id);
    kill(runner);
    await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
    going.open();
    await waitFor(
      () => agent !== undefined && !existsSync(`/proc/${agent}`),
      "the agent to end by itself, or to be waited for by a runner",
      5000,
    ).catch(() => undefined);
    assert.is((await box.copse(["wait", "works"])).code, 0);
    const done = await box.task("works");
    assert.equal([done.state, done.attempt, done.result.summary, done.sessionId], ["completed", 1, "All written.", task.sessionId]);
    assert.is(box.git(["show", "copse/works:out.txt"]), "out\n");
    assert.equal([done.cost.turns, done.cost.inputTokens], [2, 2000]);
    const { events } = await box.json(["show", "works"]);
    assert.is(events.find((event: Json) => event.type === "run-ended").exitCode, 0);
  } finally {
    going.open();
    await box.close();
  }
});

test("a killed agent is a failure that names the signal; a retry goes on in its session", async () => {
  const busy = toolUse("Bash", { command: "node -e 'setTimeout(String, 60e4)'", description: "Wait" });
  const box = await world(
    byPrompt({
      ONCE: [busy],
      TWICE: (body, call) => (call === 0 ? busy : text(`I was told: ${userTexts(body).at(-1)}`)),
    }),
  );
  try {
    await box.copse(["run", "-b", "-l", "once", "--allow", "Bash(node:*)", "ONCE"]);
    await box.copse(["run", "-b", "-l", "twice", "--retries", "1", "--allow", "Bash(node:*)", "TWICE"]);
    const at = async (label: string) =>
      await waitFor(async () => {
        const task = await box.task(label).catch(() => undefined);
        return task?.activity?.startsWith("running node") ? task : undefined;
      }, `${label} to be at work`);
    const once = await at("once");
    const twice = await at("twice");
    for (const { id } of [once, twice]) {
      const pid = await waitFor(
        () =>
          processesOfTask(id).some((one) => argvOf(one).join(" ").includes("60e4)") && argvOf(one)[0] === "node")
            ? agentPid(id)
            : undefined,
        "the agent's command",
      );
      kill(pid);
    }
    const failed = await box.until("once", "failed");
    assert.match(failed.failure.message, /SIGKILL/);
    assert.equal(processesOfTask(once.id), [], "its shell command does not stay behind");
    const done = await box.until("twice", "completed");
    assert.equal([done.attempt, done.sessionId], [2, twice.sessionId]);
    assert.match(done.result.summary, /^I was told: You were interrupted/);
    const last = box.api
      .main()
      .filter((request) => userTexts(request.body as never).includes("TWICE"))
      .at(-1);
    assert.ok((last?.body?.messages.length ?? 0) > 2, "the earlier conversation was resumed");
  } finally {
    await box.close();
  }
});

test.run();
