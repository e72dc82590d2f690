/** When people are told of a task. Pure. */
import { skippedCode } from "./prerequisites.ts";
import type { NotifyPolicy, NotifySettings, Task } from "./task.ts";

export const policies: readonly NotifyPolicy[] = ["on-complete", "on-block", "always", "off"];

export const isPolicy = (text: string): text is NotifyPolicy => policies.some((policy) => policy === text);

/** Has the task come to a state that is told under the policy in force, and was not yet? A stop is not told, as the person was there; that a task was skipped is. */
export function isDue(task: Task, settings: NotifySettings): boolean {
  const policy = task.notify ?? task.request.notify ?? settings.when;
  const state = task.state === "stopped" && task.failure?.code === skippedCode ? "failed" : task.state;
  return task.toldOf !== task.since && isTold(state, policy);
}

/** Is a person told of a task that is held, as what it waits for did not end well? Nothing comes of it without them, so only who wants to hear nothing is not. */
export const isHeldTold = (task: Task, settings: NotifySettings): boolean =>
  (task.notify ?? task.request.notify ?? settings.when) !== "off";

export function isTold(state: Task["state"], policy: NotifyPolicy): boolean {
  if (state === "blocked") return policy === "on-block" || policy === "always";
  return (state === "completed" || state === "failed") && (policy === "on-complete" || policy === "always");
}
