/**
 * Random repositories and tasks: a clean-up takes only what the record alone says is safe, `rm` takes the rest when asked by name, and `restore` gives back every byte, the index,
 * the branch, the unfinished operation and the commits that only the worktree's reflog knew. COPSE_SEED repeats a run.
 */
import { existsSync, readdirSync } from "node:fs";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { clean } from "../../src/cleanup/clean.ts";
import { restoreWorktree } from "../../src/cleanup/restore.ts";
import { survey } from "../../src/cleanup/survey.ts";
import { beginning, play, type State, worktreeState } from "./worktree-states.ts";
import { filesOf, type Place, place } from "./worlds.ts";

const settings = { disposable: ["node_modules"], rescueMaxMb: 50 };

function pictureOf(world: Place, path: string): Record<string, unknown> {
  const git = (...args: string[]) => world.git(args, path);
  const head = git("rev-parse", "HEAD").trim();
  const symbolic = git("rev-parse", "--symbolic-full-name", "HEAD").trim();
  return {
    files: filesOf(path, ["node_modules"]),
    head,
    symbolic,
    status: git("status", "--porcelain=v2", "-z", "--untracked-files=all"),
    index: git("ls-files", "--stage", "-z"),
    branches: git("for-each-ref", "refs/heads"),
    operation: readdirSync(git("rev-parse", "--absolute-git-dir").trim()).filter((name) =>
      /^(?:MERGE_HEAD|REBASE_HEAD|CHERRY_PICK_HEAD|rebase-merge)$/.test(name),
    ),
  };
}

async function once(state: State, collect: boolean): Promise<string> {
  const world = place(beginning);
  try {
    const task = await world.task("work", { open: state.live });
    const path = task.worktree as string;
    const may = play(world, path, state);
    const before = pictureOf(world, path);
    const known = world
      .git(["reflog", "--format=%H", "HEAD"], path)
      .split("\n")
      .filter((sha) => sha !== "");
    const [cleaned] = await clean(world.state, await survey([world.fresh(task)], settings));
    assert.is(cleaned?.error, null);
    assert.is(cleaned?.removed, may, cleaned?.verdict.why);
    if (!may) {
      assert.equal(pictureOf(world, path), before, "what stays is as it was");
      const [named] = await clean(world.state, await survey([world.fresh(task)], settings, new Set([task.id])));
      assert.is(named?.removed, !state.live && !state.locked, named?.verdict.why ?? named?.error ?? "");
      if (!named?.removed) {
        assert.equal(pictureOf(world, path), before, "what is live or locked is as it was");
        return named?.verdict.why ?? "";
      }
    }
    assert.not.ok(existsSync(path));
    if (collect) {
      world.git(["reflog", "expire", "--expire=now", "--all"]);
      world.git(["gc", "--prune=now", "--quiet"]);
    }
    for (const sha of known) world.git(["cat-file", "-e", `${sha}^{commit}`]);
    await restoreWorktree(world.state, world.fresh(task));
    assert.equal(pictureOf(world, path), before);
    assert.equal(world.fresh(task).worktreeState, "present");
    return cleaned?.verdict.why ?? "";
  } finally {
    world.remove();
  }
}

export async function everyByte(runs: number): Promise<void> {
  const seen = new Map<string, number>();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(worktreeState, async (state) => {
      const why = (await once(state, n++ % 5 === 0)).replace(/\d+|: .*$/g, "");
      seen.set(why, (seen.get(why) ?? 0) + 1);
    }),
    { numRuns: runs, ...(process.env["COPSE_SEED"] === undefined ? {} : { seed: Number(process.env["COPSE_SEED"]) }) },
  );
  for (const [why, times] of [...seen].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(5)}  ${why}`);
}
