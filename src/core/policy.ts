/** When people are told of a task. Pure. */
import type { NotifyPolicy, NotifySettings, Task } from "./task.ts";

export const policies: readonly NotifyPolicy[] = ["on-complete", "on-block", "always", "off"];

export const isPolicy = (text: string): text is NotifyPolicy => policies.some((policy) => policy === text);

/** Has the task come to a state that is told under the policy in force, and was not yet? A stop is not told: the person was there. */
export function isDue(task: Task, settings: NotifySettings): boolean {
  const policy = task.notify ?? task.request.notify ?? settings.when;
  return task.toldOf !== task.since && isTold(task.state, policy);
}

export function isTold(state: Task["state"], policy: NotifyPolicy): boolean {
  if (state === "blocked") return policy === "on-block" || policy === "always";
  return (state === "completed" || state === "failed") && (policy === "on-complete" || policy === "always");
}
