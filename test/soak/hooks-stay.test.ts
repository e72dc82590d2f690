/** How long the runner stays for a person's session, and that its port stays the same over runners. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { event, hearing, post } from "../support/hook-client.ts";
import { ended, kill, runnerPid, sandbox, waitFor } from "../support/sandbox.ts";

test("it stays while the agent of a session lives, however silent, and leaves when that has died without a word", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "1";
  const agent = spawn("sleep", ["600"], { env: box.env });
  try {
    await box.copse(["hooks", "start"], {
      input: event("s", "SessionStart", { source: "startup", cwd: box.repo }),
      env: { CLAUDE_PID: String(agent.pid) },
    });
    const pid = await waitFor(() => runnerPid(box.state), "a runner");
    await new Promise((resolve) => setTimeout(resolve, 3500));
    assert.is(runnerPid(box.state), pid, "nothing happens, and it is there");
    kill(agent.pid as number);
    await ended(agent);
    await waitFor(() => runnerPid(box.state) === undefined, "it to leave");
  } finally {
    kill(agent.pid as number);
    await box.close();
  }
});

test("the next runner has the port of the one before, which has just left or been killed", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  try {
    const { port, token } = await hearing(box);
    for (let n = 0; n < 4; n++) {
      if (n % 2 === 0) {
        await box.copse(["runner", "stop"]);
        await box.copse(["run", "-b", "--exec", "--", "true"]);
      } else kill(runnerPid(box.state) as number);
      assert.equal(await hearing(box), { port, token });
      assert.is((await post({ port, token }, event("s", "Notification"))).status, 200);
    }
    assert.not.match(readFileSync(join(box.state, "runner", "log"), "utf8"), "another program's");
  } finally {
    await box.close();
  }
});

test.run();
