/** The JSON of one task, field by field as promised in the contract. Unknown is null, never left out. Pure. */
import { followUpCount, followUpsDone, stepOf, stepsOf } from "./chain.ts";
import { heldText } from "./line.ts";
import { afterOf, policyOf } from "./prerequisites.ts";
import { redact } from "./redact.ts";
import { type Beside, isTerminal, type Task } from "./task.ts";

export type TaskJson = ReturnType<typeof taskJson>;

/** Free text in it is redacted. */
export function taskJson(task: Task, beside: Beside = {}) {
  const { progress } = task;
  return {
    id: task.id,
    label: task.label,
    state: task.state,
    since: task.since,
    source: task.source,
    repo: task.repo,
    branch: task.branch,
    base: task.base,
    worktree: task.worktree,
    worktreeState: task.worktreeState,
    agent: task.request.exec ? "exec" : task.request.agent,
    model: task.request.model,
    title: redact(task.request.title),
    sessionId: task.sessionId,
    pid: task.identity?.pid ?? null,
    attempt: task.run,
    priority: task.request.priority,
    group: task.request.group,
    tags: task.request.tags,
    deliver: task.request.deliver,
    startedBy: task.request.startedBy ? { id: task.request.startedBy.id, label: task.request.startedBy.label } : null,
    after: afterOf(task).map(({ id, label }) => ({ id, label })),
    onFailure: afterOf(task).length === 0 ? null : policyOf(task),
    batch: task.request.batch ?? null,
    batchKey: task.request.batchKey ?? null,
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
    activity: progress.activity === null ? null : redact(progress.activity),
    lastOutputAt: beside.lastOutputAt ?? null,
    filesChanged: progress.filesChanged,
    toolCalls: progress.toolCalls,
    needs: task.needs && { ...task.needs, text: redact(task.needs.text) },
    waitingFor: task.state === "queued" ? (beside.waiting ?? (task.notBefore?.at === null ? heldText(task.notBefore) : null)) : null,
    overlaps: beside.overlaps ?? [],
    verify: task.verify,
    result: task.result && {
      ...task.result,
      summary: task.result.summary === null ? null : redact(task.result.summary),
      issues: task.result.issues ?? [],
    },
    failure: task.failure && { ...task.failure, message: redact(task.failure.message) },
    cost: progress.cost,
    notes: task.notes.map((note) => redact(note)),
    chain: chainJson(task),
  };
}

/** How far its chain is; null for a task without follow-ups. */
function chainJson(task: Task) {
  if (followUpCount(task) === 0) return null;
  const steps = stepsOf(task).map(({ step, title, state, said }) => ({
    step,
    prompt: redact(title),
    state,
    summary: said === null ? null : redact(said),
  }));
  return { done: followUpsDone(task), total: followUpCount(task), step: isTerminal(task) ? null : stepOf(task), steps };
}
