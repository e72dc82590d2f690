/** A campaign beside the queue: as a task itself, and handing what fails to agents, a task each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { settings } from "../support/run-script.ts";
import { builtCli, waitFor } from "../support/sandbox.ts";
import { terminal } from "../support/terminal.ts";
import { outdated } from "../support/updates.ts";

test("--fix and --majors: a task for each that failed and for each newer major, as many as are allowed, once", async () => {
  const box = await outdated({ names: ["p01", "p02", "p03", "p04"], conflicts: [["p01"], ["p02", "p03"]] });
  try {
    // It shows what it was asked, and mends nothing.
    settings(box, { agents: { reader: { command: ["sh", "-c", "cat > asked.txt"] } } });
    box.registry.add("p04", "2.0.0");
    box.registry.add("p01", "2.0.0");
    const args = ["deps", "--fix", "--majors", "--agent", "reader", "--max-tasks", "3"];
    const killed = await box.copse(args, { env: { COPSE_CRASH_AT: "deps-handed:2" } });
    assert.is(killed.code, -2, killed.stderr);
    const ran = await box.copse(args);
    assert.is(ran.code, 0, ran.stderr);
    assert.match(
      ran.stderr,
      /3 tasks for an agent: fix-p01-1-1-0, fix-p03-1-1-0, major-p0\d-2-0-0; over --max-tasks and not begun: p0\d@2\.0\.0/,
    );
    assert.is((await box.copse(["wait", "--timeout", "60s"])).code, 1, "their checks fail, for nothing was mended");
    const { tasks } = await box.json(["tasks", "--batch", "deps-1"]);
    assert.is(tasks.length, 3, "none twice");
    assert.ok(
      tasks.every(({ branch, label }: any) => branch === `copse/${label}`),
      "each label is its branch as it is",
    );
    const culprit = tasks.find(({ label }: any) => label.startsWith("fix-p01-1-1-0"));
    assert.equal(
      culprit.verify.checks.map(({ command }: any) => command),
      ["npm test"],
    );
    const asked = box.git(["show", `${culprit.branch}:asked.txt`]);
    assert.match(asked, /^Update p01 from 1\.0\.0 to 1\.1\.0\n\nWrite the new version into `package\.json \(dependencies\)`/);
    assert.match(asked, /have npm write the lockfile.*checks pass: `npm test`\./);
    assert.match(asked, /```text\nnot ok: p01 do not do what they did\n```/);
    assert.match(asked, /- p01: https:\/\/example\.com\/p01/);
    const pair = tasks.find(({ label }: any) => label.startsWith("fix-p03"));
    assert.match(box.git(["show", `${pair.branch}:asked.txt`]), /only together with p02@1\.1\.0/);
  } finally {
    await box.close();
  }
});

test("-b: it is a task that tells what it does, can be stopped, and is gone on with", async () => {
  const box = await outdated({ names: ["p01", "p02", "p03", "p04"], conflicts: [["p01"]] });
  try {
    const began = await box.json(["deps", "-b", "--limit", "1"]);
    assert.is(began.task.label, "dependency-updates");
    await waitFor(
      async () => (await box.task("dependency-updates")).activity?.includes("all 4 at once"),
      "it to say what it does",
      120_000,
    );
    assert.is((await box.copse(["stop", "dependency-updates"])).code, 0);
    const stopped = await box.task("dependency-updates");
    assert.is(stopped.state, "stopped");
    assert.is(box.git(["worktree", "list", "--porcelain"]).match(/deps\/\d+\/trees/g), null, "none of its worktrees is left");
    const tested = readFileSync(box.tested, "utf8").split("\n").length;
    await box.copse(["retry", "dependency-updates"]);
    assert.is((await box.copse(["wait", "dependency-updates", "--timeout", "120s"])).code, 0);
    const done = await box.task("dependency-updates");
    assert.match(done.result.summary, /3 of 4 kept, on copse\/deps-/);
    assert.match(done.result.summary, /of them before/);
    assert.ok(readFileSync(box.tested, "utf8").split("\n").length > tested);
    assert.match(readFileSync(join(done.result.report), "utf8"), /3 of 4 kept/);
  } finally {
    await box.close();
  }
});

test("in a terminal one row says what is being checked; Ctrl-C ends it, and says how to go on", async () => {
  const box = await outdated({ names: ["p01", "p02", "p03", "p04"], conflicts: [["p01"]] });
  try {
    const screen = terminal(box, `${process.execPath} ${builtCli} deps`);
    await screen.shows("1 check done, now: all 4 at once");
    screen.type("\u0003");
    await screen.shows("What has been checked stays checked; go on with the same command.");
    assert.is(await screen.ended, 130);
    assert.is((await box.json(["deps"])).resumed, true);
  } finally {
    await box.close();
  }
});

test.run();
