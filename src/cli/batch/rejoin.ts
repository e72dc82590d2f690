/** A batch's joint task, asked anew for what the file says now: the same task, branch and pull request. */
import { type Action, isBusy, type Step } from "../../batch/again.ts";
import { restoreWorktree } from "../../cleanup/restore.ts";
import { CopseError } from "../../core/errors.ts";
import type { Request, Task } from "../../core/task.ts";
import { append } from "../../store/append.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import type { NewTask } from "../../store/tasks.ts";
import { tryAgain } from "../commands/retry.ts";
import { tellRunner } from "../tell-runner.ts";

type Retry = Extract<Action, { do: "retry" }>;
type Keep = Extract<Action, { do: "keep" }>;

/** `wanted`: what the file asks of it now; undefined where it is to be delivered again as it is. @throws CopseError */
export async function joinAgain({ task, left, besides, restore }: Retry, wanted: NewTask | undefined): Promise<Task> {
  const state = stateDir();
  if (restore) await restoreWorktree(state, task);
  return await tryAgain(
    { task, dir: taskDir(state, task.repoId, task.id), state },
    wanted && ((now) => requestOf(now, wanted, left, besides)),
  );
}

/** It waits for the others still. @throws CopseError BUSY when it is at work already */
export async function joinQueued({ task, left, besides }: Keep, wanted: NewTask): Promise<Task> {
  const { repoId, id } = task as Task;
  const state = stateDir();
  const { task: now } = await append(state, repoId, id, 0, (one) => {
    if (one.state !== "queued") throw atWork(one);
    return [{ type: "asked-anew", request: requestOf(one, wanted, left, besides) }];
  });
  await tellRunner(state, repoId, id);
  return now;
}

/** Where it works stays, and who asked for it first. */
function requestOf({ request, slug }: Task, wanted: NewTask, left: Keep["left"] = [], besides: Keep["besides"] = []): Request {
  const { left: _left, startedBy: _startedBy, ...now } = wanted.request(slug);
  const { branchName, place, base, startedBy } = request;
  return {
    ...now,
    ...(besides.length === 0 ? {} : { after: [...(now.after ?? []), ...besides] }),
    branchName,
    place,
    base,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(left.length === 0 ? {} : { left }),
  };
}

const atWork = ({ label, state }: Task): CopseError =>
  new CopseError("BUSY", `${label} is ${state}: the batch's pull request is being made, and what is new would not be in it`, {
    hint: `Start the batch again when that is done: copse wait ${label}`,
  });

/** `placed`: the error, with where the file says it. @throws CopseError BUSY */
export function requireQuietJoint(steps: readonly Step[], placed: (error: CopseError, step: Step) => unknown): void {
  const joint = steps.find(({ planned }) => planned.joint);
  if (joint?.action.do !== "keep" || joint.action.task === null || !(isBusy(steps) || joint.action.anew)) return;
  if (joint.action.task.state !== "queued") throw placed(atWork(joint.action.task), joint);
}
