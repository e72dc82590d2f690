/** A running task whose agent has written nothing for ten minutes is marked; nothing else is. */
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { listTaskDirs } from "../../src/store/tasks.ts";
import { waitFor } from "../support/sandbox.ts";
import { inBox } from "./support.ts";

inBox("tasks and show say how long nothing has come, and JSON has when the last came", async (box) => {
  await box.copse(["run", "-b", "-l", "still", "--exec", "--", "sh", "-c", "echo begun; sleep 300"]);
  await waitFor(async () => (await box.task("still")).state === "running", "the task to run");
  const out = join(dirOf(box.state), "run1", "out");
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const shown = async () => (await box.copse(["tasks"])).stdout + (await box.copse(["show", "still"])).stdout;
  assert.not.match(await shown(), /no output/);
  utimesSync(out, ago(9), ago(9));
  assert.not.match(await shown(), /no output/);
  utimesSync(out, ago(12), ago(12));
  assert.is((await shown()).match(/no output for 12 min/g)?.length, 2);
  const [listed] = (await box.json(["tasks"])).tasks;
  assert.ok(Math.abs(Date.parse(listed.lastOutputAt) - ago(12).getTime()) < 60_000, listed.lastOutputAt);
  assert.is((await box.task("still")).lastOutputAt, listed.lastOutputAt);
  await box.copse(["stop", "still"]);
  assert.is((await box.task("still")).lastOutputAt, null, "what does not run is not silent");
});

const dirOf = (state: string): string => listTaskDirs(state)[0]?.dir ?? "";

test.run();
