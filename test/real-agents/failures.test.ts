import { test } from "uvu";
import * as assert from "uvu/assert";
import { cut, error, text, toolUse, turn, usageLimit, userTexts } from "../support/messages-api.ts";
import { byPrompt, waitFor, world } from "./world.ts";

/** What the provider does, and what the task's failure must say. */
const cases = {
  "bad-request": { reply: error(400, { message: "Your input was bad" }), code: "API_ERROR", message: /error \(400\).*Your input was bad/ },
  refused: { reply: error(401, { message: "invalid x-api-key" }), code: "LOGIN_REFUSED", message: /refused the login \(401\)/ },
  forbidden: { reply: error(403, { message: "no access" }), code: "LOGIN_REFUSED", message: /refused the login \(403\)/ },
  overloaded: { reply: error(529), code: "OVERLOADED", message: /overloaded \(529\)/ },
  "cut-at-once": { reply: cut("at-once"), code: "CONNECTION", message: /connection to the provider broke/ },
  "cut-in-between": { reply: cut("mid-stream"), code: "CONNECTION", message: /connection to the provider broke/ },
} as const;

test("every trouble of the provider ends as a failure that says so, within a minute", async () => {
  const box = await world(byPrompt(Object.fromEntries(Object.entries(cases).map(([name, { reply }]) => [`CASE ${name}`, [reply]]))), {
    env: { COPSE_LIMIT: "6" },
  });
  try {
    // A login of its own for each: what is wrong with one closes admission for all of its tasks.
    for (const name of Object.keys(cases)) {
      const env = { ANTHROPIC_API_KEY: `sk-ant-api03-${name}` };
      await box.copse(["run", "-b", "-l", name, `CASE ${name}`], { env });
    }
    for (const [name, { code, message }] of Object.entries(cases)) {
      const task = await box.until(name, "failed", 90_000);
      assert.is(task.failure.code, code, `${name}: ${JSON.stringify(task.failure)}`);
      assert.match(task.failure.message, message);
      assert.is(task.failure.stage, "run");
      assert.ok(task.failure.hint, `${name} says what can be done`);
      const tookMs = Date.parse(task.endedAt) - Date.parse(task.startedAt);
      assert.ok(tookMs < 60_000, `${name} took ${tookMs} ms`);
      assert.is((await box.copse(["wait", name])).code, 1);
    }
    assert.match(
      (await box.copse(["tasks", "--state", "failed"])).stdout,
      /✗ overloaded +failed +\(.* ago\) +the provider is overloaded \(529\)/,
    );
  } finally {
    await box.close();
  }
});

test("a usage limit parks the task, which goes on by itself in its session", async () => {
  let limitedAt = 0;
  const resets = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 9000);
  const box = await world(
    (body) => {
      if (turn(body) === 0) return toolUse("Bash", { command: "ls", description: "Look" });
      if (limitedAt === 0) {
        limitedAt = Date.now();
        return usageLimit(resets());
      }
      return text(`I was told: ${userTexts(body).at(-1)}`);
    },
    { env: { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-fake" } },
  );
  try {
    await box.copse(["run", "-b", "-l", "limited", "The long task"]);
    const parked = await waitFor(async () => {
      const task = await box.task("limited").catch(() => undefined);
      assert.is.not(task?.state, "failed", JSON.stringify(task?.failure));
      return task?.state === "queued" && task.waitingFor?.kind === "limit" ? task : undefined;
    }, "the task to wait for its limit");
    assert.match(parked.waitingFor.text, /limit/);
    const until = Date.parse(parked.waitingFor.until);
    assert.ok(until > limitedAt && until < limitedAt + 11_000, parked.waitingFor.until);
    assert.is(parked.failure, null);
    assert.match((await box.copse(["tasks"])).stdout, /○ limited +queued +.*limit.*, until \d\d:\d\d:\d\d\n$/);

    const done = await box.until("limited", "completed");
    assert.is(done.attempt, 2);
    assert.is(done.sessionId, parked.sessionId, "the same session");
    assert.match(done.result.summary, /^I was told: You were interrupted/);
    // Two answers in all; the session counts the first one again when it is resumed.
    assert.equal([done.cost.inputTokens, done.cost.outputTokens, done.cost.usd], [2000, 100, 0.005]);
    const last = box.api.main().at(-1);
    assert.ok(last && userTexts(last.body as never).includes("The long task"), "the earlier conversation is there");
    assert.ok(Date.parse(done.endedAt) >= until, "not before its time");
  } finally {
    await box.close();
  }
});

test.run();
