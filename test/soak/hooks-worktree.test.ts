/** `copse hooks worktree`: odd names, the same name again, ended and killed while it makes a worktree; and all that it does not remove. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, personConfig, writes } from "../cli/support.ts";
import { builtCli, ended, type Sandbox, waitFor } from "../support/sandbox.ts";
import { create, nothingOf, refusedAsHook, remove, tree, withSession } from "../support/session-worktree.ts";

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
  // As git leaves it that was killed at it: the index comes last.
  writeFileSync(join(tree(box, "oak"), "a.txt"), "half written");
  rmSync(join(box.repo, ".git", "worktrees", "oak", "index"));
  personConfig(box, { setup: "echo whole > whole.txt" });
  // Its session has ended too.
  const lock = join(box.repo, ".git", "worktrees", "oak", "locked");
  writeFileSync(lock, readFileSync(lock, "utf8").replace("pid 1 ", `pid ${2 ** 22 + 7} `));
  const ran = await create(box, "oak");
  assert.equal([ran.code, ran.stdout], [0, `${tree(box, "oak")}\n`], ran.stderr);
  assert.is(readFileSync(join(tree(box, "oak"), "whole.txt"), "utf8"), "whole\n");
  assert.is(readFileSync(join(tree(box, "oak"), "a.txt"), "utf8"), "a\n");
});

inBox("only what loses nothing, and only a session's, is removed; the rest stays, with the reason", async (box) => {
  await create(box, "oak");
  const path = tree(box, "oak");
  writeFileSync(join(path, "new.txt"), "new\n");
  refusedAsHook(await remove(box, path), /oak stays: 1 file is not committed: new\.txt/);
  assert.match(box.git(["worktree", "list", "--porcelain"]), /locked claude session oak/, "held as before");
  box.git(["add", "."], path);
  box.git(["commit", "-qm", "new"], path);
  refusedAsHook(await remove(box, path), /stays: its commits are neither merged nor pushed/);
  box.git(["merge", "-q", "copse/oak"]);
  await withSession(async (pid) => refusedAsHook(await remove(box, path), new RegExp(`stays: process ${pid} works in it`)), path);
  assert.equal((await box.json(["tasks", "--all"])).tasks, [], "what stays is no task");
  assert.match((await remove(box, path)).stderr, /oak is removed \(/);

  assert.is((await remove(box, path)).code, 0, "what is gone is as wanted");
  const native = join(box.repo, ".claude", "worktrees", "elm");
  box.git(["worktree", "add", "-q", "-b", "worktree-elm", native]);
  refusedAsHook(await remove(box, native), /was not made by Copse for a session; it is left as it is/);
  refusedAsHook(await remove(box, box.repo), /was not made by Copse/);
  await box.copse(["run", "-q", "-l", "task", ...writes]);
  refusedAsHook(await remove(box, tree(box, "task")), /is the worktree of the task task/);
  symlinkSync(native, join(box.dir, "link"));
  refusedAsHook(await remove(box, join(box.dir, "link")), /elm was not made by Copse/);
  for (const left of [native, tree(box, "task"), box.repo]) assert.ok(existsSync(join(left, "a.txt")), left);
});

inBox("a name is only a name; the same one gives the same worktree, with what was done in it, when nobody has it", async (box) => {
  for (const name of ["../../up", "d\u00fcnn und breit", "--force"]) {
    const ran = await create(box, name);
    assert.is(ran.code, 0, ran.stderr);
    const path = ran.stdout.trimEnd();
    assert.is(dirname(path), join(box.repo, ".worktrees", "trees"), name);
    assert.match(path.split("/").at(-1) ?? "", /^[a-z0-9-]+-[0-9a-f]{8}$/);
  }
  for (const bad of ["", "two\nlines"]) assert.is((await create(box, bad)).code, 1, JSON.stringify(bad));
  assert.equal(readdirSync(tree(box, ".")).length, 3);

  await withSession(async (pid) => void (await create(box, "oak", pid)));
  writeFileSync(join(tree(box, "oak"), "half.txt"), "half\n");
  await withSession(async (pid) => refusedAsHook(await create(box, "oak"), new RegExp(`in use by process ${pid}`)), tree(box, "oak"));
  const [orphan] = (await box.json(["clean"])).orphans.filter((one: { path: string }) => one.path === tree(box, "oak"));
  assert.match(orphan.why, /^it was made for a session of Claude Code, and the process that locked it \(\d+\) has ended$/);
  assert.is((await create(box, "oak")).code, 0);
  assert.is(readFileSync(join(tree(box, "oak"), "half.txt"), "utf8"), "half\n");
  assert.match(box.git(["worktree", "list", "--porcelain"]), new RegExp(`locked claude session oak \\(pid ${process.pid} `));
});

inBox("of sessions that want one name at the same time one gets it, whether it is new or left behind", async (box) => {
  const race = async (): Promise<void> => {
    const all = await Promise.all([1, process.pid, process.ppid].map((pid) => create(box, "oak", pid)));
    const [got, ...more] = all.filter((ran) => ran.code === 0);
    assert.equal([got?.stdout, more.length], [`${tree(box, "oak")}\n`, 0], JSON.stringify(all));
    assert.is(box.git(["branch", "--list", "copse/*"]), "+ copse/oak\n");
    const holder = /locked claude session oak \(pid (\d+) /.exec(box.git(["worktree", "list", "--porcelain"]))?.[1];
    assert.ok(holder !== undefined && (await create(box, "oak", Number(holder))).code === 0);
  };
  await race();
  const lock = join(box.repo, ".git", "worktrees", "oak", "locked");
  writeFileSync(lock, `claude session oak (pid ${2 ** 22 + 7} start 1)`);
  await race();
});

test.run();
