/** clean, rm and restore as people use them. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Sandbox, waitFor } from "../support/sandbox.ts";
import { inBox, personConfig, refused, sleeps } from "./support.ts";

const work = ["--exec", "--", "sh", "-c", "echo work on $COPSE_LABEL >> a.txt; echo secret > .env"];
const tree = (box: Sandbox, label: string) => join(box.repo, ".worktrees", "trees", label);

/** A completed task whose work is on its branch; `.env` is ignored, so it lies only in the worktree. */
async function worked(box: Sandbox, label: string): Promise<void> {
  assert.is((await box.copse(["run", "-q", "-l", label, ...work])).code, 0);
}

inBox(
  "clean shows what can go and why, --yes removes it with its branch, restore brings it back",
  async (box) => {
    for (const label of ["merged", "open"]) await worked(box, label);
    box.git(["merge", "-q", "--squash", "copse/merged"]);
    box.git(["commit", "-q", "-m", "squashed"]);
    const shown = await box.copse(["clean"]);
    assert.is(shown.code, 0);
    assert.match(shown.stdout, /^remove +merged +1 KB +merged into main \(the same files\)$/m);
    assert.match(shown.stdout, /^keep +open +1 KB +its commits are neither merged nor pushed$/m);
    assert.match(shown.stdout, /1 worktree can go \(1 KB\): copse clean --yes\. Each leaves a rescue/);
    assert.ok(existsSync(tree(box, "merged")), "nothing goes without --yes");
    const { worktrees } = await box.json(["clean", "--yes"]);
    assert.equal(worktrees.map((one: any) => [one.label, one.remove, one.removed, one.code]).sort(), [
      ["merged", true, true, "merged"],
      ["open", false, false, "unmerged"],
    ]);
    assert.not.ok(existsSync(tree(box, "merged")));
    assert.is(box.git(["branch", "--list", "copse/*", "--format=%(refname:short)"]), "copse/open\n");
    assert.is((await box.task("merged")).worktreeState, "removed");
    assert.match((await box.copse(["show", "merged"])).stdout, /its worktree was removed: merged into main[\s\S]*copse restore merged/);
    refused(await box.copse(["retry", "merged"]), 4, /was removed/, /copse restore merged/);
    const back = await box.copse(["restore", "merged"]);
    assert.is(back.code, 0, back.stderr);
    assert.match(back.stdout, /^merged is back in .*trees\/merged on copse\/merged$/m);
    assert.is(readFileSync(join(tree(box, "merged"), ".env"), "utf8"), "secret\n", "what git ignores is back as well");
    assert.match(box.git(["show", "copse/merged:a.txt"]), /work on merged/);
    refused(await box.copse(["restore", "merged"]), 4, /has its worktree/);
    await waitFor(() => !existsSync(join(box.repo, ".worktrees", "trees", ".copse-trash")), "the trash to be emptied");
  },
  { "a.txt": "a\n", ".gitignore": ".env\n" },
);

inBox("rm asks, takes by name what clean would not, and lets nothing live go", async (box) => {
  await worked(box, "docs");
  writeFileSync(join(tree(box, "docs"), "unsaved.txt"), "unsaved\n");
  const asked = await box.copse(["rm", "docs"]);
  refused({ ...asked, stderr: asked.stderr.replace(/^docs: .*\n/, "") }, 2, /no terminal to ask on/, /--yes/);
  assert.match(asked.stderr, /^docs: .*trees\/docs, 1 files? not committed, branch copse\/docs$/m);
  assert.ok(existsSync(tree(box, "docs")));
  await box.copse(["run", "-b", "-l", "live", ...sleeps]);
  await waitFor(async () => (await box.task("live")).state === "running", "it to run");
  const both = await box.copse(["rm", "live", "nothing", "docs", "--yes"]);
  assert.is(both.code, 4);
  assert.match(both.stdout, /^keep +live +it is running$/m);
  assert.match(both.stdout, /^removed +docs +asked for by name$/m);
  assert.match(both.stderr, /no task is named "nothing"/);
  assert.ok(existsSync(tree(box, "live")));
  assert.is((await box.copse(["restore", "docs"])).code, 0);
  assert.is(readFileSync(join(tree(box, "docs"), "unsaved.txt"), "utf8"), "unsaved\n");
  await box.copse(["stop", "live"]);
  refused(await box.copse(["rm", "nothing"]), 3, /no task is named/);
});

inBox("a worktree somebody works in, and one with a repository of its own inside, stay", async (box) => {
  for (const label of ["used", "nested"]) assert.is((await box.copse(["run", "-q", "-l", label, "--exec", "--", "true"])).code, 0);
  box.git(["init", "-q", join(tree(box, "nested"), "inner")]);
  writeFileSync(join(tree(box, "nested"), "inner", "x"), "x\n");
  const visitor = spawn("sleep", ["60"], { cwd: tree(box, "used"), env: box.env, stdio: "ignore" });
  const cleaned = async () => {
    const { worktrees } = await box.json(["clean", "--yes"]);
    return Object.fromEntries(worktrees.map((one: any) => [one.label, one.code]));
  };
  assert.equal(await cleaned(), { used: "live", nested: "nested" });
  assert.is((await box.json(["rm", "used", "--yes"])).worktrees[0].code, "live", "nor by name");
  const gone = new Promise((resolve) => visitor.once("exit", resolve));
  visitor.kill();
  await gone;
  assert.equal(await cleaned(), { used: "no-commits", nested: "nested" });
});

inBox("outside of a repository it says where to go; with --all it works everywhere", async (box) => {
  const outside = join(box.dir, "outside");
  mkdirSync(outside);
  refused(await box.copse(["clean"], { cwd: outside }), 3, /not inside a git repository/, /clean --all/);
  await worked(box, "one");
  assert.match((await box.copse(["clean", "--all"], { cwd: outside })).stdout, /^keep +one +repo /m);
});

inBox("a folder that is gone is tidied up after, its branch kept; with a whole disk missing nothing is touched", async (box) => {
  await worked(box, "docs");
  const trees = join(box.repo, ".worktrees", "trees");
  renameSync(trees, `${trees}.unmounted`);
  const seen = (await box.json(["clean", "--yes"])).worktrees[0];
  assert.equal([seen.code, seen.removed], ["unreadable", false]);
  assert.match(seen.reason, /is a disk missing\?/);
  renameSync(`${trees}.unmounted`, trees);
  assert.is((await box.task("docs")).worktreeState, "present");
  rmSync(tree(box, "docs"), { recursive: true });
  assert.equal((await box.json(["clean", "--yes"])).worktrees[0].code, "missing");
  assert.match(box.git(["show", "copse/docs:a.txt"]), /work on docs/);
  assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1);
});

inBox("autoClean takes the worktree of a task that changed nothing, and keeps what is not merged", async (box) => {
  personConfig(box, { autoClean: true });
  assert.is((await box.copse(["run", "-q", "-l", "idle", "--exec", "--", "true"])).code, 0);
  await worked(box, "busy");
  await waitFor(async () => (await box.task("idle")).worktreeState === "removed", "the clean-up");
  assert.is((await box.task("busy")).worktreeState, "present");
});

test.run();
