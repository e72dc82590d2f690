/** A chain: a task's prompt and the follow-ups behind it, one after the other in the same session and worktree. What is done, what it is at, what is not run. Pure. */
import { isTerminal, type Task } from "./task.ts";

/** `current`: the task is at it, whatever its own state; `not-run`: the chain ended before it. */
export type StepState = "waiting" | "current" | "completed" | "failed" | "stopped" | "not-run";

export interface ChainStep {
  /** 0 is the task's prompt, n its n-th follow-up. */
  readonly step: number;
  /** First line of what was asked. */
  readonly title: string;
  readonly state: StepState;
  /** The agent's last words in it; null while it is not done, or where the agent said nothing. */
  readonly said: string | null;
}

type Chained = Pick<Task, "state" | "outcome" | "request" | "said" | "stepBegun">;

/** How many follow-ups there are. (Tasks of an earlier version name none.) */
export const followUpCount = ({ request }: Pick<Task, "request">): number => request.followUps?.length ?? 0;

/** The step the task is at, or ended at; once all are done, the last. */
export const stepOf = (task: Pick<Task, "request" | "said">): number => Math.min(doneSteps(task), followUpCount(task));

/** The follow-up whose prompt the next run is given; undefined where that is the task's own prompt, or one that was begun goes on. */
export const stepToGive = (task: Pick<Task, "request" | "said" | "stepBegun">): number | undefined =>
  stepOf(task) > 0 && !task.stepBegun ? stepOf(task) : undefined;

/** Follow-ups that are done. */
export const followUpsDone = (task: Pick<Task, "request" | "said">): number => Math.max(0, doneSteps(task) - 1);

/** Has the prompt itself been answered, so that what is left goes on in the background? */
export const isAnswered = (task: Pick<Task, "request" | "said">): boolean => followUpCount(task) > 0 && doneSteps(task) > 0;

/** The follow-up that comes after the step the task is at; undefined when that was the last. */
export function nextFollowUp(task: Pick<Task, "request" | "said">): number | undefined {
  const next = doneSteps(task) + 1;
  return next <= followUpCount(task) ? next : undefined;
}

/** The step it was at is done, and `said` are the agent's last words in it. What its checks had it mend afterwards belongs to the last one. */
export function stepDone(task: Task, said: string | null): Task {
  const total = followUpCount(task);
  if (total === 0) return task;
  const all = [...task.said.slice(0, total), said];
  return { ...task, said: all, stepBegun: all.length > total, answer: null };
}

/** A new attempt goes on with the step at which the last one ended; where all were done, that is the last. */
export const stepAgain = (task: Task): Task =>
  followUpCount(task) > 0 && doneSteps(task) > followUpCount(task) ? { ...task, said: task.said.slice(0, -1) } : task;

/** Every step of a chain, the prompt first; none where there are no follow-ups. */
export function stepsOf(task: Chained): ChainStep[] {
  if (followUpCount(task) === 0) return [];
  return [task.request.title, ...task.request.followUps].map((title, step) => ({
    step,
    title,
    state: stateOf(task, step),
    said: task.said[step] ?? null,
  }));
}

function stateOf(task: Chained, step: number): StepState {
  const done = doneSteps(task);
  if (step < done) return "completed";
  const over = isTerminal(task) || task.state === "delivering";
  if (step > done) return over ? "not-run" : "waiting";
  if (!over) return "current";
  if (task.outcome?.kind === "failed") return task.outcome.failure.stage === "deliver" ? "not-run" : "failed";
  return task.outcome?.kind === "stopped" && task.stepBegun ? "stopped" : "not-run";
}

/** `follow-up 1 of 2`, `2 follow-ups to come`, `in follow-up 1 of 2, 1 not run`, or "". */
export function chainText(task: Chained): string {
  const total = followUpCount(task);
  const step = doneSteps(task);
  if (total === 0 || step > total) return "";
  const left = stepsOf(task).filter(({ state }) => state === "not-run").length;
  if (isTerminal(task) || task.state === "delivering") {
    const ended = left < total - step + 1;
    const where = ended && step > 0 ? `in follow-up ${step} of ${total}` : "";
    const rest = left === 0 ? "" : `${left} ${where === "" ? (left === 1 ? "follow-up " : "follow-ups ") : ""}not run`;
    return [where, rest].filter((part) => part !== "").join(", ");
  }
  return step > 0 ? `follow-up ${step} of ${total}` : `${total} ${total === 1 ? "follow-up" : "follow-ups"} to come`;
}

/** What the agent said of its work: the last words of every step; of a task without follow-ups, its summary. */
export function wordsOf(task: Chained & Pick<Task, "summary">): string | null {
  const total = followUpCount(task);
  const done = stepsOf(task).filter(({ state, said }) => state === "completed" && said !== null);
  if (done.length === 0) return task.summary;
  // Of a step that was not finished there may be words as well.
  const cut = doneSteps(task) <= total && task.summary !== null && task.summary !== done.at(-1)?.said ? task.summary : null;
  const parts = done.map(({ step, title, said }) => (step === 0 ? said : `[follow-up ${step} of ${total}: ${title}]\n${said}`));
  return [...parts, ...(cut === null ? [] : [`[follow-up ${doneSteps(task)} of ${total}, not finished]\n${cut}`])].join("\n\n");
}

const doneSteps = ({ said }: Pick<Task, "said">): number => said?.length ?? 0;
