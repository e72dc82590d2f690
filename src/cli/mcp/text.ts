/** What a tool says of tasks besides their JSON: short, for programs that show an agent the text alone. */
import { quote, shorten } from "../../core/markdown.ts";
import { redact } from "../../core/redact.ts";
import type { Beside, Task } from "../../core/task.ts";
import { paintFor } from "../view/paint.ts";
import { taskLines } from "../view/words.ts";

export const listText = (tasks: readonly Task[], beside: (task: Task) => Beside, showRepo: boolean): string =>
  tasks.length === 0 ? "No tasks." : taskLines(tasks, paintFor({ isTTY: false }), Date.now(), beside, showRepo).join("\n");

/** What it asks, where its work is, and what its agent said of it. */
export function taskText(task: Task, beside: Beside = {}): string {
  const { needs, result, failure } = task;
  const parts = [
    listText([task], () => beside, false),
    needs?.options === undefined ? "" : `Options: ${needs.options.map((option, i) => `${i + 1}: ${redact(option)}`).join(", ")}`,
    task.branch === null || task.worktreeState !== "present" ? "" : `Branch ${task.branch}, worktree ${task.worktree}`,
    failure?.hint ? redact(failure.hint) : "",
    result?.summary ? `Its agent said:\n${quote(redact(shorten(result.summary, 2000)))}` : "",
  ];
  return parts.filter((part) => part !== "").join("\n");
}
