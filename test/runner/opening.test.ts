/** A new runner's first slot goes to the first in the order, whosever folder is read first. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Task } from "../../src/core/task.ts";
import { expectedInLine } from "../../src/runner/opening.ts";
import { eventsFile, taskDir } from "../../src/store/paths.ts";
import { listTaskDirs } from "../../src/store/tasks.ts";
import { settings, submit } from "../support/run-script.ts";
import { sandbox } from "../support/sandbox.ts";
import { newTask, someTask } from "../support/task-made.ts";

const now = "2026-01-01T00:00:09.000Z";
const task = (id: string, more: Partial<Task> = {}, after: readonly string[] = []): Task =>
  someTask({ id, label: id, ...more }, after.length === 0 ? {} : { after: after.map((one) => ({ id: one, label: one })) });

test("waited for is whoever can come into line by itself: not who is at work, held, blocked, stopped, or behind one that is open", () => {
  const held = (kind: "task" | "limit" | "time", at: string | null, needsPerson?: true): Partial<Task> => ({
    notBefore: { at, kind, text: "", ...(needsPerson === undefined ? {} : { needsPerson }) },
  });
  const open = [
    task("plain"),
    task("due", held("time", "2026-01-01T00:00:01.000Z")),
    task("later", held("time", "2026-01-01T00:01:00.000Z")),
    task("limit", held("limit", null)),
    task("running", { state: "running" }),
    task("blocked", { state: "blocked" }),
    task("stopping", { stopAsked: "ann" }),
    task("behind", held("task", null), ["plain"]),
    task("free-now", held("task", null), ["gone"]),
    task("new", {}, ["gone"]),
    task("for-a-person", held("task", null, true), ["gone"]),
  ];
  assert.equal(expectedInLine(open, now), ["plain", "due", "free-now", "new"]);
});

test("with one slot and a dozen waiting, it begins with the highest priority, then goes by arrival", async () => {
  const box = await sandbox();
  try {
    settings(box, { limit: 1 });
    // Made without a runner; that their repository is nowhere they learn once they have a slot.
    const made = Array.from({ length: 12 }, (_, i) => newTask(box.state, `t${i}`, { priority: i === 8 ? 1 : 0 }));
    assert.is((await submit(box, "last", "true")).code, 0);
    assert.is((await box.copse(["wait", "last", "--timeout", "60s"])).code, 0);
    const last = listTaskDirs(box.state).find(({ id }) => made.every((one) => one.id !== id));
    const slotAt = (dir: string) =>
      readFileSync(eventsFile(dir), "utf8")
        .split("\n")
        .find((line) => line.includes('"slot-taken"'))
        ?.replace(/^.*"at":"([^"]*)".*$/, "$1") ?? "never";
    const order = [
      ...made.map(({ repoId, id, label }) => [slotAt(taskDir(box.state, repoId, id)), label]),
      [slotAt(last?.dir ?? ""), "last"],
    ].sort();
    const byArrival = made.map(({ createdAt, label }) => [createdAt, label] as const).filter(([, label]) => label !== "t8");
    assert.equal(order[0]?.[1], "t8");
    assert.equal(new Set(order.map(([time]) => time)).size, 13, "one after the other");
    // Those made in the same millisecond stand in line by their ids.
    const times = order.slice(1, -1).map(([, label]) => byArrival.find(([, name]) => name === label)?.[0] ?? "");
    assert.equal(times, [...times].sort());
    assert.is(order.at(-1)?.[1], "last");
  } finally {
    await box.close();
  }
});

test.run();
