/** A list of tasks as an answer: JSON, ids, or a sentence each. */

import { safe } from "../../core/safe.ts";
import type { Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { out } from "../../system/output.ts";

export function printTasks(tasks: readonly Task[], json: boolean, quiet: boolean, say: (task: Task) => string): void {
  if (json) out(`${JSON.stringify({ tasks: tasks.map((task) => taskJson(task)) })}\n`);
  else if (quiet) out(tasks.map((task) => `${task.id}\n`).join(""));
  else out(tasks.map((task) => `${safe(say(task))}\n`).join(""));
}
