/** The base of a task that builds on another's work: the commit of that one's branch at this moment, or where it stood when its worktree was removed. */
import { CopseError } from "../core/errors.ts";
import type { Prerequisite, Task } from "../core/task.ts";
import { type Base, resolveBase } from "../git/base.ts";
import { commitOf } from "../git/worktrees.ts";
import { taskDir } from "../store/paths.ts";
import { readTask } from "../store/tasks.ts";

interface Wanting {
  readonly state: string;
  readonly task: Task;
}

/** `from`: a checkout of the repository. @throws CopseError BASE_NOT_FOUND */
export async function baseOfTask({ state, task }: Wanting, from: string): Promise<Base & { readonly note: string | undefined }> {
  const { request, repoId } = task;
  const removed = removedBranch(state, repoId, request.baseOf as Prerequisite);
  if (removed === undefined || (await commitOf(from, `refs/heads/${removed.name}`)) !== undefined)
    return { ...(await resolveBase(from, request.base)), note: undefined };
  const { label } = request.baseOf as Prerequisite;
  if ((await commitOf(from, removed.sha)) === undefined)
    throw new CopseError("BASE_NOT_FOUND", `the branch ${removed.name} of ${label} was removed, and the commit it stood at is gone`, {
      hint: `If its rescue is still there: copse restore ${label}, then try again.`,
    });
  return {
    sha: removed.sha,
    ref: removed.name,
    note: `the branch ${removed.name} of ${label} was removed with its worktree; this starts from the commit it stood at`,
  };
}

function removedBranch(state: string, repoId: string, { id }: Prerequisite): { readonly name: string; readonly sha: string } | undefined {
  try {
    return readTask(taskDir(state, repoId, id)).task.removal?.branch ?? undefined;
  } catch {
    // A record that cannot be read says nothing; the branch itself does.
    return undefined;
  }
}
