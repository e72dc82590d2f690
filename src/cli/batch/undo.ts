/** Making a batch failed half-way: what was made already is stopped before it has begun, and the error says what stands. */
import { CopseError, messageOf } from "../../core/errors.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { askToStop, untilEnded } from "../commands/stop.ts";
import { count } from "../view/words.ts";

export interface Standing {
  readonly made: readonly Task[];
  /** Tried again before anything new was made; they go on. */
  readonly again: readonly Task[];
}

/** @returns the error to end with */
export async function undo(error: unknown, { made, again }: Standing): Promise<unknown> {
  if (!(error instanceof CopseError) || made.length + again.length === 0) return error;
  const stopped = (await Promise.all(made.map(stopOne))).filter((done) => done).length;
  const left = made.length - stopped;
  const parts = [
    stopped === 0 ? "" : `${count(stopped, "task")} made before that ${stopped === 1 ? "is" : "are"} stopped again`,
    left === 0 ? "" : `${count(left, "task")} made before that could not be stopped and ${left === 1 ? "goes" : "go"} on`,
    again.length === 0 ? "" : `${count(again.length, "task")} tried again before that ${again.length === 1 ? "goes" : "go"} on`,
  ];
  return new CopseError(error.code, `${error.message} (${parts.filter((part) => part !== "").join("; ")})`, {
    hint: `${error.hint ?? ""} Start the batch again when that is mended: it goes on from here.`.trim(),
    cause: error,
  });
}

async function stopOne(task: Task): Promise<boolean> {
  const state = stateDir();
  const found = { task, dir: taskDir(state, task.repoId, task.id), state };
  try {
    await askToStop(found, "its batch, which could not be made whole").catch((error: unknown) => {
      if (!isTerminal(readTask(found.dir).task)) throw error;
    });
    await untilEnded(found);
    return true;
  } catch {
    return false;
  }
}

/** All are made, and the runner cannot be told: they stand in line, and start when one is up. */
export const untold = (error: unknown, made: readonly Task[]): unknown =>
  error instanceof CopseError && made.length > 0
    ? new CopseError(
        error.code,
        `${count(made.length, "task")} ${made.length === 1 ? "is" : "are"} made and wait for a runner: ${messageOf(error)}`,
        {
          hint: `${error.hint ?? ""} Nothing is lost: the same command goes on with them.`.trim(),
          cause: error,
        },
      )
    : error;
