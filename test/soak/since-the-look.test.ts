/** What changed since a worktree was looked at, and what no status tells of: it stays, or it comes back. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { clean } from "../../src/cleanup/clean.ts";
import { restoreWorktree } from "../../src/cleanup/restore.ts";
import { survey } from "../../src/cleanup/survey.ts";
import type { Task } from "../../src/core/task.ts";
import { type Place, place } from "../support/worlds.ts";

const settings = { disposable: ["node_modules"], rescueMaxMb: 50 };
const beginning = { "a.txt": "a\n", "d/x": "x\n", "other/x": "another\n", ".gitignore": "ignored/\n*.ign\n" };

async function inWorld(work: (world: Place, task: Task, path: string) => Promise<void>): Promise<void> {
  const world = place(beginning);
  try {
    const task = await world.task("work");
    await work(world, task, task.worktree as string);
  } finally {
    world.remove();
  }
}

const changes: Readonly<Record<string, (path: string, world: Place) => void>> = {
  "a new file": (path) => writeFileSync(join(path, "late.txt"), "late\n"),
  "a file that git ignores": (path) => writeFileSync(join(path, "late.ign"), "late\n"),
  "an edit": (path) => writeFileSync(join(path, "a.txt"), "edited\n"),
  "a second edit of a changed file": (path) => writeFileSync(join(path, "dirty.txt"), "2\n"),
  "a commit": (path, world) => world.git(["commit", "-q", "--allow-empty", "-m", "late"], path),
  "a lock": (path, world) => world.git(["worktree", "lock", "--reason", "mine", path]),
};
for (const [what, change] of Object.entries(changes))
  test(`${what} between look and removal: the worktree stays, with it`, () =>
    inWorld(async (world, task, path) => {
      writeFileSync(join(path, "dirty.txt"), "1\n");
      const seen = await survey([task], settings, new Set([task.id]));
      assert.ok(seen[0]?.verdict.remove);
      change(path, world);
      const status = world.git(["status", "--porcelain=v2", "--branch", "--ignored"], path);
      const [done] = await clean(world.state, seen);
      assert.not.ok(done?.removed);
      assert.match(done?.error ?? "", /since it was looked at, and stays/);
      assert.is(world.git(["status", "--porcelain=v2", "--branch", "--ignored"], path), status);
      assert.is(world.fresh(task).worktreeState, "present");
      assert.is(world.git(["branch", "--list", "copse/work", "--format=%(refname:short)"]), "copse/work\n");
    }));

test("a branch that was checked out elsewhere since the look is not deleted under it", () =>
  inWorld(async (world, task, path) => {
    world.git(["checkout", "-q", "--detach"], path);
    const seen = await survey([task], settings, new Set([task.id]));
    world.git(["worktree", "add", "-q", join(world.dir, "elsewhere"), "copse/work"]);
    assert.ok((await clean(world.state, seen))[0]?.removed);
    assert.is(world.git(["log", "-1", "--format=%s"], join(world.dir, "elsewhere")), "start\n");
  }));

for (const mark of ["--assume-unchanged", "--skip-worktree"])
  test(`an edit hidden by ${mark} keeps the worktree, and comes back after rm; a file that is only marked does neither`, () =>
    inWorld(async (world, task, path) => {
      world.git(["update-index", mark, "a.txt", "d/x"], path);
      assert.ok((await survey([task], settings))[0]?.verdict.remove);
      writeFileSync(join(path, "a.txt"), "hidden\n");
      const [kept] = await clean(world.state, await survey([task], settings));
      assert.match(kept?.verdict.why ?? "", /1 file is not committed: a\.txt/);
      const [named] = await clean(world.state, await survey([task], settings, new Set([task.id])));
      assert.ok(named?.removed, named?.error ?? "");
      await restoreWorktree(world.state, world.fresh(task));
      assert.is(readFileSync(join(path, "a.txt"), "utf8"), "hidden\n");
    }));

test("a repository or a worktree inside an ignored folder keeps the worktree", () =>
  inWorld(async (world, task, path) => {
    world.git(["worktree", "add", "-q", "--detach", join(path, "ignored", "inner")]);
    const [kept] = await clean(world.state, await survey([task], settings, new Set([task.id])));
    assert.match(kept?.verdict.why ?? "", /ignored\/inner\/ is a repository of its own/);
    assert.ok(existsSync(join(path, "ignored", "inner", "a.txt")));
  }));

test("a folder that became a link or a file comes back as that", () =>
  inWorld(async (world, task, path) => {
    rmSync(join(path, "d"), { recursive: true });
    symlinkSync("other", join(path, "d"));
    rmSync(join(path, "other"), { recursive: true });
    mkdirSync(join(world.dir, "outside"));
    writeFileSync(join(path, "other"), "a file\n");
    const before = world.git(["status", "--porcelain=v2"], path);
    const [gone] = await clean(world.state, await survey([task], settings, new Set([task.id])));
    assert.ok(gone?.removed, gone?.error ?? gone?.verdict.why);
    await restoreWorktree(world.state, world.fresh(task));
    assert.is(readlinkSync(join(path, "d")), "other");
    assert.is(readFileSync(join(path, "other"), "utf8"), "a file\n");
    assert.is(world.git(["status", "--porcelain=v2"], path), before);
  }));

test("a pipe in the place of a file is said, and not waited for", () =>
  inWorld(async (world, task, path) => {
    rmSync(join(path, "a.txt"));
    execFileSync("mkfifo", [join(path, "a.txt")]);
    const [kept] = await clean(world.state, await survey([task], settings, new Set([task.id])));
    assert.match(kept?.error ?? "", /a\.txt is no regular file/);
    assert.ok(lstatSync(join(path, "a.txt")).isFIFO());
  }));

test.run();
