/** A worktree for one check: on no branch, below the campaign's own folder, where nothing above it can lend it packages. Gone when the check is done. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { git, gitLine } from "../git/git.ts";
import { inLane } from "../git/lane.ts";
import { checkOut, dropRegistration, listWorktrees, registerDetached } from "../git/worktrees.ts";

export interface Ground {
  /** Root of the repository. */
  readonly repo: string;
  readonly lane: string;
  /** The campaign's folder. */
  readonly dir: string;
  readonly base: string;
}

/** Everything in it may be deleted once nobody works there. */
export const treesOf = (dir: string): string => join(dir, "trees");

export async function inPlace<T>({ repo, lane, dir, base }: Ground, name: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = join(treesOf(dir), name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await inLane(lane, () => registerDetached(repo, path, base, `copse deps ${name}`));
  try {
    await checkOut(path);
    return await work(path);
  } finally {
    await inLane(lane, () => drop(repo, path));
  }
}

/** What is tracked, as it is there now, and all that is in the paths of `kept`. @returns the tree's id */
export async function treeIn(path: string, kept: readonly string[] = []): Promise<string> {
  await git(path, ["add", "--update"]);
  const there = kept.filter((one) => existsSync(join(path, one)));
  if (there.length > 0) await git(path, ["add", "--all", "--", ...there]);
  return await gitLine(path, ["write-tree"]);
}

/** Takes away what a campaign has left. Nobody may work in it any more. `dir`: of one campaign, or of all. */
export async function sweepPlaces(repo: string, lane: string, dir: string): Promise<void> {
  // The files first: on a full disk there is no room for the lock of the lane before they are gone.
  const campaigns = existsSync(dir) ? readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory()) : [];
  for (const one of [dir, ...campaigns.map(({ name }) => join(dir, name))])
    await rm(treesOf(one), { recursive: true, force: true, maxRetries: 5 });
  await inLane(lane, async () => {
    const left = (await listWorktrees(repo)).filter(({ path }) => path.startsWith(`${dir}${sep}`));
    for (const { path } of left) await drop(repo, path);
  });
}

/** The files first: git would look at each of an installed tree. They are put aside and deleted while others work; what is not deleted by then is swept. */
async function drop(repo: string, path: string): Promise<void> {
  const aside = `${path}.gone`;
  if (existsSync(path)) {
    rmSync(aside, { recursive: true, force: true });
    renameSync(path, aside);
  }
  await dropRegistration(repo, path);
  rm(aside, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
}
