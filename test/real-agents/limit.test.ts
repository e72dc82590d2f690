import { test } from "uvu";
import * as assert from "uvu/assert";
import { error, firstUserText, type Reply, text, toolUse, turn, usageLimit } from "../support/messages-api.ts";
import { gate, type Json, waitFor, world } from "./world.ts";

test("a usage limit closes admission for the login: nothing is asked before the reset, one task goes first, all nine complete in their sessions", async () => {
  const reached = new Set<string>();
  const atWork = gate();
  const over = gate();
  let limitedAt = 0;
  let resetAt = 0;
  const asked: { readonly by: string; readonly at: number }[] = [];
  const box = await world(
    async (body): Promise<Reply> => {
      asked.push({ by: firstUserText(body), at: Date.now() });
      if (turn(body) === 0 && limitedAt === 0) return toolUse("Bash", { command: "ls", description: "Look" });
      if (limitedAt > 0) {
        // Whoever goes first after the reset gets its answer late: the others must wait for it.
        if (Date.now() >= resetAt && asked.filter((one) => one.at >= resetAt).length === 1)
          await new Promise((resolve) => setTimeout(resolve, 3000));
        return text("Done.");
      }
      // Three sessions are in the middle of their work; the first of them is told of the limit, the others are kept waiting for their answer.
      reached.add(firstUserText(body));
      const isFirst = reached.size === 1;
      if (reached.size === 3) atWork.open();
      await atWork.opened;
      if (!isFirst) {
        await over.opened;
        return text("This answer is too late.");
      }
      resetAt = Math.ceil(Date.now() / 1000) * 1000 + 12_000;
      limitedAt = Date.now();
      return usageLimit(new Date(resetAt));
    },
    { env: { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-fake" } },
  );
  try {
    const labels = Array.from({ length: 9 }, (_, i) => `task-${i + 1}`);
    for (const label of labels) assert.is((await box.copse(["run", "-b", "-l", label, `The work of ${label}`])).code, 0);
    const all = async (): Promise<Json[]> => (await box.json(["tasks"])).tasks;
    await waitFor(() => limitedAt > 0, "the limit");
    const parked = await waitFor(async () => {
      const tasks = await all();
      return tasks.every((task) => task.state === "queued" && task.waitingFor?.kind === "limit") ? tasks : undefined;
    }, "all nine to wait for the limit");
    assert.ok(Date.now() < resetAt, "parked before the reset");
    assert.ok(
      parked.every((task) => Date.parse(task.waitingFor.until) >= resetAt),
      "until the reset, with a jitter behind it",
    );
    const sessions = new Map(parked.filter((task) => task.sessionId !== null).map((task) => [task.label, task.sessionId]));
    assert.is(sessions.size, 3);

    await waitFor(async () => (await all()).every((task) => task.state === "completed"), "all nine to complete", 150_000);
    over.open();
    assert.equal(
      asked.filter((one) => one.at > limitedAt && one.at < resetAt),
      [],
      "no request between the limit and the reset",
    );
    const [canary, ...others] = asked.filter((one) => one.at >= resetAt);
    const second = others.find((one) => one.by !== canary?.by);
    assert.ok(second && canary && second.at - canary.at >= 3000, "the others follow when the first has its answer");
    for (const task of await all()) {
      assert.is(task.failure, null);
      if (sessions.has(task.label)) assert.is(task.sessionId, sessions.get(task.label), "the same session");
      const { events } = await box.json(["show", task.label]);
      assert.is(
        events.filter((event: Json) => event.type === "attempt-failed" || (event.type === "run-ended" && event.after.counts)).length,
        0,
        "no attempt counted as failed",
      );
    }
  } finally {
    over.open();
    await box.close();
  }
});

test("a refused login holds what is queued, untouched, until a person tries again; then all complete", async () => {
  let refused = true;
  const asked: string[] = [];
  const box = await world(
    (body): Reply => {
      asked.push(firstUserText(body));
      return refused ? error(401, { message: "invalid x-api-key" }) : text("Done.");
    },
    { env: { COPSE_LIMIT: "1" } },
  );
  try {
    for (const label of ["first", "second", "third"]) await box.copse(["run", "-b", "-l", label, `The work of ${label}`]);
    await box.until("first", "failed", 90_000);
    const held = await waitFor(async () => {
      const tasks = await Promise.all(["second", "third"].map((label) => box.task(label)));
      return tasks.every((task) => task.waitingFor?.kind === "limit") ? tasks : undefined;
    }, "the others to be held");
    for (const task of held) assert.match(task.waitingFor.text, /refused the login \(401\).*copse retry first/);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.ok(
      asked.every((by) => by.includes("work of first")),
      "nobody else has asked the provider",
    );
    refused = false;
    assert.is((await box.copse(["retry", "first"])).code, 0);
    for (const label of ["first", "second", "third"]) assert.is((await box.until(label, "completed", 90_000)).failure, null);
    assert.ok(asked.findIndex((by) => by.includes("work of second")) > asked.lastIndexOf(asked[0] as string), "the retried one went first");
  } finally {
    await box.close();
  }
});

test.run();
