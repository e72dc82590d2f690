/** What can be done with a task as it is: the commands that would not refuse it. Pure. */
import type { TaskRow } from "../../api.ts";
import type { Lever } from "../../levers.ts";

export type Able = "stop" | "retry" | "merge" | "pr" | "attach" | "rm" | "restore" | "send" | "priority";

export function can(task: TaskRow, able: Able): boolean {
  const ended = task.state === "completed" || task.state === "failed" || task.state === "stopped";
  const gone = task.worktreeState === "removed";
  switch (able) {
    case "stop":
      return !ended;
    case "retry":
      return (task.state === "failed" || task.state === "stopped") && !gone;
    case "send":
      if (ended) return !gone && task.sessionId !== null;
      return task.state === "blocked" ? task.needs !== null : task.state !== "delivering" && task.agent !== "exec";
    case "merge":
    case "pr":
      return ended && !gone && task.branch !== null && (task.result?.commits ?? 0) > 0;
    case "attach":
      return task.sessionId !== null && !gone;
    case "rm":
      return ended && task.worktree !== null && (task.worktreeState === "present" || task.worktreeState === "kept");
    case "restore":
      return gone;
    case "priority":
      return task.state === "queued";
  }
}

/** How a person says something to it: as the answer where one is wanted, to the session where one goes on; one that has ended is tried again first, in the same session. */
export function telling(task: TaskRow, text: string): readonly Lever[] {
  const send: Lever = { do: "send", task: task.id, text };
  return task.state === "completed" || task.state === "failed" || task.state === "stopped"
    ? [{ do: "retry", task: task.id }, send]
    : [send];
}
