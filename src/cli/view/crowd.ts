/** Many tasks in few lines: what needs somebody and what is at work by name, the rest counted. Pure. */
import { isTerminal, type StateName, type Task } from "../../core/task.ts";

/** Whom to name first when there is no room for all. */
const rank = (task: Task): number => {
  if (task.state === "blocked" || (task.state === "queued" && task.notBefore?.needsPerson)) return 0;
  if (task.state === "failed" || (task.state === "completed" && task.verify.status === "failed")) return 1;
  if (!isTerminal(task) && task.state !== "queued") return 2;
  return task.state === "queued" ? 3 : 4;
};

const order: readonly StateName[] = ["running", "preparing", "delivering", "blocked", "queued", "completed", "failed", "stopped"];

/** `2 running, 95 queued, 3 completed`. */
export function countText(tasks: readonly Task[]): string {
  const counts = new Map<StateName, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return order.flatMap((state) => (counts.has(state) ? [`${counts.get(state)} ${state}`] : [])).join(", ");
}

const mostIdle = 5;

/** At most `room` of them: those at work and those that need somebody each get their part; what is done, the latest first. */
export function named(tasks: readonly Task[], room: number): { readonly shown: readonly Task[]; readonly rest: readonly Task[] } {
  if (tasks.length <= room) return { shown: tasks, rest: [] };
  const sorted = tasks
    .map((task, i) => ({ task, i }))
    .sort((a, b) => rank(a.task) - rank(b.task) || (b.task.endedAt ?? "").localeCompare(a.task.endedAt ?? "") || a.i - b.i)
    .map(({ task }) => task);
  // However many have failed, what is at work stays on the screen; who comes next and what is done is only touched upon.
  const working = sorted.filter((task) => rank(task) === 2).slice(0, Math.ceil(room / 2));
  const few = [3, 4].flatMap((least) => sorted.filter((task) => rank(task) === least).slice(0, mostIdle));
  const others = sorted.filter((task) => rank(task) < 2 || few.includes(task)).slice(0, room - working.length);
  const shown = sorted.filter((task) => working.includes(task) || others.includes(task));
  return { shown, rest: tasks.filter((task) => !shown.includes(task)) };
}
