/** `copse run`: makes a task. In the background the prompt is back as soon as the task is on disk and the runner knows; in the foreground it is shown until its prompt is answered or it needs somebody; follow-ups go on in the background. */

import { CopseError } from "../../core/errors.ts";
import { waitingFor } from "../../core/line.ts";
import { safe } from "../../core/safe.ts";
import type { Beside, Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { readLately, taskOf } from "../../store/index-file.ts";
import { stateDir } from "../../store/paths.ts";
import { err, isTty, out, screen } from "../../system/output.ts";
import { type Parsed, parseFlags, runFlags } from "../flags.ts";
import { type Submission, submit } from "../submit.ts";
import { tellRunner } from "../tell-runner.ts";
import { paintFor } from "../view/paint.ts";
import { submittedText } from "../view/words.ts";

export async function run(argv: readonly string[]): Promise<number> {
  return await runParsed(parseFlags(argv, runFlags));
}

/** @returns 0 in the background; in the foreground the task's exit code, with follow-ups that of the prompt itself. @throws CopseError */
export async function runParsed(parsed: Parsed): Promise<number> {
  const { values } = parsed;
  const ask = isTty(0) && isTty(2) ? (await import("../trust.ts")).askForTrust : undefined;
  const { task, warnings } = await start(parsed, ask);
  for (const warning of warnings) err(`copse: ${safe(warning)}\n`);
  if (values["background"] === true) {
    out(submitted(task, besideNew(task), values));
    return 0;
  }
  const { follow } = await import("../follow.ts");
  return await follow([task], { json: values["json"] === true, quiet: values["quiet"] === true, untilAnswer: true });
}

/** A task on disk, of which the runner knows. Arguments as of `submit`. @throws CopseError */
export async function start(...asked: Parameters<typeof submit>): Promise<Submission> {
  const submission = await submit(...asked);
  const { task } = submission;
  await tellRunner(stateDir(), task.repoId, task.id).catch((error: unknown) => {
    throw kept(error, task);
  });
  return submission;
}

/** The task is on disk and is not lost by this: that must be said with the trouble. */
function kept(error: unknown, task: Task): unknown {
  if (!(error instanceof CopseError)) return error;
  return new CopseError(error.code, `the task ${task.label} (${task.id}) is kept, but ${error.message}`, {
    hint: `${error.hint ?? ""} It starts with the next runner: copse wait ${task.id}`.trim(),
    cause: error,
  });
}

/** What stands beside a task that has just been made. */
export function besideNew(task: Task): Beside {
  if (task.notBefore !== null) return { waiting: waitingFor([task], task.createdAt).get(task.id) };
  const position = positionOf(task);
  return position === null ? {} : { waiting: { kind: "slot", text: "in line", position } };
}

/** Its place in the line; null where that would take longer to find out than all the rest. */
function positionOf(task: Task): number | null {
  const queued = [...readLately(stateDir()).values()].filter((entry) => entry.state === "queued");
  if (queued.length > 100) return null;
  return waitingFor(queued.map(taskOf), new Date().toISOString()).get(task.id)?.position ?? null;
}

function submitted(task: Task, beside: Beside, values: Parsed["values"]): string {
  if (values["json"] === true) return `${JSON.stringify({ task: taskJson(task, beside) })}\n`;
  if (values["quiet"] === true) return `${task.id}\n`;
  return submittedText(task, beside.waiting, paintFor(screen()));
}
