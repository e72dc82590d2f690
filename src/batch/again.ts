/** What a batch that is started again has to do: nothing for what is done or under way, another attempt at what failed, a beginning for what is new. Pure. */
import { endedWell } from "../core/prerequisites.ts";
import { isTerminal, type Task } from "../core/task.ts";
import { contentOf, type PlannedTask } from "./plan.ts";

export type Action =
  | { readonly do: "start"; readonly why: string }
  /** Another attempt at the same task, in its worktree. `anew`: what a joint task did is to be done again, not only delivered. */
  | { readonly do: "retry"; readonly task: Task; readonly why: string; readonly anew?: boolean }
  | { readonly do: "keep"; readonly task: Task | null; readonly why: string };

export interface Step {
  readonly planned: PlannedTask;
  readonly content: string;
  readonly action: Action;
}

/** `failed`: nothing that is new; `fresh`: what has ended is done anew. */
export type Wish = "new" | "failed" | "fresh";

/** `made`: the batch's tasks so far, of this repository. */
export function stepsOf(planned: readonly PlannedTask[], made: readonly Task[], wish: Wish): Step[] {
  const byKey = new Map<string, Task[]>();
  for (const task of made) {
    const key = task.request.batchKey ?? "";
    byKey.set(key, [...(byKey.get(key) ?? []), task]);
  }
  const steps: Step[] = [];
  for (const one of planned) {
    const content = contentOf(one);
    const earlier = byKey.get(one.key) ?? [];
    const action = one.joint ? actionForJoint(earlier, content, steps, wish) : actionFor(earlier, content, wish);
    steps.push({ planned: one, content, action });
  }
  return steps;
}

/** Has the batch something to do but to put together? */
export const isBusy = (steps: readonly Step[]): boolean => steps.some(({ planned, action }) => !planned.joint && action.do !== "keep");

/** It is the last of the steps: what the others come to says whether theirs has to be put together anew. */
function actionForJoint(earlier: readonly Task[], content: string, others: readonly Step[], wish: Wish): Action {
  const [now] = earlier.filter(({ request }) => request.batchContent === content).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  if (now === undefined) return actionFor(earlier, content, wish);
  if (!isTerminal(now)) return { do: "keep", task: now, why: `${now.state} already` };
  const since = others.find(({ action }) => "task" in action && (action.task?.endedAt ?? "") > (now.runStartedAt ?? ""));
  const why = isBusy(others)
    ? "its tasks go on"
    : since !== undefined
      ? `${since.planned.key} has ended since`
      : now.state !== "completed"
        ? `${now.state} before`
        : undefined;
  if (why === undefined) return { do: "keep", task: now, why: "completed already" };
  const pr = now.result?.pr;
  if (pr && pr.state !== "open") return { do: "start", why: `${why}, and its pull request is ${pr.state}` };
  return now.worktreeState === "removed"
    ? { do: "start", why: `${why}, and its worktree is gone` }
    : { do: "retry", task: now, why, anew: isBusy(others) || since !== undefined };
}

function actionFor(earlier: readonly Task[], content: string, wish: Wish): Action {
  const newestFirst = [...earlier].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const same = newestFirst.filter(({ request }) => request.batchContent === content);
  const standing = same.find((task) => !isTerminal(task) || (endedWell(task) && wish !== "fresh"));
  if (standing)
    return { do: "keep", task: standing, why: standing.state === "completed" ? "completed already" : `${standing.state} already` };
  if (wish === "fresh") return { do: "start", why: newestFirst.length === 0 ? "new" : "asked for anew" };
  const [ended] = same;
  if (ended && ended.worktreeState !== "removed") return { do: "retry", task: ended, why: `${howEnded(ended)} before` };
  if (ended) return { do: "start", why: `${howEnded(ended)} before, and its worktree is gone` };
  if (wish === "failed") return { do: "keep", task: null, why: newestFirst.length === 0 ? "new; left out" : "changed; left out" };
  return { do: "start", why: newestFirst.length === 0 ? "new" : "changed" };
}

/** What its own checks refute has failed too: nothing that waits for it can go on. */
const howEnded = ({ state }: Task): string => (state === "completed" ? "its checks failed" : state);
