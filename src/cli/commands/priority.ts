/** `copse priority`: lets a task that has not ended go before others, or after them. */
import { CopseError } from "../../core/errors.ts";
import { isTerminal } from "../../core/task.ts";
import { append } from "../../store/append.ts";
import { findTask } from "../find.ts";
import { tellRunner } from "../tell-runner.ts";
import { printTasks } from "../view/print.ts";

/** @throws CopseError USAGE, WRONG_STATE */
export async function priority(name: string, wanted: string, json: boolean, quiet: boolean): Promise<number> {
  if (!/^-?\d{1,9}$/.test(wanted))
    throw new CopseError("USAGE", `expected a whole number, got "${wanted}"`, { hint: `Higher goes first: copse priority ${name} 5` });
  const found = findTask(name);
  const { task } = await append(found.state, found.task.repoId, found.task.id, 0, (now) => {
    if (isTerminal(now))
      throw new CopseError("WRONG_STATE", `${now.label} is ${now.state}; it waits for nothing`, { hint: `See copse show ${now.label}` });
    return now.request.priority === Number(wanted) ? [] : [{ type: "priority-set", priority: Number(wanted), by: "a person" }];
  });
  await tellRunner(found.state, task.repoId, task.id);
  printTasks(
    [task],
    json,
    quiet,
    () =>
      `${task.label} has priority ${task.request.priority}${task.state === "queued" ? "" : "; it counts when it waits for a slot again"}`,
  );
  return 0;
}
