/** A task that comes after others: it stays queued until they have ended well, without a place in the line. All of it follows from the logs, so a new runner knows as much. */
import { afterOf, type Before, isHeld, isOpen, mayHaveToWait, policyOf, weighBefore } from "../core/prerequisites.ts";
import type { Task } from "../core/task.ts";
import { taskDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { readTask } from "../store/tasks.ts";

type Records = ReadonlyMap<string, TaskRecord>;

/** The runner wakes it when one of the others changes; this is for what it was not told of. */
const lookMs = 30_000;

/** `idle`: who has nothing to do but wait; `tell`: called once for one that is held from now on. @returns whether the task has to look again before it may stand in line */
export async function heldByTasks(record: TaskRecord, records: Records, idle: Set<string>, tell: (task: Task) => void): Promise<boolean> {
  const { task } = record;
  if (!mayHaveToWait(task)) return false;
  const verdict = weighBefore(task, beforeOf(record, records));
  const known = task.notBefore?.kind === "task" && task.notBefore.at === null ? task.notBefore.text : null;
  switch (verdict.do) {
    case "start":
      if (known !== null) await hold(record, "what it waited for is done", new Date().toISOString());
      return false;
    case "skip":
      await record.add((now) => (isWaiting(now) ? [{ type: "skipped", failure: verdict.failure }] : []));
      return true;
    case "wait":
      if (known !== verdict.text || (task.notBefore?.needsPerson ?? false) !== verdict.needsPerson) {
        // Something may have happened meanwhile: looked at again before it waits.
        const was = task.notBefore;
        await hold(record, verdict.text, null, verdict.needsPerson);
        // Written down first, so that a crash in between may swallow it, but never tells it twice.
        if (isHeld(record.task.notBefore) && !isHeld(was)) tell(record.task);
        wakeDependants(records, task.id);
        return true;
      }
      idle.add(task.id);
      await record.wait(lookMs);
      idle.delete(task.id);
      return true;
  }
}

const isWaiting = (task: Task): boolean => task.state === "queued" && task.stopAsked === null;

const hold = (record: TaskRecord, text: string, until: string | null, needsPerson = false) =>
  record.add((now) => (isWaiting(now) ? [{ type: "held", kind: "task", until, text, ...(needsPerson ? { needsPerson } : {}) }] : []));

function beforeOf(record: TaskRecord, records: Records): Before[] {
  const all = afterOf(record.task);
  if (policyOf(record.task) === "run") {
    // One that is known to be open is enough to wait: of a large batch not every log is read at every look.
    const inHand = all.map((one) => ({ ...one, task: records.get(one.id)?.task }));
    if (inHand.some(isOpen)) return inHand;
  }
  return all.map((one) => ({ ...one, task: prerequisite(record, records, one.id) }));
}

/** As this runner has it in hand, else from its log. */
function prerequisite({ state, task }: TaskRecord, records: Records, id: string): Task | undefined {
  const open = records.get(id);
  if (open !== undefined) return open.task;
  try {
    return readTask(taskDir(state, task.repoId, id)).task;
  } catch {
    return undefined;
  }
}

/** It waits for a person, or does no longer: what waits for it says so. */
export function noteIdle(idle: Set<string>, records: Records, id: string, isIdle: boolean): void {
  if (isIdle) idle.add(id);
  else idle.delete(id);
  wakeDependants(records, id);
}

/** What waits for this task looks again: it has ended, or is taken up anew. */
export function wakeDependants(records: Records, id: string): void {
  for (const record of records.values()) if (afterOf(record.task).some((one) => one.id === id)) record.wake();
}
