/** Tasks that start tasks: how deep that may go, and how many may be open at once, so that no agent's mistake fills the queue by itself. Pure. */
import { CopseError } from "./errors.ts";
import type { StartedBy, Task } from "./task.ts";

/** Open tasks that one task may have started. */
export const mostOpenFromOne = 20;

/** What the new task keeps of the one that starts it. `open`: tasks that have not ended. @throws CopseError TOO_DEEP, BUSY */
export function descend(parent: Task, open: readonly Task[], maxDepth: number): StartedBy {
  const depth = (parent.request.startedBy?.depth ?? 0) + 1;
  if (depth > maxDepth)
    throw new CopseError("TOO_DEEP", `${parent.label} is a task ${chain(parent)}and may not start tasks of its own`, {
      hint: `Do the work in this task, or say in your summary what is left. How deep this may go is the person's to set: maxTaskDepth (${maxDepth}).`,
    });
  const own = open.filter((task) => task.request.startedBy?.id === parent.id);
  if (own.length >= mostOpenFromOne)
    throw new CopseError("BUSY", `${parent.label} has started ${own.length} tasks that are still open; it may have no more at once`, {
      hint: "Wait for some of them first: copse wait --any, or the tool task_wait.",
    });
  return { id: parent.id, label: parent.label, depth };
}

const chain = ({ request }: Task): string => (request.startedBy === undefined ? "" : `that ${request.startedBy.label} started, `);
