/** Waiting until tasks have ended or need somebody: the loop behind `run` in the foreground, `wait`, and the tool `task_wait`. */
import { isTerminal, type Task } from "../core/task.ts";
import { readLately, taskOf } from "../store/index-file.ts";
import { lendSlot } from "../store/lending.ts";
import { runDir, stateDir, taskDir } from "../store/paths.ts";
import { readTask } from "../store/tasks.ts";
import { callingTask } from "./caller.ts";
import { waitsForPerson } from "./prerequisites.ts";

export interface Until {
  /** Settled at the first that ends instead of at the last. */
  readonly any: boolean;
  readonly timeoutMs: number | undefined;
  /** Aborted: whoever waits leaves; the tasks go on. */
  readonly signal: AbortSignal;
  /** When a task counts as settled; else when it has ended, or waits for somebody. */
  readonly isSettled?: (task: Task) => boolean;
  /** Called at every look with the tasks as they are. */
  onLook(tasks: readonly Task[]): void;
  /** The task whose agent waits: its slot is lent meanwhile. */
  readonly caller?: Task | undefined;
}

export interface Settled {
  readonly by: "settled" | "timeout" | "left";
  /** With `any`, of those that settled the first; else all. */
  readonly tasks: readonly Task[];
}

const lookMs = 150;
/** How often the runner is made sure of while tasks are open. */
const runnerMs = 5000;

/** @throws CopseError RUNNER_UNREACHABLE, NEWER_RUNNER, CANNOT_WRITE */
export async function untilSettled(tasks: readonly Task[], until: Until): Promise<Settled> {
  const { caller = callingTask() } = until;
  const takeBack = caller?.state === "running" ? lendSlot(runDir(taskDir(stateDir(), caller.repoId, caller.id), caller.run)) : undefined;
  try {
    return await look(tasks, until);
  } finally {
    takeBack?.();
  }
}

async function look(tasks: readonly Task[], { any, timeoutMs, signal, onLook, isSettled: settled = isSettled }: Until): Promise<Settled> {
  const state = stateDir();
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  let checkedAt = 0;
  for (;;) {
    const now = freshen(state, tasks);
    onLook(now);
    const over = now.filter(settled);
    if (any ? over.length > 0 : over.length === now.length)
      // The log is the truth; the index may lag by a moment.
      return { by: "settled", tasks: (any ? over.slice(0, 1) : over).map((task) => readTask(taskDir(state, task.repoId, task.id)).task) };
    if (signal.aborted) return { by: "left", tasks: now };
    if (Date.now() > deadline) return { by: "timeout", tasks: now };
    if (Date.now() - checkedAt > runnerMs) {
      checkedAt = Date.now();
      const { needRunner } = await import("./client.ts");
      (await needRunner(state)).close();
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** Ended, or waiting for somebody who is not at it already. */
export const isSettled = (task: Task): boolean =>
  isTerminal(task) || (task.state === "blocked" && task.attachedBy === null) || waitsForPerson(task);

function freshen(state: string, tasks: readonly Task[]): Task[] {
  const index = readLately(state);
  return tasks.map((task) => {
    const entry = index.get(task.id);
    return entry ? taskOf(entry) : readTask(taskDir(state, task.repoId, task.id)).task;
  });
}
