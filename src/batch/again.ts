/** What a batch that is started again has to do: nothing for what is done or under way, another attempt at what failed, a beginning for what is new. Pure. */
import { isTerminal, type Task } from "../core/task.ts";
import { contentOf, type PlannedTask } from "./plan.ts";

export type Action =
  | { readonly do: "start"; readonly why: string }
  /** Another attempt at the same task, in its worktree. */
  | { readonly do: "retry"; readonly task: Task; readonly why: string }
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
  return planned.map((one) => {
    const content = contentOf(one);
    return { planned: one, content, action: actionFor(byKey.get(one.key) ?? [], content, wish) };
  });
}

function actionFor(earlier: readonly Task[], content: string, wish: Wish): Action {
  const newestFirst = [...earlier].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const same = newestFirst.filter(({ request }) => request.batchContent === content);
  const standing = same.find((task) => !isTerminal(task) || (task.state === "completed" && wish !== "fresh"));
  if (standing)
    return { do: "keep", task: standing, why: standing.state === "completed" ? "completed already" : `${standing.state} already` };
  if (wish === "fresh") return { do: "start", why: newestFirst.length === 0 ? "new" : "asked for anew" };
  const [ended] = same;
  if (ended && ended.worktreeState !== "removed") return { do: "retry", task: ended, why: `${ended.state} before` };
  if (ended) return { do: "start", why: `${ended.state} before, and its worktree is gone` };
  if (wish === "failed") return { do: "keep", task: null, why: newestFirst.length === 0 ? "new; left out" : "changed; left out" };
  return { do: "start", why: newestFirst.length === 0 ? "new" : "changed" };
}
