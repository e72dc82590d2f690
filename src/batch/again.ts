/** What a batch that is started again has to do: nothing for what is done or under way, another attempt at what failed, a beginning for what is new. Pure. */
import { endedWell } from "../core/prerequisites.ts";
import { isTerminal, type Prerequisite, type Task } from "../core/task.ts";
import { contentOf, type PlannedTask } from "./plan.ts";

/** Of a joint task, which stays the batch's one, with its pull request, as long as that is open. */
interface Joining {
  /** What it did is to be done again, of what the file says now; else it is only delivered again. */
  readonly anew?: boolean;
  /** Tasks it has put together, which the file has no more. */
  readonly left?: readonly Prerequisite[];
  /** Tasks it goes on putting together, which this start is not about. */
  readonly besides?: readonly Prerequisite[];
}

export type Action =
  | { readonly do: "start"; readonly why: string }
  /** Another attempt at the same task, in its worktree; `restore`: which has to be brought back first. */
  | ({ readonly do: "retry"; readonly task: Task; readonly why: string; readonly restore?: boolean } & Joining)
  | ({ readonly do: "keep"; readonly task: Task | null; readonly why: string } & Joining);

export interface Step {
  readonly planned: PlannedTask;
  readonly content: string;
  readonly action: Action;
}

/** `failed`: nothing that is new; `fresh`: what has ended is done anew. */
export type Wish = "new" | "failed" | "fresh";

/** `made`: the batch's tasks so far, of this repository. `usualBase`: where tasks begin for which the file says nothing. `narrowed`: values were given besides the file, so what is not planned has not left it. */
export function stepsOf(
  planned: readonly PlannedTask[],
  made: readonly Task[],
  wish: Wish,
  usualBase: string | null = null,
  narrowed = false,
): Step[] {
  const byKey = new Map<string, Task[]>();
  for (const task of made) {
    const key = task.request.batchKey ?? "";
    byKey.set(key, [...(byKey.get(key) ?? []), task]);
  }
  const steps: Step[] = [];
  for (const one of planned) {
    const content = contentOf(one);
    const earlier = byKey.get(one.key) ?? [];
    const action = one.joint
      ? actionForJoint(earlier, { content, base: String(one.flags["base"] ?? usualBase), ...missing(planned, made, narrowed) }, steps, wish)
      : actionFor(earlier, content, wish);
    steps.push({ planned: one, content, action });
  }
  return steps;
}

/** Has the batch something to do but to put together? */
export const isBusy = (steps: readonly Step[]): boolean => steps.some(({ planned, action }) => !planned.joint && action.do !== "keep");

/** Tasks of the batch that are not planned: those that have left the file, and those that this start is not about. */
function missing(planned: readonly PlannedTask[], made: readonly Task[], narrowed: boolean): Pick<Wanted, "left" | "besides"> {
  const keys = new Set(planned.map(({ key }) => key));
  const gone = new Set(made.filter(({ request }) => !keys.has(request.batchKey ?? "")).map(({ id }) => id));
  const those = (some: readonly Prerequisite[]) => [...new Map(some.filter(({ id }) => gone.has(id)).map((one) => [one.id, one])).values()];
  return narrowed
    ? { left: ({ request }) => those(request.left ?? []), besides: ({ request }) => those(request.after ?? []) }
    : { left: ({ request }) => those([...(request.left ?? []), ...(request.after ?? [])]), besides: () => [] };
}

interface Wanted {
  readonly content: string;
  readonly base: string;
  readonly left: (joint: Task) => Prerequisite[];
  readonly besides: (joint: Task) => Prerequisite[];
}

/** It is the last of the steps: what the others come to says whether theirs has to be put together anew. */
function actionForJoint(
  earlier: readonly Task[],
  { content, base, left: leftOf, besides: besidesOf }: Wanted,
  others: readonly Step[],
  wish: Wish,
): Action {
  const [now] = [...earlier].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  if (now === undefined) return actionFor(earlier, content, wish);
  const { request, runStartedAt } = now;
  const [left, besides] = [leftOf(now), besidesOf(now)];
  const fewer = left.find(({ id }) => request.after?.some((one) => one.id === id));
  const changed = request.batchContent !== content;
  const since = others.find(({ action }) => "task" in action && (action.task?.endedAt ?? "") > (runStartedAt ?? ""));
  const more = others.find(({ action }) => "task" in action && action.task && !request.after?.some(({ id }) => id === action.task?.id));
  const again = isBusy(others) || more !== undefined || fewer !== undefined || since !== undefined;
  if (!isTerminal(now)) {
    const why = `${now.state} already`;
    return isBusy(others) || fewer !== undefined || changed
      ? { do: "keep", task: now, why, anew: true, left, besides }
      : { do: "keep", task: now, why };
  }
  if (changed && wish === "failed" && !again && now.state === "completed") return { do: "keep", task: null, why: "changed; left out" };
  const why = isBusy(others)
    ? "its tasks go on"
    : fewer !== undefined
      ? `the file has no ${fewer.label} any more`
      : more !== undefined
        ? `${more.planned.key} is not in it`
        : since !== undefined
          ? `${since.planned.key} has ended since`
          : now.state !== "completed"
            ? `${now.state} before`
            : changed
              ? "changed"
              : undefined;
  if (why === undefined) return { do: "keep", task: now, why: "completed already" };
  const pr = now.result?.pr;
  if (pr && pr.state !== "open") return { do: "start", why: `${why}, and its pull request is ${pr.state}` };
  if (String(request.base) !== base)
    return { do: "start", why: `${why}, and it begins at ${base === "null" ? "the default branch" : base}` };
  const restore = now.worktreeState === "removed";
  if (restore && (!pr || now.removal?.ref == null)) return { do: "start", why: `${why}, and its worktree is gone` };
  return { do: "retry", task: now, why, anew: again || changed, left, besides, ...(restore ? { restore } : {}) };
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
