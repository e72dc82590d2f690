/** The project's setup command, and the trust it needs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, errorOf, run, settled, submit } from "../support/run-script.ts";
import { processesOf, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const config = (setup: string, more: object = {}) => ({ ".worktrees/config.json": JSON.stringify({ setup, ...more }) });

async function trusted(setup: string, more: object = {}): Promise<Sandbox> {
  const box = await sandbox(config(setup, more));
  assert.is((await box.copse(["config", "trust", "--yes"])).code, 0);
  return box;
}

test("the agent waits for the setup command, which runs in the worktree", async () => {
  const box = await trusted(
    'sleep 0.5; pwd -P > setup.txt; echo "$COPSE_LABEL $COPSE_WORKTREE" >> setup.txt; git rev-parse --show-toplevel >> setup.txt',
  );
  try {
    const task = await run(box, "ready", "cat setup.txt > seen.txt");
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(readFileSync(join(task.worktree, "seen.txt"), "utf8"), `${task.worktree}\nready ${task.worktree}\n${task.worktree}\n`);
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("a setup command that fails fails the task before its agent, with its last words; mended, a retry goes on", async () => {
  const box = await trusted("echo installing; echo 'no such package: left-pad' >&2; test -e ../../../mended");
  try {
    const task = await run(box, "broken", "touch agent-was-here");
    assert.is(task.state, "failed");
    assert.is(task.wait, 1);
    assert.is(task.failure.stage, "prepare");
    assert.match(task.failure.message, /exited 1/);
    assert.match(task.failure.message, /no such package: left-pad/);
    assert.match(task.failure.hint, /config\.json/);
    assert.is(task.attempt, 0);
    const place = join(box.repo, ".worktrees", "trees", "broken");
    assert.not(existsSync(join(place, "agent-was-here")));
    assert.not.match(box.git(["worktree", "list", "--porcelain"]), /locked/, "an ended task locks nothing");
    const report = readFileSync(task.result.report, "utf8");
    assert.match(report, /Failed.*while its worktree was made/);
    assert.match(report, /left-pad/);
    writeFileSync(join(box.repo, "mended"), "");
    assert.is((await box.copse(["retry", "broken"])).code, 0);
    const again = await settled(box, "broken");
    assert.is(again.state, "completed", JSON.stringify(again.failure));
    assert.ok(existsSync(join(place, "agent-was-here")));
    assert.is(again.worktree, place);
  } finally {
    await box.close();
  }
});

test("what a person has mended in the worktree after a setup failed is still there when the retry has begun", async () => {
  const box = await trusted("test -e ok.local");
  try {
    writeFileSync(join(box.repo, ".worktreeinclude"), "*.local\n");
    writeFileSync(join(box.repo, ".gitignore"), "*.local\n");
    box.git(["add", "."]);
    box.git(["commit", "-qm", "include"]);
    for (const name of ["edited.local", "original.local"]) writeFileSync(join(box.repo, name), "first\n");
    assert.is((await run(box, "mended", "cat original.local > seen.txt")).failure.stage, "prepare");
    const place = join(box.repo, ".worktrees", "trees", "mended");
    writeFileSync(join(place, "a.txt"), "mended by a person\n");
    writeFileSync(join(place, "edited.local"), "mended by a person\n");
    writeFileSync(join(place, "ok.local"), "");
    writeFileSync(join(box.repo, "original.local"), "second\n");
    assert.is((await box.copse(["retry", "mended"])).code, 0);
    const again = await settled(box, "mended");
    assert.is(again.state, "completed", JSON.stringify(again.failure));
    assert.is(box.git(["show", "copse/mended:a.txt"]), "mended by a person\n");
    assert.is(readFileSync(join(place, "edited.local"), "utf8"), "mended by a person\n");
    assert.match(again.notes.join("\n"), "leaves out edited.local: it has been changed in the worktree");
    assert.is(box.git(["show", "copse/mended:seen.txt"]), "second\n", "what nobody has touched there is carried anew");
  } finally {
    await box.close();
  }
});

test("a setup command that takes too long is ended with all it started", async () => {
  const box = await trusted("sleep 3000 & echo waiting; sleep 3000", { setupTimeout: "1s" });
  try {
    const task = await run(box, "slow", "touch agent-was-here");
    assert.is(task.state, "failed");
    assert.is(task.wait, 124);
    assert.is(task.failure.code, "TIMED_OUT");
    assert.match(task.failure.message, /longer than 1 s/);
    assert.match(task.failure.message, /waiting/);
    assert.equal(processesOf(box.dir).filter(sleeps), []);
  } finally {
    await box.close();
  }
});

test("a stop during setup ends its processes, and the task is stopped, not failed; a retry does it all", async () => {
  const box = await trusted("test -e ../../../quick && exit 0; echo x > half; setsid sleep 3000 & sleep 3000");
  try {
    assert.is((await submit(box, "halted", "touch agent-was-here")).code, 0);
    const place = join(box.repo, ".worktrees", "trees", "halted");
    await waitFor(() => existsSync(join(place, "half")) && processesOf(box.dir).filter(sleeps).length === 2, "the setup to run");
    const stopped = await box.copse(["stop", "halted"]);
    assert.is(stopped.code, 0, stopped.stderr);
    const task = await box.task("halted");
    assert.is(task.state, "stopped");
    assert.is(task.failure, null);
    assert.equal(processesOf(box.dir).filter(sleeps), []);
    assert.not(existsSync(join(place, "agent-was-here")));
    assert.match(task.notes.join("\n"), /stays in .*halted/);
    assert.not.match(box.git(["worktree", "list", "--porcelain"]), /locked/);
    writeFileSync(join(box.repo, "quick"), "");
    assert.is((await box.copse(["retry", "halted"])).code, 0);
    const again = await settled(box, "halted");
    assert.is(again.state, "completed", JSON.stringify(again.failure));
  } finally {
    await box.close();
  }
});

test("a project's commands run only as they were approved, and only in that repository", async () => {
  const box = await sandbox(config("echo ran > ../../../ran", { verify: ["true"] }));
  try {
    const refused = await box.copse(["run", "-b", "--json", "--exec", "--", "true"]);
    assert.is(refused.code, 77);
    assert.is(errorOf(refused).code, "NOT_TRUSTED");
    assert.match(errorOf(refused).message, /setup, verify/);
    assert.match(errorOf(refused).hint, /copse config trust/);
    assert.equal((await box.json(["tasks"])).tasks, [], "nothing was made");
    assert.is((await box.copse(["config", "trust"])).code, 77, "without a terminal there is nobody to ask");
    const trust = await box.copse(["config", "trust", "--yes"]);
    assert.is(trust.code, 0);
    assert.match(trust.stderr, /echo ran/, "what is approved is shown");
    assert.is((await run(box, "one", "true")).state, "completed");
    assert.ok(existsSync(join(box.repo, "ran")));

    const file = join(box.repo, ".worktrees", "config.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("echo ran >", "echo run >"));
    assert.is((await submit(box, "two", "true")).code, 77, "one changed byte asks again");
    writeFileSync(file, `${JSON.stringify({ ...JSON.parse(text), deliver: "report" }, null, 4)}\n`);
    assert.is((await run(box, "three", "true")).state, "completed", "what runs nothing does not");
    for (const more of [{ agents: { x: { command: ["true"] } } }, { permissionMode: "plan" }, { allow: ["Bash"] }]) {
      writeFileSync(file, JSON.stringify({ ...JSON.parse(text), ...more }));
      assert.is((await submit(box, "four", "true")).code, 77, JSON.stringify(more));
    }
    writeFileSync(file, text);
    assert.is((await submit(box, "five", "true")).code, 0, "the approved content is still good");

    const other = join(box.dir, "other");
    box.git(["clone", "-q", box.repo, other]);
    assert.is((await submit(box, "six", "true", { cwd: other })).code, 77, "the same content elsewhere is not approved");
    box.git(["worktree", "add", "-q", "-b", "side", "../side"]);
    assert.is((await submit(box, "seven", "true", { cwd: join(box.dir, "side") })).code, 0, "a worktree of the same repository is");
    mkdirSync(join(box.dir, "empty"));
    assert.equal(readdirSync(join(other, ".worktrees")), ["config.json"]);
  } finally {
    await box.close();
  }
});

function sleeps(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1") === "sleep\u00003000\0";
  } catch {
    return false;
  }
}

test.run();
