/** `copse wait`: blocks until tasks have ended or need somebody; the exit code tells. */

import { parseDuration } from "../../core/duration.ts";
import type { Task } from "../../core/task.ts";
import { isOpen, readLately, taskOf } from "../../store/index-file.ts";
import { stateDir } from "../../store/paths.ts";
import { out } from "../../system/output.ts";
import { findTask, noRepository, repoIdMaybe } from "../find.ts";
import { follow } from "../follow.ts";

export interface WaitOptions {
  readonly any: boolean;
  readonly timeout: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Without names: every open task of this repository. */
export async function wait(names: readonly string[], options: WaitOptions): Promise<number> {
  const tasks = names.length > 0 ? names.map((name) => findTask(name).task) : openHere();
  if (tasks.length === 0) {
    if (options.json) out('{"tasks":[]}\n');
    return 0;
  }
  return await follow(tasks, {
    any: options.any,
    json: options.json,
    quiet: options.quiet,
    ...(options.timeout === undefined ? {} : { timeoutMs: parseDuration(options.timeout, "--timeout") }),
  });
}

export function openHere(): Task[] {
  const here = repoIdMaybe(process.cwd());
  if (here === undefined) throw noRepository(process.cwd(), "Name the tasks to wait for.");
  return [...readLately(stateDir()).values()].filter((entry) => entry.repoId === here && isOpen(entry)).map(taskOf);
}
