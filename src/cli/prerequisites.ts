/** `--after`, `--on-failure` and `--base @label`: what a task is to wait for, from what was typed. Everything that can never start is refused here. */
import { CopseError } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import {
  afterOf,
  circleOf,
  endedWell,
  howItEnded,
  isOpen,
  isStuck,
  mayHaveToWait,
  nameOf,
  policyOf,
  waitsFor,
  weighBefore,
} from "../core/prerequisites.ts";
import { isTerminal, type OnFailure, type Prerequisite, type Request, type Task } from "../core/task.ts";
import type { Repository } from "../git/repository.ts";
import { stateDir, taskDir } from "../store/paths.ts";
import { readTask } from "../store/tasks.ts";
import { findTask } from "./find.ts";

export type BeforeRequest = Pick<Request, "after" | "baseOf" | "onFailure">;

interface Before {
  readonly request: BeforeRequest;
  /** What is true of the new task from the beginning. */
  readonly facts: readonly Fact[];
}

interface Flags {
  readonly text: (name: string) => string | null;
  readonly list: (name: string) => readonly string[];
}

/** The task that a base names (`@label`); undefined for a ref. `@{…}` and `@` alone are git's own. */
export const taskNamedBy = (base: string | null): string | undefined =>
  base?.startsWith("@") && base.length > 1 && !base.startsWith("@{") ? base.slice(1) : undefined;

/**
 * `waiter`: the task whose agent would wait for the new one, as `run` in the foreground does.
 * @throws CopseError USAGE, TASK_NOT_FOUND, AMBIGUOUS, WRONG_STATE, CONFLICT
 */
export function prerequisitesOf(
  flags: Flags,
  base: string | null,
  configured: OnFailure,
  repo: Repository,
  waiter: Task | undefined,
): Before {
  const policy = flags.text("on-failure");
  if (policy !== null && policy !== "skip" && policy !== "hold" && policy !== "run")
    throw new CopseError("USAGE", `--on-failure: expected skip, hold or run, got "${policy}"`, {
      hint: "Example: --after a --on-failure hold",
    });
  const names = flags.list("after").flatMap((list) => list.split(",").map((name) => name.trim()));
  if (names.some((name) => name === ""))
    throw new CopseError("USAGE", `--after: a task is expected, got "${flags.list("after").join('", "')}"`, {
      hint: "Example: --after api,docs",
    });
  const named = taskNamedBy(base);
  const from = named === undefined ? undefined : baseTask(named, repo);
  if (policy !== null && names.length === 0 && from === undefined)
    throw new CopseError("USAGE", "--on-failure says what a task does that waits for others, and this one waits for none", {
      hint: "Add --after LABEL, or leave it out.",
    });
  const tasks = new Map(
    [...names.map((name) => taskHere(name, repo)), ...(from === undefined ? [] : [from])].map((task) => [task.id, task]),
  );
  if (policy === "run" && from !== undefined)
    throw new CopseError("USAGE", `--on-failure run: the branch of ${from.label} is what it starts from, so that has to end well`, {
      hint: `Leave out --base, or choose skip or hold.`,
    });
  if (policy !== "run") for (const task of tasks.values()) requireHope(task, task === from);
  if (tasks.size === 0) return { request: {}, facts: [] };
  const after = [...tasks.values()].map(({ id, label }) => ({ id, label }));
  requireNoCircle(after, waiter);
  const open = [...tasks.values()]
    .filter((task) => (policy === "run" ? !isTerminal(task) : !endedWell(task)))
    .map((task) => ({ id: task.id, label: task.label, task }));
  return {
    request: {
      after,
      ...(from === undefined ? {} : { baseOf: { id: from.id, label: from.label } }),
      onFailure: policy ?? configured,
    },
    facts: open.length === 0 ? [] : [heldFor(waitsFor(open), open.some(isStuck))],
  };
}

/** A batch's joint task comes after all others, however they end. */
export function joinAll(tasks: readonly Task[]): Before {
  const after = tasks.map(({ id, label }) => ({ id, label }));
  const request: BeforeRequest = { after, onFailure: "run" };
  const before = tasks.map((task) => ({ id: task.id, label: task.label, task }));
  const verdict = weighBefore({ id: "", label: "", request: { ...request, joint: true } as Request }, before);
  return { request, facts: verdict.do === "wait" ? [heldFor(verdict.text, verdict.needsPerson)] : [] };
}

const heldFor = (text: string, needsPerson: boolean): Fact => ({
  type: "held",
  kind: "task",
  until: null,
  text,
  ...(needsPerson ? { needsPerson } : {}),
});

function taskHere(name: string, repo: Repository): Task {
  const { task } = findTask(name, repo.top);
  if (task.repoId === repo.id) return task;
  throw new CopseError(
    "TASK_NOT_FOUND",
    `no task of this repository is named "${name}"; ${task.label} (${task.id}) belongs to ${task.repo}`,
    {
      hint: "A task waits for tasks of its own repository only. See `copse tasks`.",
    },
  );
}

function baseTask(name: string, repo: Repository): Task {
  const task = taskHere(name, repo);
  if (task.request.worktree) return task;
  throw new CopseError("BASE_NOT_FOUND", `${task.label} works in your checkout (--no-worktree) and has no branch to start from`, {
    hint: `Wait for it and name the branch of the checkout: --after ${nameOf(task)} --base HEAD`,
  });
}

/** A task that has ended otherwise than well is waited for in vain until somebody tries it again. @throws CopseError WRONG_STATE */
function requireHope(task: Task, isBase: boolean): void {
  if (!isTerminal(task) || endedWell(task)) return;
  const branch = task.branch ?? task.request.branchName;
  const without = isBase ? (task.branch === null ? "" : `; or start from its branch as it is: --base ${branch}`) : "; or leave it out";
  throw new CopseError("WRONG_STATE", `${howItEnded({ ...task, task })}, so what waits for it would never start`, {
    hint: `Try it again first: copse retry ${nameOf(task)}${without}.`,
  });
}

/** What each task comes after, by its log: it is never changed there once the task is made. */
function edges(repoId: string): (id: string) => readonly Prerequisite[] {
  return (id) => {
    const task = readMaybeTask(repoId, id);
    return task === undefined ? [] : afterOf(task);
  };
}

/** @throws CopseError CONFLICT */
function requireNoCircle(after: readonly Prerequisite[], waiter: Task | undefined): void {
  if (waiter === undefined) return;
  const mine = edges(waiter.repoId);
  const way = circleOf(waiter, (id) => (id === waiter.id ? after : mine(id)));
  if (way === undefined) return;
  throw new CopseError(
    "CONFLICT",
    `${waiter.label} would wait here for a task that waits for ${waiter.label} itself (${way.join(" → ")})`,
    {
      hint: "Submit it with -b: it starts when this one has ended.",
    },
  );
}

/** Before a new attempt of a task that was never begun: it stands and waits again. @throws CopseError WRONG_STATE, CONFLICT */
export function waitsAgain(task: Task): readonly Fact[] {
  if (!mayHaveToWait(task)) return [];
  const way = circleOf(task, edges(task.repoId));
  if (way !== undefined)
    throw new CopseError("CONFLICT", `${task.label} waits for itself (${way.join(" → ")}) and can never start`, {
      hint: "Submit one of these tasks anew, without --after.",
    });
  const verdict = weighBefore(task, beforeOf(task));
  if (verdict.do === "start") return [];
  if (verdict.do === "wait") return [heldFor(verdict.text, verdict.needsPerson)];
  throw new CopseError("WRONG_STATE", `${task.label} would be ${verdict.failure.message} again`, { hint: verdict.failure.hint ?? "" });
}

/** Does it wait for a person by way of what it comes after? Its own record may lag behind theirs, so they are looked at. */
export function waitsForPerson(task: Task): boolean {
  if (task.state !== "queued" || task.notBefore?.needsPerson !== true) return false;
  const before = policyOf(task) === "run" ? beforeOf(task).filter(isOpen) : beforeOf(task);
  return before.some((one) => (one.task?.state === "queued" ? waitsForPerson(one.task) : isStuck(one)));
}

const beforeOf = (task: Task) => afterOf(task).map((one) => ({ ...one, task: readMaybeTask(task.repoId, one.id) }));

function readMaybeTask(repoId: string, id: string): Task | undefined {
  try {
    return readTask(taskDir(stateDir(), repoId, id)).task;
  } catch {
    return undefined;
  }
}
