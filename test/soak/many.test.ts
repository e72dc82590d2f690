/** Many at once: 32 submissions in one repository whose base is a remote's branch, ten rounds, with the default limit and with others. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, type Json } from "../support/run-script.ts";
import { agent, type Ran, type Sandbox, sandbox } from "../support/sandbox.ts";

const many = 32;
const rounds = Number(process.env["MANY_ROUNDS"] ?? 10);

let box: Sandbox;
let reached = 0;
test.before(async () => {
  const upstream = "upstream.git";
  box = await sandbox();
  box.git(["clone", "-q", "--bare", box.repo, join(box.dir, upstream)]);
  box.git(["remote", "add", "origin", join(box.dir, upstream)]);
  box.git(["fetch", "-q"]);
  // HEAD is not what origin/main is: the base must be told apart from it.
  box.git(["commit", "-q", "--allow-empty", "-m", "local only"]);
});
test.after(() => box.close());

function setLimit(limit: number | null): void {
  const file = join(box.dir, "home", ".config", "copse", "config.json");
  mkdirSync(join(file, ".."), { recursive: true });
  if (limit === null) rmSync(file, { force: true });
  else writeFileSync(file, JSON.stringify({ limit }));
}

for (let round = 1; round <= rounds; round++) {
  // The first two with the default; then any.
  const limit = round <= 2 ? null : 1 + Math.floor(Math.random() * 8);
  test(`round ${round} with ${limit === null ? "the default limit" : `limit ${limit}`}`, async () => {
    setLimit(limit);
    const count = join(box.dir, `count-${round}`);
    writeFileSync(count, "");
    const up = (await box.json(["runner", "status"])).runner;
    if (up) await waitForLimit(limit ?? 3);
    const labels = Array.from({ length: many }, (_, i) => `r${round}-${i}`);
    const env = { COUNT_FILE: count, COUNT_SECONDS: "0.3" };
    const base = box.git(["rev-parse", "origin/main"]).trim();
    assert.is.not(base, box.git(["rev-parse", "HEAD"]).trim());
    const made = await Promise.all(
      labels.map((label): Promise<Ran> => box.copse(["run", "-b", "-q", "-l", label, "--exec", "--", agent("counts.sh")], { env })),
    );
    assert.equal(
      made.filter((one) => one.code !== 0).map((one) => one.stderr),
      [],
    );
    assert.is(new Set(made.map((one) => one.stdout.trim())).size, many, "32 ids");
    assert.is((await box.copse(["wait", "--timeout", "100s"])).code, 0);

    const tasks = (await box.json(["tasks", "--all"])).tasks.filter((task: Json) => labels.includes(task.label));
    assert.is(tasks.length, many);
    for (const task of tasks) {
      assert.is(task.state, "completed", `${task.label}: ${JSON.stringify(task.failure)}`);
      assert.is(task.base, base);
      assert.is(task.attempt, 1);
      assert.is(box.git(["show", `copse/${task.label}:mine.txt`]), `${task.label}\n`);
    }
    const worktrees = box
      .git(["worktree", "list", "--porcelain"])
      .split("\n")
      .filter((row) => row.startsWith("worktree "));
    assert.is(worktrees.length, 1 + many * round);
    const branches = box.git(["for-each-ref", "--format=%(refname)", "refs/heads"]).trim().split("\n").sort();
    const expected = Array.from({ length: round * many }, (_, i) => `refs/heads/copse/r${1 + Math.floor(i / many)}-${i % many}`);
    assert.equal(branches, ["refs/heads/main", ...expected].sort(), "one branch a task, no stray one");
    assert.is(box.git(["config", "--get-regexp", "^(core.bare|branch\\.)"]).trim(), "core.bare false", "no tracking was written");
    assertUntouched(box);

    const most = readCount(count, labels);
    assert.ok(most <= (limit ?? 3), `${most} ran at once`);
    if (most === (limit ?? 3)) reached++;
  });
}

test("the limit was reached, so it could have been passed", () => assert.ok(reached > 0));

async function waitForLimit(limit: number): Promise<void> {
  for (let i = 0; ; i++) {
    const { runner } = await box.json(["runner", "status"]);
    // None (any more): the next one reads the limit anew.
    if (!runner || runner.limit === limit) return;
    if (i > 100) throw new Error(`the runner still has limit ${runner.limit}, not ${limit}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The greatest number of agents between their start and their end, as they wrote it down themselves; each started once, in its own worktree. */
function readCount(file: string, labels: readonly string[]): number {
  const rows = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((row) => row.split(" ") as [string, string, string]);
  assert.equal(
    rows
      .filter(([what]) => what === "start")
      .map(([, label]) => label)
      .sort(),
    [...labels].sort(),
    "each started once",
  );
  assert.is(rows.filter(([what]) => what === "end").length, labels.length);
  for (const [, label, dir] of rows) assert.is(dir, join(box.repo, ".worktrees", "trees", label));
  let now = 0;
  let most = 0;
  for (const [what] of rows) {
    now += what === "start" ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

test.run();
