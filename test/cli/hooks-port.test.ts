/** Hooks of the configuration, called by the runner with what it knows: matched, side by side, their answers made one; who is heard, and who is not. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, type Sandbox, waitFor } from "../support/sandbox.ts";
import { inBox, personConfig, projectConfig, sleeps } from "./support.ts";

type Json = Awaited<ReturnType<Sandbox["task"]>>;

const hook = (command: string, more: object = {}) => ({ type: "command", command, ...more });
const linesIn = (file: string): Json[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

/** A session of a person's with the hooks installed: `start` as Claude Code calls it where a session begins, `send` as it does at any other event. */
async function session(box: Sandbox, session_id = "s1") {
  const { hooks } = JSON.parse((await box.copse(["hooks", "install", "--print"])).stdout);
  const { url, headers } = hooks.Stop[0].hooks[0];
  const whole = (name: string, fields: object) =>
    JSON.stringify({ hook_event_name: name, session_id, prompt_id: "p", cwd: box.repo, ...fields });
  return {
    start: () =>
      box.copse(["hooks", "start"], { input: whole("SessionStart", { source: "startup" }), env: { CLAUDE_PID: String(process.pid) } }),
    send: (name: string, fields: object = {}): Promise<Json> =>
      new Promise((resolve, reject) => {
        const asked = request(url, { method: "POST", headers }, (response) => {
          let text = "";
          response.on("data", (chunk) => (text += chunk));
          response.on("end", () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))));
        });
        asked.on("error", reject);
        asked.end(whole(name, fields));
      }),
  };
}

const call = (id: string, tool_name = "Read") => ({ tool_use_id: id, tool_name, tool_input: { command: "ls" } });

inBox("every matching hook gets the event with what is known, side by side; their answers are one; all is in the log", async (box) => {
  const told = join(box.dir, "told");
  const keeps = `x=$(cat); printf '%s\\n' "$x" >> ${told}`;
  // Each of the two ends only when the other has begun.
  const waits = (mine: string, other: string) =>
    hook(`touch ${box.dir}/${mine}; until [ -e ${box.dir}/${other} ]; do sleep 0.02; done; echo ${mine} >&2; exit 2`, { timeout: 20 });
  personConfig(box, {
    hooks: {
      SessionStart: [{ hooks: [hook("cat > /dev/null; echo remember this")] }],
      PreToolUse: [
        { hooks: [hook(keeps)] },
        { matcher: "Bash", hooks: [waits("first", "second"), waits("second", "first")] },
        { matcher: "Nothing", hooks: [hook("exit 2")] },
      ],
      PostToolUse: [{ hooks: [hook("sleep 20", { timeout: 0.2 }), hook("sh", { args: ["-c", "echo $0", "$HOME;x"] })] }],
      Stop: [{ hooks: [hook(`cat > /dev/null; sleep 0.2; echo late > ${box.dir}/late`, { async: true })] }],
    },
  });
  const one = await session(box);
  await box.copse(["run", "-b", "-q", "-l", "docs", ...sleeps]);
  assert.equal(JSON.parse((await one.start()).stdout), {
    hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: "remember this" },
  });
  await one.send("UserPromptSubmit", { prompt: "go" });
  assert.equal(await one.send("PreToolUse", call("1")), {});
  const denied = await one.send("PreToolUse", call("2", "Bash"));
  const reason = denied.hookSpecificOutput.permissionDecisionReason;
  assert.equal(
    [denied.hookSpecificOutput.permissionDecision, reason.split("\n").sort()],
    ["deny", ["first", "second"]],
    "not one after the other",
  );
  const events = linesIn(told);
  assert.equal(events[1].tools_called_this_turn, [
    { tool_name: "Read", count: 1 },
    { tool_name: "Bash", count: 1 },
  ]);
  assert.equal([events[1].background_tasks, events[1].copse_tasks.map((task: Json) => task.label)], [[], ["docs"]]);
  assert.equal([events[1].tool_input, events[1].session_id], [{ command: "ls" }, "s1"], "its own fields are there");
  assert.match((await one.send("PostToolUse", call("1"))).systemMessage, /^hook sleep 20: did not end$/);
  assert.equal(await one.send("Stop"), {});
  await waitFor(() => existsSync(join(box.dir, "late")), "the hook that is not waited for");
  const log = (await box.copse(["hooks", "log"])).stdout;
  assert.match(log, / {2}s1 {2}PreToolUse Bash\n(.*\n)?.* → touch .* {2}exit code 2 {2}blocks: first {2}\d+ ms\n/);
  assert.match(log, / → sh -c echo \$0 \$HOME;x {2}\d+ ms\n/, "no shell has read it");
  assert.is((await box.json(["hooks", "show"])).sessions[0].sessionId, "s1");
  await one.send("SessionEnd", { reason: "other" });
  assert.equal((await box.json(["hooks", "show"])).sessions, []);
  assert.match((await box.copse(["hooks", "log", "--session", "s1"])).stdout, /SessionEnd other\n$/);
  await box.copse(["stop", "docs"]);
});

inBox("a runner that is stopped answers first what it was asked, and keeps what comes later for the next", async (box) => {
  const begun = join(box.dir, "begun");
  personConfig(box, { hooks: { PreToolUse: [{ hooks: [hook(`touch ${begun}; sleep 1; echo never >&2; exit 2`)] }] } });
  const one = await session(box);
  await one.start();
  const answer = one.send("PreToolUse", call("1"));
  await waitFor(() => existsSync(begun), "the hook");
  assert.is((await box.copse(["runner", "stop"])).code, 0);
  assert.is((await answer).hookSpecificOutput.permissionDecisionReason, "never");
});

inBox("a project's hooks run once they are trusted, and not in the words an agent gives them", async (box) => {
  const mark = join(box.dir, "ran");
  projectConfig(box, { hooks: { Stop: [{ hooks: [hook(`touch ${mark}`)] }] } });
  const one = await session(box);
  await one.start();
  await one.send("Stop");
  assert.not.ok(existsSync(mark), "not trusted");
  assert.is((await box.copse(["config", "trust", "--yes"])).code, 0);
  await waitFor(async () => {
    await one.send("Stop");
    return existsSync(mark);
  }, "the hook, once it is trusted");
  writeFileSync(join(box.repo, ".worktrees", "config.json"), JSON.stringify({ hooks: { Stop: [{ hooks: [hook(`touch ${mark}2`)] }] } }));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await one.send("Stop");
  assert.not.ok(existsSync(`${mark}2`), "changed, so not trusted");
});

inBox("a task's agent gets the hooks beside its own settings, with a token for its own session alone", async (box) => {
  const told = join(box.dir, "told");
  personConfig(box, {
    agents: { claude: { path: agent("calls-hooks.mjs") } },
    hooks: {
      PreToolUse: [{ hooks: [hook(`x=$(cat); printf '%s\\n' "$x" >> ${told}; echo '{"systemMessage":"seen by '$COPSE_LABEL'"}'`)] }],
    },
  });
  const ran = await box.copse(["run", "-l", "calls", "go", "--", "--settings", '{"model":"theirs"}']);
  assert.is(ran.code, 0, ran.stdout + ran.stderr);
  const answered = JSON.parse(box.git(["show", "copse/calls:hooks-answered.json"]));
  assert.equal([answered.theirs, answered.own], ["theirs", { status: 200, said: { systemMessage: "seen by calls" } }]);
  assert.equal(answered.foreign, { status: 403, said: { error: "the token is not for this session" } });
  assert.is(linesIn(told).length, 1);
  for (const name of ["TeammateIdle", "Notification", "TaskCompleted", "SubagentStop"]) assert.ok(answered.events.includes(name), name);
  assert.not.ok(answered.events.includes("WorktreeCreate"), "its hook would have to make the worktree");
});

test.run();
