/** The event stream: nothing missing and nothing doubled, compared with the logs on disk, while connections break and the runner is killed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { TaskEvent } from "../../src/core/events.ts";
import { redactAll } from "../../src/core/redact.ts";
import { tasksPath } from "../../src/web/api.ts";
import { agent, kill, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { ask, uiClient } from "../support/ui-client.ts";
import { Follower } from "../support/ui-follower.ts";

const logOf = (box: Sandbox, task: { id: string; repoId: string }): TaskEvent[] =>
  readFileSync(join(box.state, "repos", task.repoId, "tasks", task.id, "events.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as TaskEvent);

/** Every task's events as the follower has them are those of its log, in order, each once. */
function assertWhole(box: Sandbox, follower: Follower): void {
  assert.ok(follower.rows.size > 0);
  for (const row of follower.rows.values()) {
    const log = redactAll(logOf(box, row));
    const seen = follower.events.get(row.id) ?? [];
    assert.equal(
      seen.map(({ seq, type }) => `${seq} ${type}`),
      log.map(({ seq, type }) => `${seq} ${type}`),
      row.label,
    );
    assert.equal(seen, log);
  }
  assert.equal(follower.wrong, []);
}

test("connections break and the runner is killed again and again: no event is missing or doubled, and the page recovers by itself", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  const client = await uiClient(box);
  const followers = [new Follower(client), new Follower(client)];
  try {
    for (const follower of followers) follower.start();
    const script =
      'for i in 1 2 3 4 5 6; do echo "{\\"copse\\":\\"activity\\",\\"text\\":\\"step $i\\"}"; sleep 0.3; done; echo x > "$COPSE_LABEL.txt"';
    for (let n = 0; n < 12; n++) {
      await box.copse(["run", "-b", "--label", `t${n}`, "--exec", "--", "sh", "-c", script]);
      if (n % 3 === 1) followers[1]?.breakOff();
      if (n % 4 === 3) {
        kill(runnerPid(box.state) as number);
        // Any command that needs a runner starts one.
        await box.copse(["wait", "t0", "--timeout", "20s"]);
        assert.is(
          (await ask({ port: client.port, path: tasksPath, headers: { cookie: client.cookie } }).catch(() => ({ status: 0 }))).status ===
            401,
          false,
        );
      }
    }
    await box.copse(["run", "-b", "--label", "asks", "--exec", "--", agent("asks.sh")]);
    await box.copse(["wait", "--timeout", "60s"]);
    await box.copse(["send", "asks", "b"]);
    await box.copse(["stop", "asks"]);
    kill(runnerPid(box.state) as number);
    await box.copse(["run", "-b", "--label", "last", "--exec", "--", "true"]);
    await box.copse(["wait", "last"]);
    // What a command writes while there is no runner.
    kill(runnerPid(box.state) as number);
    await box.copse(["notify", "off", "--label", "last"]);
    await box.copse(["retry", "last"]);
    await box.copse(["wait", "last"]);
    const { tasks } = await box.json(["tasks"]);
    assert.is(tasks.length, 14);
    for (const follower of followers) {
      await waitFor(
        () => tasks.every((task: any) => follower.rows.get(task.id)?.state === task.state),
        "the page to show what the command shows",
        60_000,
      );
      await waitFor(
        () => [...follower.rows.values()].every((row) => logOf(box, row).length === follower.events.get(row.id)?.length),
        "all events",
      );
      assertWhole(box, follower);
      assert.ok(follower.resets >= 5, `${follower.resets} resets`);
    }
  } finally {
    await Promise.all(followers.map((follower) => follower.end()));
    await box.close();
  }
});

test("who was away for a moment is given what it missed by its last id, each message once", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  const client = await uiClient(box);
  const follower = new Follower(client);
  try {
    follower.start();
    await waitFor(() => follower.resets === 1, "the beginning");
    for (let n = 0; n < 8; n++) {
      await box.copse(["run", "-b", "--label", `t${n}`, "--exec", "--", "true"]);
      follower.breakOff();
    }
    await box.copse(["wait"]);
    await waitFor(() => follower.rows.size === 8 && [...follower.rows.values()].every(({ state }) => state === "completed"), "all rows");
    assertWhole(box, follower);
    assert.is(follower.resets, 1, "one runner, one beginning");
    assert.ok(follower.resumed > 0, "went on where it was");
    // Ids that nobody was given.
    for (const id of ["999-1", "1-999999", "x", "-1--1", "1-", `${"9".repeat(400)}-1`, "1-1e3"]) {
      const stream = await client.listen(id);
      await waitFor(() => stream.messages[0]?.event === "reset", `a reset for ${id}`);
      stream.close();
    }
  } finally {
    await follower.end();
    await box.close();
  }
});

test.run();
