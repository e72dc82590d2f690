/** What can be done with a task as it is: the commands that would not refuse it. Pure. */
import type { TaskRow } from "../../api.ts";

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
      return !gone && task.agent !== null && (!ended || task.sessionId !== null || task.agent === "exec");
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
