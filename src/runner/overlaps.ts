/** Would the work of open tasks conflict? Looked at while they run, from the files as they are; for people to know in time, acted upon by nobody. */
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { Overlap, Task } from "../core/task.ts";
import { pathsChanged } from "../git/history.ts";
import { tryMerges } from "../git/merge-tree.ts";
import { asideOf, snapshot } from "../git/snapshot.ts";
import { type Overlaps, writeOverlaps } from "../store/overlaps.ts";
import { overlapDir, runDir, taskDir } from "../store/paths.ts";

/** At the soonest this long after the last look, and so long that looking takes a twentieth of the time at most. */
const pauseMs = 5000;
const pauseShare = 20;

export class OverlapWatch {
  readonly #state: string;
  readonly #say: (line: string) => void;
  #looking = false;
  #nextAt = 0;
  #seen: string | undefined;

  /** `say`: for trouble. */
  constructor(state: string, say: (line: string) => void) {
    this.#state = state;
    this.#say = say;
  }

  /** Called every second with what is open; looks when it is time and something has moved. */
  tick(open: readonly Task[]): void {
    if (this.#looking || performance.now() < this.#nextAt) return;
    const tasks = open.filter(
      (task) => task.request.worktree && task.worktree !== null && task.worktreeState === "present" && task.run > 0,
    );
    const repos = [...new Set(tasks.map((task) => task.repo))];
    const crowded = repos.map((repo) => tasks.filter((task) => task.repo === repo)).filter((some) => some.length > 1);
    const stamp = crowded
      .flat()
      .map((task) => `${task.id} ${task.state} ${this.#outputOf(task)}`)
      .join("\n");
    if (stamp === this.#seen) return;
    this.#seen = stamp;
    this.#looking = true;
    const startedAt = performance.now();
    void this.#look(crowded).finally(() => {
      this.#looking = false;
      this.#nextAt = performance.now() + Math.max(pauseMs, pauseShare * (performance.now() - startedAt));
    });
  }

  /** How much its agent has written: a task that writes nothing changes little. */
  #outputOf(task: Task): number {
    return statSync(join(runDir(taskDir(this.#state, task.repoId, task.id), task.run), "out"), { throwIfNoEntry: false })?.size ?? 0;
  }

  async #look(groups: readonly (readonly Task[])[]): Promise<void> {
    try {
      const found: Record<string, Overlap[]> = {};
      for (const tasks of groups) Object.assign(found, await overlapsOf(tasks, overlapDir(this.#state)));
      writeOverlaps(this.#state, found);
    } catch (error) {
      this.#say(`overlaps cannot be seen: ${messageOf(error)}`);
    }
  }
}

/** `tasks`: of one repository. `dir`: for objects and an index, gone afterwards. */
export async function overlapsOf(tasks: readonly Task[], dir: string): Promise<Overlaps> {
  const repo = (tasks[0] as Task).repo;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, "objects"), { recursive: true, mode: 0o700 });
  try {
    const aside = asideOf(repo, join(dir, "objects"));
    const tips: { readonly task: Task; readonly sha: string; readonly base: string | null }[] = [];
    for (const task of tasks) {
      // One that cannot be looked at keeps no other from it.
      const sha = await snapshot(task.worktree as string, aside, join(dir, "index")).catch(() => undefined);
      if (sha !== undefined) tips.push({ task, sha, base: task.base });
    }
    const changed = await pathsChanged(repo, tips, aside);
    const pairs = tips.flatMap((one, i) => tips.slice(i + 1).map((other) => [one, other] as const));
    const close = pairs.filter(([one, other]) => {
      const paths = new Set(changed.get(one.sha));
      return one.sha !== other.sha && (changed.get(other.sha) ?? []).some((path) => paths.has(path));
    });
    const tried = await tryMerges(
      repo,
      close.map(([one, other]) => [one.sha, other.sha] as const),
      { ...aside, unrelated: true },
    );
    const found: Record<string, Overlap[]> = {};
    for (const [i, [one, other]] of close.entries()) {
      const files = tried[i]?.conflicts ?? [];
      if (files.length === 0) continue;
      for (const [task, { id, label }] of [
        [one.task, other.task],
        [other.task, one.task],
      ] as const) {
        found[task.id] ??= [];
        found[task.id]?.push({ id, label, files });
      }
    }
    return found;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
