import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compact, healIndex, sweepHalfMade } from "../../src/store/heal.ts";
import {
  compactIndex,
  entryLine,
  indexSize,
  latelyReader,
  noteInIndex,
  readIndex,
  readLately,
  taskOf,
} from "../../src/store/index-file.ts";
import { indexFile, tasksDir } from "../../src/store/paths.ts";
import { listTaskDirs, readTask } from "../../src/store/tasks.ts";
import { bundled } from "../support/bundled.ts";
import { ended } from "../support/sandbox.ts";
import { newTask, repoId, stateFolder } from "../support/task-made.ts";

test("the last line of a task counts; torn and foreign lines are passed over", () => {
  const { state, remove } = stateFolder();
  const [a, b] = [newTask(state, "a"), newTask(state, "b")];
  appendFileSync(indexFile(state), "garbage\n\n\t\t\t\t\t\n{}\n");
  noteInIndex(state, { ...a, state: "running" }, 1);
  appendFileSync(indexFile(state), entryLine({ ...b, state: "failed" }, 2).slice(0, -20));
  const index = readIndex(state);
  assert.equal([...index.keys()], [a.id, b.id]);
  assert.is(index.get(a.id)?.state, "running");
  assert.is(index.get(b.id)?.state, "queued", "a torn line says nothing");
  remove();
});

test("who looks again and again reads what was appended, torn lines once they are whole, and all of a file that was put in its place", () => {
  const { state, remove } = stateFolder();
  const look = latelyReader(state);
  assert.is(look().size, 0, "no file yet");
  const [a, b] = [newTask(state, "a"), newTask(state, "b")];
  const same = () => assert.equal([...look().values()].map(taskOf), [...readLately(state).values()].map(taskOf));
  same();
  const line = entryLine({ ...b, state: "running" }, 2);
  appendFileSync(indexFile(state), line.slice(0, 50));
  assert.is(look().get(b.id)?.state, "queued");
  appendFileSync(indexFile(state), line.slice(50));
  assert.is(look().get(b.id)?.state, "running");
  same();
  compactIndex(
    state,
    [...readIndex(state).values()].filter(({ id }) => id === a.id),
  );
  assert.equal([...look().keys()], [a.id], "the one that is gone is gone");
  noteInIndex(state, { ...a, state: "failed" }, 3);
  assert.is(look().get(a.id)?.state, "failed");
  same();
  rmSync(indexFile(state));
  assert.is(look().size, 0);
  remove();
});

test("a line whose inside is damaged is made good from the log", () => {
  const { state, remove } = stateFolder();
  const task = newTask(state, "a");
  writeFileSync(indexFile(state), readFileSync(indexFile(state), "utf8").replace('"label":', '"label":,,'));
  const before = process.env["COPSE_STATE_DIR"];
  process.env["COPSE_STATE_DIR"] = state;
  const entry = readIndex(state).get(task.id);
  assert.equal(entry && taskOf(entry), task);
  if (before === undefined) delete process.env["COPSE_STATE_DIR"];
  remove();
});

test("what the index has missed is noted again; what it knows is not", () => {
  const { state, remove } = stateFolder();
  const [a] = [newTask(state, "a"), newTask(state, "b")];
  rmSync(indexFile(state));
  healIndex(state);
  assert.is(readIndex(state).size, 2);
  const size = indexSize(state);
  healIndex(state);
  assert.is(indexSize(state), size, "a second look writes nothing");
  appendFileSync(join(tasksDir(state, repoId), a.id, "events.jsonl"), '{"torn');
  healIndex(state);
  assert.is(indexSize(state), size, "a torn tail is no change");
  appendFileSync(join(tasksDir(state, repoId), a.id, "events.jsonl"), "\n");
  healIndex(state);
  assert.is(readIndex(state).size, 2, "a damaged log is left alone");
  remove();
});

test("compacting while twenty others append loses nothing", async () => {
  const { state, remove } = stateFolder();
  const writer = await bundled("test/support/writer.ts");
  const writers = Array.from({ length: 20 }, (_, i) =>
    spawn(process.execPath, [writer, state, `w${i}`, "12"], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  let going = true;
  const all = Promise.all(writers.map(ended)).then((codes) => {
    going = false;
    return codes;
  });
  let rounds = 0;
  while (going) {
    compact(state);
    rounds++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok((await all).every((code) => code === 0));
  assert.ok(rounds > 20, `${rounds} rounds`);
  compact(state);
  const index = readIndex(state);
  assert.is(index.size, 240);
  for (const { id, dir } of listTaskDirs(state)) {
    const { task, bytes } = readTask(dir);
    assert.is(task.stopAsked, "a writer");
    assert.is(index.get(id)?.bytes, bytes);
    assert.equal(taskOf(index.get(id) as never), task);
  }
  assert.is(readFileSync(indexFile(state), "utf8").split("\n").length, 241, "one line a task");
  assert.equal(
    readdirSync(state).filter((name) => name.includes("tmp")),
    [],
  );
  remove();
});

test("a folder that a killed command left is swept when it is old, and never taken for a task", () => {
  const { state, remove } = stateFolder();
  newTask(state, "a");
  const [old, fresh] = ["old", "fresh"].map((name) => join(tasksDir(state, repoId), `.new-${name}`)) as [string, string];
  for (const dir of [old, fresh]) mkdirSync(dir);
  utimesSync(old, 1, 1);
  assert.is(listTaskDirs(state).length, 1);
  sweepHalfMade(state);
  assert.equal([existsSync(old), existsSync(fresh)], [false, true]);
  remove();
});

test.run();
