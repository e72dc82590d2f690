/** Looks at the worktrees of many tasks at once and says of each whether it may go: one `git status` a worktree, a handful of processes for all branches together. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { messageOf } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { resolveBase } from "../git/base.ts";
import { branchTips } from "../git/branches.ts";
import { landed, pushed, type Target } from "../git/landed.ts";
import { commitOf, listWorktrees, type WorktreeEntry } from "../git/worktrees.ts";
import { look, type Sight, unseen, workingDirectories } from "./look.ts";
import { type Arrival, type Verdict, verdictOn } from "./verdict.ts";

export interface Settings {
  readonly disposable: readonly string[];
  readonly rescueMaxMb: number;
}

export interface Surveyed {
  readonly task: Task;
  readonly sight: Sight;
  readonly verdict: Verdict;
  /** All worktrees of its repository. */
  readonly entries: readonly WorktreeEntry[];
}

/** `named`: ids of tasks that were asked for by name; `leaving`: processes that work there and are about to end. In the order of `tasks`. */
export async function survey(
  tasks: readonly Task[],
  settings: Settings,
  named: ReadonlySet<string> = new Set(),
  leaving: readonly number[] = [],
): Promise<Surveyed[]> {
  const atWork = workingDirectories(leaving);
  const result = new Map<string, Surveyed>();
  for (const repo of new Set(tasks.map((task) => task.repo))) {
    const mine = tasks.filter((task) => task.repo === repo);
    for (const one of await surveyRepository(repo, mine, settings, named, atWork)) result.set(one.task.id, one);
  }
  return tasks.map((task) => result.get(task.id) as Surveyed);
}

async function surveyRepository(
  repo: string,
  tasks: readonly Task[],
  settings: Settings,
  named: ReadonlySet<string>,
  atWork: ReadonlyMap<number, string>,
): Promise<Surveyed[]> {
  try {
    const entries = await listWorktrees(repo);
    const sights = await atOnce(tasks, (task) => look(task, entries, settings.disposable, atWork));
    const branches = await branchTips(repo);
    const tipsOf = (task: Task, sight: Sight) =>
      [...new Set([sight.status?.head ?? null, task.branch === null ? null : (branches.get(task.branch) ?? null)])].filter(
        (sha) => sha !== null,
      );
    // What never moved from its base has nothing that could arrive.
    const asked = tasks
      .flatMap((task, i) => tipsOf(task, sights[i] as Sight).map((sha) => ({ sha, base: task.base })))
      .filter(({ sha, base }) => sha !== base);
    const targets = await targetsOf(repo, tasks, entries, branches);
    const arrived = await landed(repo, targets, asked);
    const elsewhere = asked.map(({ sha }) => sha).filter((sha) => !arrived.has(sha));
    const onRemotes = new Set(await pushed(repo, elsewhere));
    return tasks.map((task, i) => {
      const sight = sights[i] as Sight;
      const arrival: Arrival = { tips: tipsOf(task, sight), landed: arrived, pushed: onRemotes };
      return { task, sight, entries, verdict: verdictOn(task, sight, arrival, named.has(task.id), settings.rescueMaxMb * 1e6) };
    });
  } catch (error) {
    const why = existsSync(repo) ? messageOf(error) : `its repository ${repo} is gone`;
    return tasks.map((task) => ({ task, sight: unseen(why), entries: [], verdict: { remove: false, code: "unreadable", why } as const }));
  }
}

/** Where work arrives: the branch of the main checkout, the remote's default branch, the local one of its name, and what the tasks were based on. No task's own branch. */
async function targetsOf(
  repo: string,
  tasks: readonly Task[],
  entries: readonly WorktreeEntry[],
  branches: ReadonlyMap<string, string>,
): Promise<Target[]> {
  const own = new Set(tasks.map((task) => task.branch));
  const targets: Target[] = [];
  const add = (name: string, sha: string | undefined | null) => {
    if (sha && !own.has(name) && !name.startsWith("@") && !targets.some((one) => one.sha === sha)) targets.push({ name, sha });
  };
  const main = entries[0];
  if (main?.branch) add(main.branch, main.head ?? branches.get(main.branch));
  const base = await resolveBase(repo, null).catch(() => undefined);
  if (base !== undefined && base.ref !== "HEAD") {
    add(base.ref, base.sha);
    const local = base.ref.slice(base.ref.indexOf("/") + 1);
    add(local, branches.get(local));
  }
  for (const ref of new Set(tasks.map((task) => task.baseRef)))
    if (ref !== null && ref !== "HEAD" && !/^[0-9a-f]{7,64}$/.test(ref)) add(ref, branches.get(ref) ?? (await commitOf(repo, ref)));
  return targets;
}

/** As many at once as there are cores. */
async function atOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), items.length) }, worker));
  return results;
}
