/** What `wait` and a task in the foreground end with: the exit code tells how it went. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { waitFor } from "../support/sandbox.ts";
import { asks, fails, inBox, sleeps, writes } from "./support.ts";

inBox("0 done, 1 failed, 5 needs a person, 6 stopped, 124 out of time", async (box) => {
  await box.copse(["run", "-b", "-l", "good", ...writes]);
  await box.copse(["run", "-b", "-l", "bad", ...fails]);
  await box.copse(["run", "-b", "-l", "asks", ...asks]);
  assert.is((await box.copse(["wait", "good"])).code, 0);
  assert.is((await box.copse(["wait", "bad"])).code, 1);
  const asked = await box.copse(["wait", "asks"]);
  assert.is(asked.code, 5);
  assert.match(asked.stdout, /Which db\?/);
  await box.copse(["run", "-b", "-l", "long", ...sleeps]);
  const late = await box.copse(["wait", "long", "--timeout", "1s"]);
  assert.is(late.code, 124);
  assert.match(late.stderr, /The time is up; the tasks go on/);
  assert.is((await box.copse(["wait", "good", "long", "--any"])).code, 0, "the first that has ended counts");
  assert.is((await box.copse(["stop", "long"])).code, 0);
  assert.is((await box.copse(["wait", "long"])).code, 6);
  assert.is((await box.copse(["wait", "good", "bad"])).code, 1, "of several the gravest");
  assert.is((await box.copse(["wait", "good", "-q"])).stdout, `${(await box.task("good")).id}\n`);
});

inBox("the foreground ends with the task's own code", async (box) => {
  assert.is((await box.copse(["run", ...writes])).code, 0);
  const failed = await box.copse(["run", "-l", "bad", ...fails]);
  assert.is(failed.code, 1);
  assert.match(failed.stdout, /bad failed .*exited with code 3/);
  assert.is((await box.copse(["run", ...asks])).code, 5);
  assert.is((await box.copse(["run", "--verify", "false", ...writes])).code, 1, "checks that fail are a failure");
  assert.is((await box.copse(["run", "--timeout", "1s", ...sleeps])).code, 124);
});

inBox("Ctrl-C leaves the view, not the task: 130", async (box) => {
  const { spawn } = await import("node:child_process");
  const { builtCli } = await import("../support/sandbox.ts");
  const child = spawn(process.execPath, [builtCli, "run", "-l", "long", ...sleeps], {
    cwd: box.repo,
    env: box.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await waitFor(() => said.includes("running"), "the task to be shown as running");
  const code = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGINT");
  assert.is(await code, 130);
  assert.match(said, /Left; the task goes on: copse logs -f long/);
  assert.is((await box.task("long")).state, "running");
  assert.is((await box.copse(["stop", "long"])).code, 0);
});

inBox("wait without names waits for what is open here", async (box) => {
  await box.copse(["run", "-b", "-l", "one", ...writes]);
  await box.copse(["run", "-b", "-l", "two", ...writes]);
  assert.is((await box.copse(["wait"])).code, 0);
  for (const label of ["one", "two"]) assert.is((await box.task(label)).state, "completed");
});

test.run();
