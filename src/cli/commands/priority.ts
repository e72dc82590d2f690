/** `copse priority`: lets a task that has not ended go before others, or after them. */
import { CopseError } from "../../core/errors.ts";
import { isTerminal } from "../../core/task.ts";
import { append } from "../../store/append.ts";
import { findTask } from "../find.ts";
import { listFlags, parseFlags } from "../flags.ts";
import { tellRunner } from "../tell-runner.ts";
import { printTasks } from "../view/print.ts";

/** A number below zero is a number here, no flag. @throws CopseError USAGE, WRONG_STATE */
export async function priority(argv: readonly string[]): Promise<number> {
  const isNegative = (word: string) => /^-\d+$/.test(word);
  const { values, words, rest } = parseFlags(
    argv.filter((word) => !isNegative(word)),
    listFlags,
  );
  const [name, wanted, ...more] = [...words, ...(rest ?? []), ...argv.filter(isNegative)];
  if (name === undefined || wanted === undefined || more.length > 0)
    throw new CopseError("USAGE", "priority needs the name of a task and a number", { hint: "Higher goes first: copse priority docs 5" });
  if (!/^-?\d{1,9}$/.test(wanted))
    throw new CopseError("USAGE", `expected a whole number, got "${wanted}"`, { hint: `Higher goes first: copse priority ${name} 5` });
  const found = findTask(name);
  const { task } = await append(found.state, found.task.repoId, found.task.id, 0, (now) => {
    if (isTerminal(now))
      throw new CopseError("WRONG_STATE", `${now.label} is ${now.state}; it waits for nothing`, { hint: `See copse show ${now.label}` });
    return now.request.priority === Number(wanted) ? [] : [{ type: "priority-set", priority: Number(wanted), by: "a person" }];
  });
  await tellRunner(found.state, task.repoId, task.id);
  const later = task.state === "queued" ? "" : "; it counts when it waits for a slot again";
  printTasks(
    [task],
    values["json"] === true,
    values["quiet"] === true,
    () => `${task.label} has priority ${task.request.priority}${later}`,
  );
  return 0;
}
