/** Batches as the dashboard shows them: how each stands, what waits for what in it, and the way through it that took longest. Pure. */
import { criticalPath, newestOfEach } from "../batch/critical-path.ts";
import { afterOf } from "../core/prerequisites.ts";
import type { Task } from "../core/task.ts";
import type { BatchRow, BatchTask, BatchView } from "./api.ts";

/** `budgetOf`: what is set for a batch of a repository. Newest first. */
export function batchRows(tasks: readonly Task[], budgetOf: (repoId: string, name: string) => number | null): BatchRow[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    if (task.request.batch === undefined) continue;
    const key = `${task.repoId} ${task.request.batch}`;
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  return [...groups.values()].map((made) => rowOf(made, budgetOf)).sort((a, b) => (a.since < b.since ? 1 : -1));
}

/** `made`: all the tasks a batch has made, at least one. */
export function batchView(made: readonly Task[], budgetOf: (repoId: string, name: string) => number | null, now: Date): BatchView {
  const tasks = newestOfEach(made);
  const byKey = new Map(tasks.map((task) => [task.request.batchKey ?? task.id, task.id]));
  const path = criticalPath(tasks, now);
  return {
    ...rowOf(made, budgetOf),
    tasks: tasks.map((task) => nodeOf(task, byKey, now)),
    critical: path.tasks.map(({ id }) => id),
    criticalMs: path.ms,
  };
}

function rowOf(made: readonly Task[], budgetOf: (repoId: string, name: string) => number | null): BatchRow {
  const tasks = newestOfEach(made);
  const [{ repo, repoId, request }] = made as readonly [Task];
  const name = request.batch ?? "";
  const byState: Record<string, number> = {};
  for (const { state } of tasks) byState[state] = (byState[state] ?? 0) + 1;
  const costs = made.flatMap(({ progress }) => progress.cost.usd ?? []);
  const since = made.map(({ createdAt }) => createdAt).sort()[0] ?? "";
  const costUsd = costs.length === 0 ? null : costs.reduce((sum, usd) => sum + usd, 0);
  return { name, repo, repoId, since, total: tasks.length, byState, costUsd, budgetUsd: budgetOf(repoId, name) };
}

function nodeOf(task: Task, byKey: ReadonlyMap<string, string>, now: Date): BatchTask {
  const needs = (task.request.batchNeeds ?? []).flatMap((key) => byKey.get(key) ?? []);
  const ids = new Set([...needs, ...afterOf(task).map(({ id }) => id)].filter((id) => [...byKey.values()].includes(id)));
  const { id, label, state, startedAt, endedAt } = task;
  const workMs = startedAt === null ? 0 : Math.max(0, (endedAt === null ? now.getTime() : Date.parse(endedAt)) - Date.parse(startedAt));
  return { id, key: task.request.batchKey ?? id, label, state, needs: [...ids], startedAt, endedAt, workMs };
}
