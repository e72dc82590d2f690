/** `copse show`: one task's life in sentences, what it cost, what can be done next. Reads the task's log; needs no runner. */

import type { TaskEvent } from "../../core/events.ts";
import { waitingFor } from "../../core/line.ts";
import { redactAll } from "../../core/redact.ts";
import type { Beside, Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { readLately, taskOf } from "../../store/index-file.ts";
import { readLog } from "../../store/log.ts";
import { eventsFile } from "../../store/paths.ts";
import { out, screen } from "../../system/output.ts";
import { lookBeside } from "../beside.ts";
import { findTask } from "../find.ts";
import { paintFor } from "../view/paint.ts";
import { story } from "../view/story.ts";
import { showText } from "../view/words.ts";

export function show(name: string, json: boolean): number {
  const { task, beside, events } = lookAt(name);
  if (json) out(`${JSON.stringify(shownJson({ task, beside, events }))}\n`);
  else out(showText(task, beside, story(events), paintFor(screen()), Date.now()));
  return 0;
}

export interface Looked {
  readonly task: Task;
  readonly beside: Beside;
  readonly events: readonly TaskEvent[];
}

export const shownJson = ({ task, beside, events }: Looked) => redactAll({ task: taskJson(task, beside), events });

/** @throws CopseError TASK_NOT_FOUND, AMBIGUOUS */
export function lookAt(name: string): Looked {
  const { task: logged, dir, state } = findTask(name);
  const { events } = readLog(eventsFile(dir));
  const entries = [...readLately(state).values()];
  // What a run shows of itself lives in the index only.
  const indexed = entries.find((entry) => entry.id === logged.id);
  const task = indexed && logged.state === indexed.state ? { ...logged, progress: taskOf(indexed).progress } : logged;
  const waiting = waitingFor(entries.filter((entry) => entry.state === "queued").map(taskOf), new Date().toISOString());
  return { task, beside: lookBeside(waiting)(task), events };
}
