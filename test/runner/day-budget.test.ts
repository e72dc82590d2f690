/** The day's budget: what counts, what is held, what goes on when there is more to spend. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { costOfDay, midnight } from "../../src/runner/day-budget.ts";
import { type Entry, entryOf } from "../../src/store/index-file.ts";
import { settings } from "../support/run-script.ts";
import { sandbox, waitFor } from "../support/sandbox.ts";
import { someTask } from "../support/task-made.ts";

test("midnight is the person's, on days of 23 and 25 hours as well", () => {
  const before = process.env["TZ"];
  try {
    process.env["TZ"] = "Europe/Berlin";
    assert.is(midnight(new Date("2026-03-29T10:00:00Z")), "2026-03-28T23:00:00.000Z");
    assert.is(midnight(new Date("2026-10-25T22:59:00Z")), "2026-10-24T22:00:00.000Z");
    assert.is(midnight(new Date("2026-10-25T23:00:00Z")), "2026-10-25T23:00:00.000Z");
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
});

test("what ran today counts, whether it has ended or not; what ended before, or has not begun, does not", () => {
  const since = "2026-11-21T00:00:00.000Z";
  const entry = (usd: number | null, runStartedAt: string | null, endedAt: string | null): Entry => {
    const state = endedAt === null ? "running" : "completed";
    const { progress } = someTask();
    return entryOf(someTask({ state, runStartedAt, endedAt, progress: { ...progress, cost: { ...progress.cost, usd } } }), 1);
  };
  const entries = [
    entry(1, "2026-11-20T22:00:00.000Z", "2026-11-20T23:00:00.000Z"),
    entry(2, "2026-11-20T22:00:00.000Z", "2026-11-21T01:00:00.000Z"),
    entry(4, "2026-11-21T01:00:00.000Z", null),
    entry(8, null, null),
    entry(null, "2026-11-21T01:00:00.000Z", null),
  ];
  assert.is(costOfDay(entries, since), 6);
});

test("when it is spent, agents wait in line and say why, plain commands do not, and a higher budget lets them go on", async () => {
  const box = await sandbox();
  try {
    const spender = ["sh", "-c", `cat > /dev/null; echo '{"copse":"cost","usd":0.6}'`];
    const budget = (maxCostPerDayUsd: number) => settings(box, { agents: { spender: { command: spender } }, maxCostPerDayUsd });
    budget(1);
    const env = { COPSE_IDLE_SECONDS: "60" };
    const spend = (label: string, ...more: string[]) =>
      box.copse(["run", "-l", label, "--no-worktree", "--agent", "spender", ...more, "spend"], { env });
    assert.is((await spend("first")).code, 0);
    assert.is((await spend("second")).code, 0, "$0.60 of $1.00 is not the whole of it");
    assert.is((await spend("third", "-b")).code, 0);
    const third = () => box.task("third");
    await waitFor(async () => (await third()).waitingFor?.kind === "limit", "the third to be held");
    assert.match((await third()).waitingFor.text, /today's \$1\.00 is spent: goes on at midnight, or with a higher maxCostPerDayUsd/);
    assert.match((await box.copse(["tasks"])).stdout, /third +queued .*today's \$1\.00 is spent/);
    assert.is((await box.copse(["run", "-l", "free", "--exec", "--", "true"], { env })).code, 0);
    assert.is((await third()).state, "queued");
    budget(2);
    assert.is((await box.copse(["wait", "third"])).code, 0);
  } finally {
    await box.close();
  }
});

test("a repository cannot set it", async () => {
  const box = await sandbox({ ".worktrees/config.json": '{"maxCostPerDayUsd": 1000}\n' });
  try {
    const ran = await box.copse(["config"]);
    assert.match(ran.stderr, /`maxCostPerDayUsd` is the person's to set/);
    assert.match(ran.stdout, /^maxCostPerDayUsd .*default$/m);
  } finally {
    await box.close();
  }
});

test.run();
