/** Who held which slot when, from the tasks' logs: where the time went. Pure. */
import type { TaskEvent } from "../core/events.ts";
import { evolve } from "../core/evolve.ts";
import { holdsSlot } from "../core/next.ts";
import type { Task } from "../core/task.ts";
import type { Span } from "./api.ts";

type Doing = Span["doing"];

/** While its checks run it has its slot still. */
const holds = (task: Task): boolean =>
  holdsSlot(task) || (task.state === "delivering" && task.outcome?.kind === "completed" && task.request.verify.length > 0);

/** The spans of one task that reach beyond `since`, without slots. */
export function spansOf(events: readonly TaskEvent[], since: string): Omit<Span, "slot">[] {
  const spans: Omit<Span, "slot">[] = [];
  let task: Task | undefined;
  let open: { doing: Doing; run: number; from: string } | undefined;
  for (const event of events) {
    task = evolve(task, event);
    const doing = holds(task) ? (task.state as Doing) : undefined;
    if (open !== undefined && (doing !== open.doing || (doing === "running" && task.run !== open.run))) {
      if (event.at > since) spans.push({ ...named(task), ...open, run: Math.max(open.run, 1), to: event.at, state: task.state });
      open = undefined;
    }
    if (doing !== undefined) open ??= { doing, run: task.run, from: event.at };
  }
  if (task !== undefined && open !== undefined)
    spans.push({ ...named(task), ...open, run: Math.max(open.run, 1), to: null, state: task.state });
  return spans;
}

const named = ({ id, label, repo }: Task) => ({ id, label, repo });

/** Gives each the lowest slot that is free, a task keeping the one it had if it can: the log does not say which it was. */
export function withSlots(spans: readonly Omit<Span, "slot">[]): Span[] {
  const freeAt: string[] = [];
  const had = new Map<string, number>();
  return [...spans]
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.id < b.id ? -1 : 1))
    .map((span) => {
      const mine = had.get(span.id);
      const isFree = (slot: number) => (freeAt[slot] ?? "") <= span.from;
      let slot = mine !== undefined && isFree(mine) ? mine : freeAt.findIndex((_, i) => isFree(i));
      if (slot < 0) slot = freeAt.length;
      freeAt[slot] = span.to ?? "~";
      had.set(span.id, slot);
      return { ...span, slot };
    });
}
