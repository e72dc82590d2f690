/** `copse hooks worktree`, ended and killed while it makes a worktree. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, personConfig } from "../cli/support.ts";
import { builtCli, ended, type Sandbox, waitFor } from "../support/sandbox.ts";
import { create, nothingOf, refusedAsHook, tree } from "../support/session-worktree.ts";

/** Starts making one whose setup takes its time; @returns when that has begun. */
async function beginSlow(box: Sandbox): Promise<{ child: ChildProcess; said: () => string }> {
  personConfig(box, { setup: "touch begun; sleep 100" });
  const child = spawn(process.execPath, [builtCli, "hooks", "worktree"], {
    env: { ...box.env, CLAUDE_PID: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += chunk));
  child.stdin?.end(JSON.stringify({ hook_event_name: "WorktreeCreate", session_id: "s", cwd: box.repo, name: "oak" }));
  await waitFor(() => existsSync(join(tree(box, "oak"), "begun")), "the setup command");
  return { child, said: () => said };
}

inBox("told to end while it makes one, it takes it back; killed, the next call makes it whole", async (box) => {
  const before = box.git(["worktree", "list", "--porcelain"]);
  const first = await beginSlow(box);
  refusedAsHook(await create(box, "oak"), /is in use by process 1/);
  first.child.kill("SIGTERM");
  assert.is(await ended(first.child), 1);
  assert.match(first.said(), /^copse: it was interrupted/);
  nothingOf(box, "oak", before);

  const second = await beginSlow(box);
  second.child.kill("SIGKILL");
  await ended(second.child);
  writeFileSync(join(tree(box, "oak"), "a.txt"), "half written");
  personConfig(box, { setup: "echo whole > whole.txt" });
  // Its session has ended too.
  const lock = join(box.repo, ".git", "worktrees", "oak", "locked");
  writeFileSync(lock, readFileSync(lock, "utf8").replace("pid 1 ", `pid ${2 ** 22 + 7} `));
  const ran = await create(box, "oak");
  assert.equal([ran.code, ran.stdout], [0, `${tree(box, "oak")}\n`], ran.stderr);
  assert.is(readFileSync(join(tree(box, "oak"), "whole.txt"), "utf8"), "whole\n");
  assert.is(readFileSync(join(tree(box, "oak"), "a.txt"), "utf8"), "a\n");
});

test.run();
