/** `copse hooks worktree`: worktrees of sessions that are no tasks, made whole or not at all, and removed only where nothing is lost. */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { create, nothingOf, refusedAsHook, remove, tree, withSession } from "../support/session-worktree.ts";
import { inBox, projectConfig, sleeps, writes } from "./support.ts";

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
      assert.equal((await box.json(["tasks"])).tasks, [], "and is no task to look at");
      assert.is((await box.copse(["restore", "oak"])).code, 0);
      assert.is(readFileSync(join(path, ".env"), "utf8"), "SECRET=1\n");
    });
  },
  { "a.txt": "a\n", ".gitignore": ".env\n", ".worktreeinclude": ".env\n" },
);

inBox("what cannot be made is refused, and nothing of it is left", async (box) => {
  const before = box.git(["worktree", "list", "--porcelain"]);
  box.git(["branch", "copse/mine"]);
  refusedAsHook(await create(box, "mine"), /the branch copse\/mine exists already/);
  assert.is(existsSync(tree(box, "mine")), false);
  mkdirSync(join(tree(box, "full"), "of"), { recursive: true });
  refusedAsHook(await create(box, "full"), /full exists already/);
  assert.equal(readdirSync(tree(box, "full")), ["of"]);
  refusedAsHook(await create(box, "two\nlines"), /control or invisible/);
  refusedAsHook(await create(box, "oak", process.pid, box.dir), /not inside a git repository/);
  const input = JSON.stringify({ hook_event_name: "Stop", session_id: "s", name: "x" });
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

test.run();
