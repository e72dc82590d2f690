/** How deep tasks may start tasks, and how many one may have open. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { descend, mostOpenFromOne } from "../../src/core/descent.ts";
import type { CopseError } from "../../src/core/errors.ts";
import type { StartedBy, Task } from "../../src/core/task.ts";
import { someTask } from "../support/task-made.ts";

const started = (id: string, startedBy?: StartedBy): Task => someTask({ id, label: id }, startedBy ? { startedBy } : {});
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as CopseError).code;
  }
  return "none";
};

test("a level down is counted, and the last one may start nothing", () => {
  const lead = started("lead");
  assert.equal(descend(lead, [], 2), { id: "lead", label: "lead", depth: 1 });
  const child = started("child", descend(lead, [], 2));
  assert.equal(descend(child, [], 2), { id: "child", label: "child", depth: 2 });
  assert.is(
    codeOf(() => descend(child, [], 1)),
    "TOO_DEEP",
  );
  assert.is(
    codeOf(() => descend(lead, [], 0)),
    "TOO_DEEP",
  );
});

test("only a task's own open tasks count against it", () => {
  const lead = started("lead");
  const open = Array.from({ length: mostOpenFromOne }, (_, i) => started(`t${i}`, { id: "lead", label: "lead", depth: 1 }));
  assert.is(
    codeOf(() => descend(lead, open, 1)),
    "BUSY",
  );
  assert.is(
    codeOf(() => descend(lead, [...open.slice(1), started("other")], 1)),
    "none",
  );
});

test.run();
