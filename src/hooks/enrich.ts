/** What a hook is told besides what its agent tells it. Pure. */
import { redact } from "../core/redact.ts";
import type { Task } from "../core/task.ts";
import { allCalls } from "./calls.ts";
import { type HookEvent, under } from "./event.ts";
import { type BackgroundTask, type Ledger, listedAs } from "./ledger.ts";

export interface ToolCount {
  readonly tool_name: string;
  readonly count: number;
  /** How many of them failed; absent when none did. */
  readonly failed?: number;
}

export interface Enriched extends HookEvent {
  readonly background_tasks: readonly BackgroundTask[];
  readonly tools_called_this_turn: readonly ToolCount[];
  readonly copse_tasks: readonly CopseTask[];
}

/** An open task of Copse's in the session's repository. */
export interface CopseTask {
  readonly id: string;
  readonly label: string;
  readonly state: string;
  readonly since: string;
  /** What it asks, when it is blocked. */
  readonly needs: string | null;
}

export const taskFor = ({ id, label, state, since, needs }: Task): CopseTask => ({
  ...{ id, label, state, since },
  needs: needs && redact(needs.text),
});

/** `ledger`: after the event. An agent is not told of itself, nor of teammates that rest. */
export function enrich(event: HookEvent, ledger: Ledger, copse_tasks: readonly CopseTask[] = []): Enriched {
  const own = listOf(event["background_tasks"]);
  const running = Object.values(ledger.background).filter(({ task_id }) => task_id !== event.agent_id && !ledger.idle.includes(task_id));
  return {
    ...event,
    background_tasks: running.map((task) => ({ ...own.find((one) => listedAs(ledger, one) === task), ...task })),
    tools_called_this_turn: toolCounts(ledger, event.agent_id ?? ""),
    copse_tasks,
  };
}

export function toolCounts(ledger: Ledger, agent: string): ToolCount[] {
  const counts = new Map<string, { count: number; failed: number }>();
  for (const { tool_name, failed } of allCalls(under(ledger.turns, agent)?.calls ?? [])) {
    const { count, failed: before } = counts.get(tool_name) ?? { count: 0, failed: 0 };
    counts.set(tool_name, { count: count + 1, failed: before + Number(failed) });
  }
  return [...counts].map(([tool_name, { count, failed }]) => ({ tool_name, count, ...(failed === 0 ? {} : { failed }) }));
}

const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
