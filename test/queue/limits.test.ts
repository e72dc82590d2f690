/** Limits, priorities and positions, seen from the command line with real tasks. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

interface Stage {
  readonly box: Sandbox;
  /** Submits a task that lives until `open()`. */
  add(label: string, flags?: readonly string[], cwd?: string): Promise<void>;
  started(): string[];
  open(): void;
}

async function stage(): Promise<Stage> {
  const box = await sandbox();
  const notes = join(box.dir, "notes");
  const go = join(box.dir, "go");
  return {
    box,
    async add(label, flags = [], cwd = box.repo) {
      const run = await box.copse(["run", "-b", "-l", label, ...flags, "--exec", "--", agent("holds.sh")], {
        cwd,
        env: { NOTES: notes, GO: go },
      });
      assert.is(run.code, 0, run.stderr);
    },
    started: () =>
      (existsSync(notes) ? readFileSync(notes, "utf8") : "")
        .split("\n")
        .flatMap((line) => (line.startsWith("start ") ? [line.slice(6)] : [])),
    open: () => writeFileSync(go, ""),
  };
}

const personConfig = (box: Sandbox, config: unknown) => {
  mkdirSync(join(box.env["HOME"] as string, ".config", "copse"), { recursive: true });
  writeFileSync(join(box.env["HOME"] as string, ".config", "copse", "config.json"), JSON.stringify(config));
};

/** Absence gets a window: long enough for a start that should not happen. */
const window = () => new Promise((resolve) => setTimeout(resolve, 700));

test("three tasks run at once by default, the fourth says its place in line and follows by itself", async () => {
  const { box, add, started, open } = await stage();
  try {
    for (const label of ["one", "two", "three", "four", "five"]) await add(label);
    await waitFor(() => started().length === 3, "three starts");
    await window();
    assert.equal(started().sort(), ["one", "three", "two"]);
    const four = await box.task("four");
    assert.is(four.state, "queued");
    assert.equal(four.waitingFor, { kind: "slot", text: "1st in line", position: 1 });
    assert.is((await box.task("five")).waitingFor.position, 2);
    assert.match((await box.copse(["tasks"])).stdout, /○ four +queued +1st in line/);
    open();
    assert.is((await box.copse(["wait"])).code, 0);
    assert.is(started().length, 5);
  } finally {
    await box.close();
  }
});

test("higher priority goes first, and first come, first served inside one", async () => {
  const { box, add, started, open } = await stage();
  try {
    personConfig(box, { limit: 1 });
    await add("holder");
    await waitFor(() => started().length === 1, "the first start");
    await add("low", ["--priority", "-5"]);
    await add("normal");
    await add("normal-2");
    await add("high", ["--priority", "7"]);
    assert.is((await box.task("high")).waitingFor.position, 1);
    assert.is((await box.task("low")).waitingFor.position, 4);
    open();
    assert.is((await box.copse(["wait"])).code, 0);
    assert.equal(started(), ["holder", "high", "normal", "normal-2", "low"]);
  } finally {
    await box.close();
  }
});

test("a group's limit and a repository's limit hold inside the machine's, and do not hold others up", async () => {
  const { box, add, started, open } = await stage();
  try {
    personConfig(box, { limit: 4, groups: { db: 1 }, repositoryLimit: 3 });
    await add("db-1", ["--group", "db"]);
    await add("db-2", ["--group", "db"]);
    await add("free-1");
    await add("free-2");
    await add("free-3");
    await waitFor(() => started().length === 3, "three starts");
    await window();
    assert.equal(started().sort(), ["db-1", "free-1", "free-2"]);
    open();
    assert.is((await box.copse(["wait"])).code, 0);
    assert.is(started().length, 5);
  } finally {
    await box.close();
  }
});

test("the limit holds over repositories, and a new limit is taken up while tasks wait", async () => {
  const { box, add, started, open } = await stage();
  try {
    personConfig(box, { limit: 1 });
    const other = join(box.dir, "other");
    box.git(["clone", "-q", box.repo, other], box.dir);
    await add("here");
    await waitFor(() => started().length === 1, "the first start");
    await add("there", [], other);
    await window();
    assert.equal(started(), ["here"]);
    assert.is((await box.json(["tasks"])).tasks.length, 1);
    assert.is((await box.json(["tasks", "--all"])).tasks.length, 2);
    personConfig(box, { limit: 2 });
    await waitFor(() => started().length === 2, "the second start under the new limit");
    open();
    assert.is((await box.copse(["wait", "here", "there"])).code, 0);
  } finally {
    await box.close();
  }
});

test.run();
