/** What a run is told first, in each place of a chain. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Needs, Task } from "../../src/core/task.ts";
import { firstWords } from "../../src/session/prompt.ts";
import { promptFile } from "../../src/store/paths.ts";
import { someTask } from "../support/task-made.ts";

const dir = mkdtempSync(join(tmpdir(), "copse-prompt-"));
test.after(() => rmSync(dir, { recursive: true }));
for (const [step, text] of ["the prompt", "the first", "the second"].entries()) writeFileSync(promptFile(dir, step), text);

const needs: Needs = { kind: "question", text: "Which?", since: "2026-01-01T00:00:00.000Z", source: "stream" };
const sent = [{ seq: 9, text: "mind the tests" }];
const told: [string, Partial<Task>, boolean, string, number | undefined][] = [
  ["a first run", {}, false, "the prompt", undefined],
  ["a session that was interrupted", {}, true, "You were interrupted. Go on with the task where you stopped.", undefined],
  [
    "and was sent something",
    { messages: sent },
    true,
    "Go on with the task. The person has sent you this meanwhile:\n\nmind the tests",
    undefined,
  ],
  ["a follow-up", { said: ["a"] }, true, "the first", 1],
  ["a follow-up of a command", { said: ["a", "b"] }, false, "the second", 2],
  ["a follow-up of a command again", { said: ["a", "b"], stepBegun: true }, false, "the second", undefined],
  [
    "a follow-up, and something sent",
    { said: ["a"], messages: sent },
    true,
    "the first\n\nThe person has sent you this meanwhile:\n\nmind the tests",
    1,
  ],
  [
    "a follow-up that was begun",
    { said: ["a"], stepBegun: true },
    true,
    "You were interrupted. Go on with what you were asked last where you stopped:\n\nthe first",
    undefined,
  ],
  [
    "one that was begun, and something sent",
    { said: ["a"], stepBegun: true, messages: sent },
    true,
    "Go on with what you were asked last.\n\nthe first\n\nThe person has sent you this meanwhile:\n\nmind the tests",
    undefined,
  ],
  [
    "an answer in a follow-up",
    { said: ["a"], stepBegun: true, answer: { answer: { kind: "text", text: "this" }, needs } },
    true,
    "The answer to your question (Which?): this",
    undefined,
  ],
];
for (const [name, more, resume, text, step] of told)
  test(name, () => assert.equal(firstWords(someTask(more, { followUps: ["the first", "the second"] }), dir, resume), { text, step }));

test("what checks said goes to a session that has done all of its steps, without any of them again", () => {
  const task = someTask(
    { said: ["a", "b"], stepBegun: true, messages: [{ seq: 9, text: "it failed", by: "checks" }] },
    { followUps: ["the first"] },
  );
  const { text, step } = firstWords(task, dir, true);
  assert.match(text, /^After you had left[\s\S]*\n\nit failed$/);
  assert.is(step, undefined);
});

test.run();
