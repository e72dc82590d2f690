/** `copse hooks worktree`: worktrees of sessions that are no tasks, made whole or not at all, and removed only where nothing is lost. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ended, type Ran, type Sandbox } from "../support/sandbox.ts";
import { create, nothingOf, refusedAsHook, tree } from "../support/session-worktree.ts";
import { inBox, projectConfig, sleeps, writes } from "./support.ts";

/** As Claude Code does: from inside. */
function remove(box: Sandbox, path: string, pid = process.pid): Promise<Ran> {
  const event = { hook_event_name: "WorktreeRemove", session_id: "s1", cwd: path, worktree_path: path };
  const cwd = existsSync(path) ? path : box.repo;
  return box.copse(["hooks", "worktree"], { cwd, input: JSON.stringify(event), env: { CLAUDE_PID: String(pid) } });
}

/** A session's process; `cwd`: where it works. */
async function withSession(work: (pid: number) => Promise<void>, cwd = "/"): Promise<void> {
  const child = spawn("sleep", ["100"], { stdio: "ignore", cwd });
  try {
    await work(child.pid as number);
  } finally {
    child.kill();
    await ended(child);
  }
}

inBox(
  "made as a task's: place, branch, included files; held by its session; removed with a rescue, and restored",
  async (box) => {
    writeFileSync(join(box.repo, ".env"), "SECRET=1\n");
    await withSession(async (pid) => {
      const path = tree(box, "oak");
      assert.equal(await create(box, "oak", pid), { code: 0, stdout: `${path}\n`, stderr: "" });
      assert.is(realpathSync(path), path);
      assert.is(box.git(["branch", "--show-current"], path), "copse/oak\n");
      assert.is(readFileSync(join(path, ".env"), "utf8"), "SECRET=1\n");
      assert.is(box.git(["status", "--porcelain"]), "", "the main checkout shows nothing of it");
      assert.match(box.git(["worktree", "list", "--porcelain"]), new RegExp(`locked claude session oak \\(pid ${pid} start \\d+\\)`));
      assert.equal((await box.json(["clean"])).orphans, [
        { path, branch: "copse/oak", kind: "claude", why: `process ${pid} works in it`, adoptable: false },
      ]);
      assert.is(
        JSON.parse((await box.copse(["adopt", path, "--json"])).stdout).error.code,
        "WRONG_STATE",
        "a live session's is not adopted",
      );
      refusedAsHook(await create(box, "oak"), new RegExp(`oak, \\S+, is in use by process ${pid}`));
      assert.is((await create(box, "oak", pid)).stdout, `${path}\n`, "its own session may ask again");

      assert.is((await remove(box, path, pid)).code, 0);
      assert.equal([existsSync(path), box.git(["branch", "--list", "copse/*"])], [false, ""]);
      assert.match(box.git(["for-each-ref", "--format=%(refname)"]), /refs\/copse\/rescue\//);
      assert.is((await remove(box, path, pid)).code, 0, "what is gone is as wanted");
      assert.is((await box.copse(["restore", "oak"])).code, 0);
      assert.is(readFileSync(join(path, ".env"), "utf8"), "SECRET=1\n");
    });
  },
  { "a.txt": "a\n", ".gitignore": ".env\n", ".worktreeinclude": ".env\n" },
);

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

inBox("what cannot be made is refused, and nothing of it is left", async (box) => {
  const before = box.git(["worktree", "list", "--porcelain"]);
  box.git(["branch", "copse/mine"]);
  refusedAsHook(await create(box, "mine"), /the branch copse\/mine exists already/);
  assert.is(existsSync(tree(box, "mine")), false);
  mkdirSync(join(tree(box, "full"), "of"), { recursive: true });
  refusedAsHook(await create(box, "full"), /full exists already/);
  assert.equal(readdirSync(tree(box, "full")), ["of"]);
  refusedAsHook(await create(box, "oak", process.pid, box.dir), /not inside a git repository/);
  for (const input of ["", "{}", JSON.stringify({ hook_event_name: "Stop", session_id: "s", name: "x" })])
    refusedAsHook(await box.copse(["hooks", "worktree"], { input }), /no WorktreeCreate or WorktreeRemove event/);

  projectConfig(box, { setup: "echo broken >&2; exit 3" });
  refusedAsHook(await create(box, "oak"), /you have not approved it[\s\S]*copse config trust/);
  nothingOf(box, "oak", before);
  await box.copse(["config", "trust", "--yes"]);
  refusedAsHook(await create(box, "oak"), /the setup command `.*` exited 3:\nbroken/);
  nothingOf(box, "oak", before);
  projectConfig(box, { verify: ["true"] });
  assert.is((await create(box, "oak")).code, 0, "what a session does not run needs no approval");
  await box.copse(["config", "trust", "--yes"]);
  await box.copse(["run", "-b", "-q", "-l", "busy", ...sleeps]);
  refusedAsHook(await create(box, "busy"), /busy is the name of an open task/);
  assert.is(
    JSON.parse((await box.copse(["run", "-l", "oak", "--json", ...writes])).stdout).error.code,
    "BRANCH_TAKEN",
    "and the other way round",
  );
  await box.copse(["stop", "busy"]);
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

test.run();
