/** A task as it is at its very beginning: nothing has happened yet but that it was asked for. Pure. */
import { CopseError } from "./errors.ts";
import { logFormat, type TaskEvent } from "./events.ts";
import { noProgress, type Task } from "./task.ts";

/** @throws CopseError NEWER_STATE for a newer format */
export function begin(event: Extract<TaskEvent, { type: "added" }>): Task {
  if (event.format > logFormat)
    throw new CopseError("NEWER_STATE", `task ${event.id} was written by a newer Copse (format ${event.format})`, {
      hint: "Update Copse, then try again.",
    });
  const { id, label, slug, repo, repoId, cwd, request, at, seq } = event;
  return {
    id,
    label,
    slug,
    repo,
    repoId,
    cwd,
    request,
    state: "queued",
    since: at,
    source: "person",
    branch: null,
    base: null,
    baseRef: null,
    worktree: null,
    worktreeState: "none",
    planned: null,
    run: 0,
    runStarted: null,
    runStartedAt: null,
    identity: null,
    sessionId: null,
    sessionBegun: false,
    createdAt: at,
    startedAt: null,
    endedAt: null,
    needs: null,
    notBefore: null,
    progress: noProgress,
    summary: null,
    said: [],
    stepBegun: false,
    outcome: null,
    verify: { status: "none", checks: [] },
    result: null,
    failure: null,
    fixes: 0,
    failures: 0,
    stopAsked: null,
    notify: null,
    toldOf: null,
    answer: null,
    givenTo: [],
    messages: [],
    carried: 0,
    planApproved: false,
    granted: [],
    attachedBy: null,
    notes: [],
    removal: null,
    pushed: null,
    seq,
  };
}
