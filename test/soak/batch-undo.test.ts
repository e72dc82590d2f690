/** A batch that cannot be made whole: what was made is stopped before it begins, the error says what stands, and the same command goes on. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { stepsOf } from "../../src/batch/again.ts";
import { fromFile } from "../../src/cli/batch/source.ts";
import { checkSteps, startSteps } from "../../src/cli/batch/start.ts";
import type { CopseError } from "../../src/core/errors.ts";
import { findRepository } from "../../src/git/repository.ts";
import { inBox } from "../cli/support.ts";
import { builtCli, ended, type Sandbox, waitFor } from "../support/sandbox.ts";

/** As the command does it, in this process, so that something can come between looking and making. */
async function between(box: Sandbox, meanwhile: () => Promise<unknown>): Promise<CopseError> {
  const before = { cwd: process.cwd(), state: process.env["COPSE_STATE_DIR"] };
  process.chdir(box.repo);
  process.env["COPSE_STATE_DIR"] = box.state;
  try {
    const repo = findRepository(box.repo);
    const source = await fromFile("b.yaml", repo);
    const steps = stepsOf(source.tasks, [], "new");
    await checkSteps(source, steps, repo, undefined);
    await meanwhile();
    await startSteps(source, steps, undefined);
  } catch (error) {
    return error as CopseError;
  } finally {
    process.chdir(before.cwd);
    process.env["COPSE_STATE_DIR"] = before.state ?? "";
    if (before.state === undefined) delete process.env["COPSE_STATE_DIR"];
  }
  throw new Error("it should have failed");
}

const marks = (box: Sandbox) => readFileSync(join(box.dir, "marks"), { encoding: "utf8", flag: "a+" }).split("\n").filter(Boolean).sort();
const file = (box: Sandbox, count: number, more = "") =>
  writeFileSync(
    join(box.repo, "b.yaml"),
    `name: b\n${more}tasks:\n${Array.from({ length: count }, (_, i) => `  t${i}: { label: l${i}, exec: [sh, -c, 'echo t${i} >> ${join(box.dir, "marks")}'] }`).join("\n")}\n`,
  );

inBox("a label taken between looking and making: nothing of the batch runs, and the same command goes on", async (box) => {
  file(box, 6, "deliver: one-pr\n");
  // All slots are taken, so that none of the batch could begin before it fails.
  for (const label of ["one", "two"]) await box.copse(["run", "-b", "-l", label, "--exec", "--", "sleep", "300"]);
  const error = await between(box, () => box.copse(["run", "-b", "-l", "l4", "--no-worktree", "--exec", "--", "sleep", "300"]));
  assert.is(error.code, "LABEL_TAKEN");
  assert.match(error.message, /l4 .*\(4 tasks made before that are stopped again\)$/);
  assert.match(error.hint ?? "", /Start the batch again when that is mended/);
  const mine = (await box.json(["tasks", "--all", "--batch", "b", "--state", "stopped"])).tasks;
  assert.equal(
    mine.map(({ label, attempt, worktree }: any) => [label, attempt, worktree]).sort(),
    [0, 1, 2, 3].map((i) => [`l${i}`, 0, null]),
  );
  assert.equal(marks(box), [], "none has begun");
  await box.copse(["stop", "l4", "one", "two"]);
  const again = await box.copse(["batch", "b.yaml"]);
  assert.match(again.stderr, /b: 7 tasks: 3 started, 4 tried again/);
  assert.equal(marks(box), ["t0", "t1", "t2", "t3", "t4", "t5"]);
});

inBox("no runner can be started: all are made, that is said, and the same command goes on with them", async (box) => {
  await box.copse(["run", "-l", "first", "--exec", "--", "true"]);
  await box.copse(["runner", "stop"]);
  file(box, 3);
  renameSync(join(box.state, "runner"), join(box.state, "runner.away"));
  writeFileSync(join(box.state, "runner"), "in the way\n");
  const ran = await box.copse(["batch", "b.yaml", "-b"]);
  assert.is.not(ran.code, 0);
  assert.match(ran.stderr, /^copse: 3 tasks are made and wait for a runner: /);
  assert.match(ran.stderr, /Nothing is lost: the same command goes on with them\./);
  rmSync(join(box.state, "runner"));
  renameSync(join(box.state, "runner.away"), join(box.state, "runner"));
  const again = await box.copse(["batch", "b.yaml"]);
  assert.is(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stderr, /3 left as they are/);
  assert.equal(marks(box), ["t0", "t1", "t2"]);
});

inBox("the command killed while it makes them: no task is half made, and the same command makes the rest, each once", async (box) => {
  file(box, 150);
  const folders = () => {
    const repos = join(box.state, "repos");
    if (!existsSync(repos)) return 0;
    return readdirSync(repos).reduce(
      (sum, repo) => sum + readdirSync(join(repos, repo, "tasks")).filter((name) => !name.startsWith(".")).length,
      0,
    );
  };
  mkdirSync(join(box.state, "repos"), { recursive: true });
  const child = spawn(process.execPath, [builtCli, "batch", "b.yaml", "-b"], { cwd: box.repo, env: box.env, stdio: "ignore" });
  await waitFor(() => folders() > 20, "some tasks to be made");
  child.kill("SIGKILL");
  await ended(child);
  const stood = folders();
  assert.ok(stood < 150, `${stood} were made before it was killed`);
  const again = await box.copse(["batch", "b.yaml", "-b"]);
  assert.is(again.code, 0, again.stderr);
  assert.match(again.stdout, new RegExp(`150 tasks: ${150 - stood} started, ${stood} left as they are`));
  const keys = (await box.json(["tasks", "--batch", "b", "--all"])).tasks.map(({ batchKey }: any) => batchKey);
  assert.equal(keys.sort(), Array.from({ length: 150 }, (_, i) => `t${i}`).sort(), "each once");
  await waitFor(() => marks(box).length > 5, "them to run");
  assert.equal(marks(box), [...new Set(marks(box))]);
});

inBox("killed between a task and its entry in the index: it is known all the same", async (box) => {
  file(box, 3);
  await box.copse(["run", "-l", "first", "--exec", "--", "true"]);
  await box.copse(["runner", "stop"]);
  const index = join(box.state, "index.jsonl");
  const before = readFileSync(index);
  renameSync(join(box.state, "runner"), join(box.state, "runner.away"));
  writeFileSync(join(box.state, "runner"), "in the way\n");
  assert.is.not((await box.copse(["batch", "b.yaml", "-b"])).code, 0);
  // What its last line said was not written yet.
  const lines = readFileSync(index, "utf8").trimEnd().split("\n");
  assert.ok(lines.at(-1)?.includes('"t2"') && readFileSync(index).length > before.length);
  writeFileSync(index, `${lines.slice(0, -1).join("\n")}\n`);
  rmSync(join(box.state, "runner"));
  renameSync(join(box.state, "runner.away"), join(box.state, "runner"));
  const again = await box.copse(["batch", "b.yaml"]);
  assert.is(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stderr, /3 left as they are/);
});

test.run();
