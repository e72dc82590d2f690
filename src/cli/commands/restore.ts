/** `copse restore`: brings a removed worktree back, with its branch and every file that was not committed. */

import { restoreWorktree } from "../../cleanup/restore.ts";
import { safe } from "../../core/safe.ts";
import { taskJson } from "../../core/task-json.ts";
import { readTask } from "../../store/tasks.ts";
import { out } from "../../system/output.ts";
import { findTask } from "../find.ts";

export async function restore(name: string, json: boolean, quiet: boolean): Promise<number> {
  const found = findTask(name);
  const { path, notes } = await restoreWorktree(found.state, found.task);
  const { task } = readTask(found.dir);
  if (json) out(`${JSON.stringify({ task: taskJson(task), notes })}\n`);
  else if (quiet) out(`${task.id}\n`);
  else out(safe(`${[`${task.label} is back in ${path}${task.branch === null ? "" : ` on ${task.branch}`}`, ...notes].join("\n")}\n`));
  return 0;
}
