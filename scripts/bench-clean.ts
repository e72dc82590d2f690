/**
 * `npm run bench:clean`: what cleaning up costs beside git's own removal and `git status`, in turns of one run. Every round makes its worktrees anew and none is deleted in between;
 * everything goes at the end. --rounds=N (3).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git } from "../src/git/git.ts";
import type { Tip } from "../src/git/history.ts";
import { landed } from "../src/git/landed.ts";
import { statusArgs } from "../src/git/status.ts";
import { builtCli } from "../test/support/sandbox.ts";
import { type Place, place } from "../test/support/worlds.ts";

const rounds = Number(process.argv.find((arg) => /^--rounds=\d+$/.test(arg))?.slice(9) ?? 3);
const trees = 10;
const branches = 50;
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] as number;

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function files(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`d${i % 10}/e${Math.floor(i / 10) % 20}/f${i}.txt`, `${i}\n`.repeat(20)]),
  );
}

async function cleaning(): Promise<boolean> {
  const world = place(files(20_000));
  try {
    const shares: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const paths: string[] = [];
      for (let n = 0; n < trees; n++) {
        paths.push((await world.task(`t${round}-${n}`)).worktree as string);
        world.git(["worktree", "add", "-q", "--detach", join(world.dir, `plain${round}-${n}`)]);
      }
      const plain = paths.map((_, n) => join(world.dir, `plain${round}-${n}`));
      // Once for the index of each to be settled; both kinds have it then.
      for (const path of [...paths, ...plain]) world.git(statusArgs, path);
      const status = await timed(() => {
        for (const path of paths) world.git(statusArgs, path);
      });
      const remove = await timed(() => {
        for (const path of plain) world.git(["worktree", "remove", "--force", path]);
      });
      const clean = await timed(() => copse(world, "clean", "--yes"));
      shares.push((clean - status) / remove);
      console.log(
        `      round ${round + 1}: clean ${clean.toFixed(0)} ms, ${trees} status ${status.toFixed(0)} ms, ${trees} worktree remove --force ${remove.toFixed(0)} ms`,
      );
    }
    return say(
      `clean of ${trees} worktrees of 20,000 files, beyond ${trees} status`,
      median(shares),
      0.05,
      "× git worktree remove --force",
    );
  } finally {
    world.remove();
  }
}

function copse(world: Place, ...args: string[]): void {
  const env = { ...process.env, HOME: world.dir, COPSE_STATE_DIR: world.state };
  const done = spawnSync(process.execPath, [builtCli, ...args], { cwd: world.repo, env, encoding: "utf8" });
  if (done.status !== 0 || !done.stdout.includes(`${trees} worktrees removed`)) throw new Error(`${done.stdout}${done.stderr}`);
}

/** A third merged, a third squashed, the rest open. */
async function merged(): Promise<boolean> {
  const world = place(files(2000));
  try {
    // As a clone has it: what was there is packed, what was made since is not.
    world.git(["repack", "-adq"]);
    const base = world.git(["rev-parse", "HEAD"]).trim();
    const tips: Tip[] = [];
    for (let n = 0; n < branches; n++) {
      world.git(["checkout", "-q", "-b", `b${n}`, base]);
      mkdirSync(join(world.repo, "made"), { recursive: true });
      writeFileSync(join(world.repo, "made", `${n}.txt`), `${n}\n`);
      world.git(["add", "."]);
      world.git(["commit", "-qm", `work ${n}`]);
      tips.push({ sha: world.git(["rev-parse", "HEAD"]).trim(), base });
    }
    world.git(["checkout", "-q", "main"]);
    for (let n = 0; n < branches; n++) {
      if (n % 3 === 0) world.git(["merge", "-q", "--no-ff", "--no-edit", `b${n}`]);
      if (n % 3 === 1) {
        world.git(["merge", "-q", "--squash", `b${n}`]);
        world.git(["commit", "-qm", `squash ${n}`]);
      }
    }
    const target = [{ name: "main", sha: world.git(["rev-parse", "HEAD"]).trim() }];
    const ratios: number[] = [];
    for (let n = -3; n < 20; n++) {
      const check = await timed(async () => {
        const found = await landed(world.repo, target, tips);
        if (found.size !== Math.ceil((branches * 2) / 3)) throw new Error(`${found.size} of ${branches} have landed`);
      });
      const status = await timed(() => git(world.repo, statusArgs));
      if (n >= 0) ratios.push(check / status);
    }
    return say(`merged check over ${branches} branches (2,000 files)`, median(ratios), 3, "× git status");
  } finally {
    world.remove();
  }
}

function say(what: string, ratio: number, target: number, of: string): boolean {
  console.log(`${ratio <= target ? "ok  " : "OVER"}  ${what.padEnd(64)} ${ratio.toFixed(3)} ${of} (target ${target})`);
  return ratio <= target;
}

execFileSync(process.execPath, [join(import.meta.dirname, "build.mjs")], { stdio: "inherit" });
const good = [await merged(), await cleaning()];
process.exitCode = good.every(Boolean) ? 0 : 1;
