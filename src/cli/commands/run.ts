/** `copse run`: makes a task. In the background the prompt is back as soon as the task is on disk and the runner knows; in the foreground it is shown until it ends or needs somebody. */
import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";

import type { Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { stateDir } from "../../store/paths.ts";
import { poke } from "../client.ts";
import { type Parsed, parseFlags, runFlags } from "../flags.ts";
import { submit } from "../submit.ts";
import { paintFor } from "../view/paint.ts";
import { submittedText } from "../view/words.ts";

export async function run(argv: readonly string[]): Promise<number> {
  return await runParsed(parseFlags(argv, runFlags));
}

/** @returns 0 in the background; the task's exit code in the foreground. @throws CopseError */
export async function runParsed(parsed: Parsed): Promise<number> {
  const { values } = parsed;
  const ask = process.stdin.isTTY && process.stderr.isTTY ? (await import("../cold.ts")).askForTrust : undefined;
  const { task, warnings } = await submit(parsed, ask);
  for (const warning of warnings) process.stderr.write(`copse: ${safe(warning)}\n`);
  const position = await poke(stateDir(), task.repoId, task.id).catch((error: unknown) => {
    throw kept(error, task);
  });
  if (values["background"] === true) {
    process.stdout.write(submitted(task, position, values));
    return 0;
  }
  const { follow } = await import("../cold.ts");
  return await follow([task], { json: values["json"] === true, quiet: values["quiet"] === true });
}

/** The task is on disk and is not lost by this: that must be said with the trouble. */
function kept(error: unknown, task: Task): unknown {
  if (!(error instanceof CopseError)) return error;
  return new CopseError(error.code, `the task ${task.label} (${task.id}) is kept, but ${error.message}`, {
    hint: `${error.hint ?? ""} It starts with the next runner: copse wait ${task.id}`.trim(),
    cause: error,
  });
}

function submitted(task: Task, position: number | null, values: Parsed["values"]): string {
  if (values["json"] === true)
    return `${JSON.stringify({ task: taskJson(task, position === null ? undefined : { kind: "slot", text: "in line", position }) })}\n`;
  if (values["quiet"] === true) return `${task.id}\n`;
  return submittedText(task, position, paintFor(process.stdout));
}
