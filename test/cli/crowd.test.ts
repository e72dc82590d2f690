/** More tasks than lines: all are counted, who needs somebody and who is at work is named. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { countText, named } from "../../src/cli/view/crowd.ts";
import type { StateName, Task } from "../../src/core/task.ts";
import { someTask } from "../support/task-made.ts";

const states: readonly StateName[] = ["queued", "preparing", "running", "blocked", "delivering", "completed", "failed", "stopped"];
const crowd = fc
  .array(fc.constantFrom(...states), { minLength: 1, maxLength: 150 })
  .map((all) =>
    all.map((state, i): Task => someTask({ id: `t${i}`, state, endedAt: `2026-01-01T00:00:${String(i % 60).padStart(2, "0")}Z` })),
  );

test("no more lines than there is room, each task once, named or counted; half the room is for those at work", () => {
  fc.assert(
    fc.property(crowd, fc.integer({ min: 1, max: 60 }), (tasks, room) => {
      const { shown, rest } = named(tasks, room);
      assert.ok(shown.length <= room, `${shown.length} of ${room}`);
      assert.equal([...shown, ...rest].map(({ id }) => id).sort(), tasks.map(({ id }) => id).sort());
      const working = (all: readonly Task[]) => all.filter(({ state }) => ["preparing", "running", "delivering"].includes(state)).length;
      assert.ok(working(shown) >= Math.min(working(tasks), Math.ceil(room / 2)));
      const asks = (all: readonly Task[]) => all.filter(({ state }) => state === "blocked").length;
      assert.ok(asks(shown) >= Math.min(asks(tasks), room - Math.min(working(tasks), Math.ceil(room / 2))));
    }),
  );
});

test("who comes first is named first, the rest counted by state", () => {
  const tasks = states.map((state) => someTask({ id: state, state }));
  assert.equal(
    named(tasks, 4).shown.map(({ state }) => state),
    ["blocked", "failed", "preparing", "running"],
  );
  assert.is(countText(named(tasks, 4).rest), "1 delivering, 1 queued, 1 completed, 1 stopped");
});

test.run();
