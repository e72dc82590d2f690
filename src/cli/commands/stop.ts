/** `copse stop`: asks tasks to end and says how each ended. What they did is kept. */

import { decide } from "../../core/decide.ts";
import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { append } from "../../store/append.ts";
import { readTask } from "../../store/tasks.ts";
import { err, out } from "../../system/output.ts";
import { type Found, findTask } from "../find.ts";
import { tellRunner } from "../tell-runner.ts";
import { printTasks } from "../view/print.ts";
import { detailOf } from "../view/words.ts";

/** SIGINT 5 s, SIGTERM 10 s, SIGKILL 5 s, and what keeping the work takes. */
const patienceMs = 60_000;

/** One bad name does not keep the others from being stopped. @returns the exit code of the last refusal. @throws CopseError it, when nothing was stopped */
export async function stop(names: readonly string[], json: boolean, quiet: boolean): Promise<number> {
  let trouble: CopseError | undefined;
  const asked: Found[] = [];
  for (const name of names) {
    try {
      asked.push(await askToStop(findTask(name), "a person"));
    } catch (error) {
      if (!(error instanceof CopseError)) throw error;
      if (names.length > 1) err(`copse: ${safe(error.message)}\n`);
      trouble = error;
    }
  }
  const ended = await Promise.all(asked.map(untilEnded));
  if (trouble !== undefined && ended.length === 0) throw trouble;
  if (trouble !== undefined && json) {
    const { code, message, hint } = trouble;
    out(`${JSON.stringify({ tasks: ended.map((task) => taskJson(task)), error: { code, message, hint } })}\n`);
  } else {
    printTasks(ended, json, quiet, howItEnded);
  }
  return trouble?.exitCode ?? 0;
}

export const howItEnded = (task: Task): string => `${task.label} is ${task.state}: ${detailOf(task, undefined) || "nothing was running"}`;

/** @throws CopseError WRONG_STATE when it has ended */
export async function askToStop(found: Found, by: string): Promise<Found> {
  const { task } = await append(found.state, found.task.repoId, found.task.id, 0, (now) => {
    const decision = decide(now, { ask: "stop", by });
    if ("refused" in decision) throw new CopseError("WRONG_STATE", decision.refused, { hint: decision.hint });
    return decision.facts;
  });
  await tellRunner(found.state, task.repoId, task.id);
  return { ...found, task };
}

/** @throws CopseError BUSY when it takes too long */
export async function untilEnded(found: Found): Promise<Task> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { task } = readTask(found.dir);
    if (isTerminal(task)) return task;
    if (Date.now() > deadline)
      throw new CopseError("BUSY", `${task.label} is still ${task.state}; it was asked to stop and will`, {
        hint: `Look again: copse show ${task.label}`,
      });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
