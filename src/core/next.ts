/** What a task needs now. The runner's only chooser: a fresh start and a restart after a crash ask the same question. */
import { isTerminal, type Task } from "./task.ts";

export type Step =
  | { readonly do: "nothing" }
  | { readonly do: "wait-for-slot"; readonly notBefore: string | null }
  | { readonly do: "wait-for-person" }
  | { readonly do: "prepare" }
  | { readonly do: "start" }
  | { readonly do: "recover" }
  | { readonly do: "watch" }
  | { readonly do: "stop" }
  | { readonly do: "deliver" };

/** Pure. `mine`: this runner has the run under its eye (started or adopted it). */
export function nextStep(task: Task, mine: boolean): Step {
  if (isTerminal(task)) return { do: "nothing" };
  if (task.state === "delivering") return { do: "deliver" };
  if (task.runStarted !== null) return { do: mine ? "watch" : "recover" };
  if (task.stopAsked) return { do: "stop" };
  if (task.attachedBy) return { do: "wait-for-person" };
  switch (task.state) {
    case "queued":
      return { do: "wait-for-slot", notBefore: task.notBefore?.at ?? null };
    case "preparing":
      return { do: task.worktreeState === "present" && task.worktree === task.planned?.path ? "start" : "prepare" };
    case "blocked":
    case "running":
      return { do: "wait-for-person" };
    default:
      return { do: "nothing" };
  }
}

/** Does the task hold one of the slots in this state? A blocked or delivering task holds none. */
export function holdsSlot(task: Task): boolean {
  return task.state === "preparing" || task.state === "running";
}
