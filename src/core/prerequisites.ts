/** Tasks that wait for other tasks: may this one start, does it wait on, is it held, is it skipped? Pure. */
import type { Failure, OnFailure, Prerequisite, Task } from "./task.ts";
import { isTerminal } from "./task.ts";

/** `task` undefined: its record is gone, or cannot be read. */
export interface Before extends Prerequisite {
  readonly task: Pick<Task, "state" | "verify" | "failure" | "notBefore" | "attachedBy"> | undefined;
}

export type Verdict =
  | { readonly do: "start" }
  /** `needsPerson`: nothing goes on by itself; somebody has to do something, for this task or for one before it. */
  | { readonly do: "wait"; readonly needsPerson: boolean; readonly text: string }
  | { readonly do: "skip"; readonly failure: Failure };

/** Why a task that waited for another was never begun. */
export const skippedCode = "PREREQUISITE_FAILED";

export const afterOf = (task: Pick<Task, "request">): readonly Prerequisite[] => task.request.after ?? [];
export const policyOf = (task: Pick<Task, "request">): OnFailure => task.request.onFailure ?? "skip";

/** How a person names a task on a command line: its label where that needs no quotes, else its id. */
export const nameOf = ({ id, label }: Prerequisite): string => (/^\w[\w.-]*$/.test(label) ? label : id);

/** Once it has a place of its own it has begun, and what becomes of the others afterwards changes nothing. A joint task puts them together anew at each attempt. */
export const mayHaveToWait = (task: Pick<Task, "request" | "planned">): boolean =>
  afterOf(task).length > 0 && (task.planned === null || task.request.joint === true);

/** Done, and not refuted by its own checks. */
export const endedWell = ({ state, verify }: Pick<Task, "state" | "verify">): boolean =>
  state === "completed" && verify.status !== "failed";

/** Not ended yet, as far as is known. */
export const isOpen = ({ task }: Pick<Before, "task">): boolean => task !== undefined && !isTerminal(task);

/** Ended, and not well: nothing will come of it unless it is tried again. */
const isLost = ({ task }: Before): boolean => task === undefined || (isTerminal(task) && !endedWell(task));

export function weighBefore(task: Pick<Task, "id" | "label" | "request">, before: readonly Before[]): Verdict {
  if (policyOf(task) === "run") {
    const open = before.filter(isOpen);
    const text = task.request.joint ? "waits for the other tasks of its batch to end" : waitsFor(open);
    return open.length === 0 ? { do: "start" } : { do: "wait", needsPerson: open.some(isStuck), text };
  }
  const lost = before.filter(isLost);
  const [first] = lost;
  if (first !== undefined) {
    if (policyOf(task) === "skip") return { do: "skip", failure: failureOf(task, first) };
    const isWhole = lost.every((one) => one.task !== undefined);
    const way = isWhole ? `copse retry ${lost.map(nameOf).join(" ")}` : `copse stop ${nameOf(task)}`;
    return { do: "wait", needsPerson: true, text: `held: ${lost.map(howItEnded).join(", ")}; ${way}` };
  }
  const open = before.filter((one) => one.task !== undefined && !endedWell(one.task));
  return open.length === 0 ? { do: "start" } : { do: "wait", needsPerson: open.some(isStuck), text: waitsFor(open) };
}

/** Not what stands behind one that is held: a person has to see to that one. */
export const isHeld = (held: Task["notBefore"]): boolean =>
  held?.kind === "task" && held.needsPerson === true && held.text.startsWith("held: ");

/** Nothing comes of it before a person has answered, or tried another one again. */
export const isStuck = (before: Before): boolean => isLost(before) || asks(before) || before.task?.notBefore?.needsPerson === true;

const asks = ({ task }: Before): boolean => task?.state === "blocked" && task.attachedBy === null;

/** `waits for a, b (needs you)`. */
export function waitsFor(open: readonly Before[]): string {
  const most = 5;
  const more = open.length > most ? ` and ${open.length - most} more` : "";
  return `waits for ${open
    .slice(0, most)
    .map((one) => (isStuck(one) ? `${one.label} (${asks(one) ? "needs you" : "held"})` : one.label))
    .join(", ")}${more}`;
}

function failureOf(waiter: Prerequisite, before: Before): Failure {
  const again =
    before.task === undefined
      ? `Submit ${waiter.label} anew, without it.`
      : `When what was wrong is mended: copse retry ${nameOf(before)} ${nameOf(waiter)}`;
  return { stage: "prepare", code: skippedCode, message: `skipped: ${howItEnded(before)}`, hint: again };
}

/** `a failed`, `the checks of a failed`, `b was skipped (a failed)`. */
export function howItEnded({ label, task }: Before): string {
  if (task === undefined) return `the record of ${label} is gone`;
  if (task.state === "completed") return `the checks of ${label} failed`;
  if (task.failure?.code === skippedCode) return `${label} was ${task.failure.message.replace(/^skipped: (.*)$/s, "skipped ($1)")}`;
  return task.state === "stopped" ? `${label} was stopped` : `${label} failed`;
}

/** The way by which a task leads back to itself, its first and last name the same; undefined where none does. `edges`: what each comes after. */
export function circleOf(start: Prerequisite, edges: (id: string) => readonly Prerequisite[]): readonly string[] | undefined {
  const seen = new Set<string>();
  // Without recursion: a chain may be long.
  const way = [{ label: start.label, open: [...edges(start.id)].reverse() }];
  for (let at = way.at(-1); at !== undefined; at = way.at(-1)) {
    const next = at.open.pop();
    if (next === undefined) way.pop();
    else if (next.id === start.id) return [...way.map(({ label }) => label), next.label];
    else if (!seen.has(next.id)) {
      seen.add(next.id);
      way.push({ label: next.label, open: [...edges(next.id)].reverse() });
    }
  }
  return undefined;
}
