/** Which changes are worth telling a person who does not look: one needs them, one has ended. Pure. */
import type { TaskRow } from "../../api.ts";
import { groupOf } from "./groups.ts";
import { shownLine } from "./text.ts";

export interface Change {
  readonly task: TaskRow;
  readonly to: "needs" | "done" | "running";
}

/** Compares row by row; rows that are new and already ended (older ones asked for) are no news. */
export function changesOf(before: ReadonlyMap<string, TaskRow>, after: ReadonlyMap<string, TaskRow>): Change[] {
  const changes: Change[] = [];
  for (const [id, task] of after) {
    const old = before.get(id);
    if (old === task || (old !== undefined && old.state === task.state && old.needs?.since === task.needs?.since)) continue;
    const to = groupOf(task);
    if (to === "queued" || (old === undefined && to === "done")) continue;
    if (old !== undefined && groupOf(old) === to && to !== "needs") continue;
    changes.push({ task, to });
  }
  return changes;
}

/** One sentence for all of them, so that a crowd is not read out one by one. */
export function spoken(changes: readonly Change[]): string {
  const newest = new Map(changes.map((change) => [change.task.id, change]));
  const told = [...newest.values()].filter(({ to }) => to !== "running");
  if (told.length > 3) {
    const needs = told.filter(({ to }) => to === "needs").length;
    return [needs > 0 ? `${needs} tasks need you` : "", told.length > needs ? `${told.length - needs} tasks have ended` : ""]
      .filter((part) => part !== "")
      .join(", ");
  }
  return told.map(({ task, to }) => `${shownLine(task.label, 60)} ${to === "needs" ? "needs you" : task.state}`).join(". ");
}
