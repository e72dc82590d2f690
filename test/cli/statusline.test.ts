import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sayLine } from "../../src/cli/commands/statusline.ts";
import { paintFor } from "../../src/cli/view/paint.ts";
import { agent, sandbox, waitFor } from "../support/sandbox.ts";

const plain = paintFor({}, { LANG: "C.UTF-8" });
const none = { running: 0, queued: 0, needsYou: 0, failed: 0, done: 0, total: 0 };

test("says who needs you first, and nothing when nothing is open", () => {
  assert.is(sayLine(none, plain), "");
  assert.is(sayLine({ ...none, done: 3, total: 3 }, plain), "");
  assert.is(
    sayLine({ running: 2, queued: 1, needsYou: 1, failed: 1, done: 4, total: 8 }, plain),
    "✗ 1 needs you · ● 2 running · ○ 1 queued · 1 failed · 4/8 done\n",
  );
  assert.is(sayLine({ ...none, running: 1, total: 1 }, paintFor({}, { LANG: "C" })), "* 1 running\n");
});

test("counts what is open, starts no runner, and keeps another configured line before its own", async () => {
  const box = await sandbox();
  try {
    const idle = await box.copse(["statusline"]);
    assert.equal([idle.code, idle.stdout], [0, ""]);
    await box.copse(["run", "-b", "-l", "held", "--exec", "--", agent("holds.sh")], {
      env: { NOTES: join(box.dir, "notes"), GO: join(box.dir, "go") },
    });
    await waitFor(async () => (await box.task("held")).state === "running", "the task to run");
    assert.is((await box.copse(["statusline"])).stdout, "● 1 running\n");
    const input = JSON.stringify({ session_id: "x", workspace: { current_dir: box.repo } });
    const both = await box.copse(["statusline", "--claude", "--", "sh", "-c", "cat; echo"], { input });
    assert.is(both.stdout.split("\n")[0], input);
    assert.match(both.stdout, /1 running/);
    const broken = await box.copse(["statusline", "--claude", "--", "false"], { input: "not json" });
    assert.is(broken.code, 0);
    assert.match(broken.stdout, /1 running/);
    assert.equal(await box.json(["statusline", "--repo"]), { running: 1, queued: 0, needsYou: 0, failed: 0, done: 0, total: 1 });
    assert.is((await box.json(["statusline", "--repo"], { cwd: box.dir })).running, 0);
    writeFileSync(join(box.dir, "go"), "");
    assert.is((await box.copse(["wait"])).code, 0);
  } finally {
    await box.close();
  }
});

test.run();
