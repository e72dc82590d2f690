/** Looks at what is not the task's before it is let in and after it has left, and writes the difference down. Who made it cannot be seen; a person can tell. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { changedOutside, lookOutside, type Outside } from "../git/outside.ts";
import { replaceFile } from "../store/files.ts";
import { readLately, taskOf } from "../store/index-file.ts";
import type { TaskRecord } from "../store/record.ts";
import { debug } from "../system/debug.ts";

export const outsideFile = (dir: string): string => join(dir, "outside.json");

/** Once for each attempt, and kept over a parking or a crash. A task that works in a checkout of the person's has no outside. */
export async function rememberOutside({ task, dir }: TaskRecord): Promise<void> {
  const file = outsideFile(dir);
  if (!task.request.worktree || existsSync(file)) return;
  const seen = await look(task);
  if (seen !== undefined) replaceFile(file, JSON.stringify(seen));
}

/** Before anything of the delivery is done outside. Branches of other tasks are theirs to move. */
export async function sayOutside(record: TaskRecord): Promise<void> {
  const { task, dir, state } = record;
  if (!existsSync(outsideFile(dir))) return;
  const before = JSON.parse(readFileSync(outsideFile(dir), "utf8")) as Outside;
  const after = await look(task);
  if (after === undefined) return;
  const changed = changedOutside(before, after, (ref) => isATasks(ref, task, state));
  const text = `while it ran, ${changed.join("; ")} (by this task or by somebody else)`;
  if (changed.length > 0 && !task.notes.includes(text)) await record.add([{ type: "noted", text }]);
}

/** Is it the branch of a task, of this one or of another that was about lately? */
function isATasks(ref: string, task: Task, state: string): boolean {
  const name = ref.replace(/^refs\/heads\//, "");
  const text = Buffer.from(JSON.stringify(name));
  const others = [...readLately(state).values()].filter((entry) => entry.repoId === task.repoId && entry.mentions(text));
  return name === task.branch || others.some((entry) => taskOf(entry).branch === name);
}

/** A repository that cannot be looked at fails the task elsewhere, in better words. */
async function look({ repo, request }: Task): Promise<Outside | undefined> {
  try {
    return await lookOutside(repo, dirname(request.place));
  } catch (error) {
    debug(() => `${repo}: ${messageOf(error)}`);
    return undefined;
  }
}
