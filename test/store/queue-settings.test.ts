import { existsSync, statSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { queueFile } from "../../src/store/paths.ts";
import { limitsOf, readQueueSettings, setQueue } from "../../src/store/queue-settings.ts";
import { ownEnvironment } from "../../src/store/ui-started.ts";
import { stateFolder } from "../support/task-made.ts";

test("what the queue was told is kept while it says anything, over what the configuration says; a damaged file says nothing", () => {
  const { state, remove } = stateFolder();
  const config = { limit: 3, groups: { g: 1 } };
  assert.equal(readQueueSettings(state), { paused: false, limit: null });
  assert.equal(limitsOf(config, setQueue(state, { paused: true })), { machine: 3, groups: { g: 1 }, paused: true });
  assert.equal(setQueue(state, { limit: 7 }), { paused: true, limit: 7 }, "one leaves the other as it is");
  assert.is(statSync(queueFile(state)).mode & 0o777, 0o600);
  assert.equal(limitsOf(config, setQueue(state, { paused: false })), { machine: 7, groups: { g: 1 } });
  setQueue(state, { limit: null });
  assert.not.ok(existsSync(queueFile(state)));
  for (const damaged of ["", "null", "[]", "{", '{"paused":"yes","limit":-1}', '{"limit":1.5}', '{"limit":"3"}']) {
    writeFileSync(queueFile(state), damaged);
    assert.equal(readQueueSettings(state), { paused: false, limit: null }, damaged);
  }
  remove();
});

test("the environment of a person is kept without what says that they are a task's", () => {
  assert.equal(
    ownEnvironment({ PATH: "/bin", COPSE_LIMIT: "2", COPSE_RUN: "x", COPSE_TASK_ID: "y", COPSE_PROMPT_FILE: "z", PWD: "/", A: undefined }),
    {
      PATH: "/bin",
      COPSE_LIMIT: "2",
    },
  );
});

test.run();
