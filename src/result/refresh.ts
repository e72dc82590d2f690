/** Asks the forge what became of pull requests: open, merged or closed, and what their checks say. */
import { messageOf } from "../core/errors.ts";
import type { PullRequestSeen, Task } from "../core/task.ts";
import type { Forge } from "../forge/forge.ts";
import { append } from "../store/append.ts";
import { forgeOfTask, type Surroundings } from "./forge-of-task.ts";

interface Asked extends Surroundings {
  readonly state: string;
}

const atOnce = 4;

/** Of those that have one which is not merged yet; what is new goes into their logs. @returns the tasks as they are now, and what went wrong, a line each */
export async function refreshPullRequests(tasks: readonly Task[], asked: Asked): Promise<{ tasks: Task[]; trouble: string[] }> {
  const open = tasks.flatMap((task) => {
    const pr = task.result?.pr ?? null;
    return pr === null || pr.state === "merged" ? [] : [{ task, number: pr.number }];
  });
  const forges = new Map<string, Promise<Forge | string>>();
  for (const { task } of open) if (!forges.has(task.repo)) forges.set(task.repo, forgeOfTask(task, asked));
  const fresh = new Map<string, Task>();
  const trouble = new Set<string>();
  const work = [...open];
  const worker = async () => {
    for (let one = work.shift(); one !== undefined; one = work.shift()) {
      const { task, number } = one;
      try {
        const forge = await (forges.get(task.repo) as Promise<Forge | string>);
        if (typeof forge === "string") trouble.add(forge);
        else fresh.set(task.id, await noteDown(task, asked.state, await forge.look(number)));
      } catch (error) {
        trouble.add(`pull request #${number} of ${task.label}: ${messageOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { tasks: tasks.map((task) => fresh.get(task.id) ?? task), trouble: [...trouble] };
}

async function noteDown(task: Task, state: string, seen: PullRequestSeen): Promise<Task> {
  const pr: PullRequestSeen = { number: seen.number, url: seen.url, draft: seen.draft, state: seen.state, checks: seen.checks };
  const done = await append(state, task.repoId, task.id, 0, (now) =>
    now.result === null || JSON.stringify(now.result.pr) === JSON.stringify(pr) ? [] : [{ type: "pull-request", pr }],
  );
  return done.task;
}
