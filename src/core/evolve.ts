/** What happened: the fold from events to a task. Pure, total over known events; unknown ones change nothing but `seq`. */
import { begin } from "./begin.ts";
import { stepAgain, stepDone } from "./chain.ts";
import { CopseError } from "./errors.ts";
import type { TaskEvent } from "./events.ts";
import { isTerminal, type Needs, type Outcome, type StateName, type Task } from "./task.ts";

/** Which state may follow which. Held against `evolve` in the tests, and printed into ARCHITECTURE.md. */
export const moves: Readonly<Record<StateName, readonly StateName[]>> = {
  queued: ["preparing", "delivering", "blocked", "stopped", "queued"],
  preparing: ["running", "queued", "delivering", "stopped", "preparing"],
  running: ["blocked", "delivering", "queued", "running"],
  blocked: ["running", "queued", "delivering", "stopped", "blocked"],
  delivering: ["completed", "failed", "stopped", "queued", "delivering"],
  completed: ["queued", "completed"],
  failed: ["queued", "delivering", "failed"],
  stopped: ["queued", "stopped"],
};

/** The next task from the last one and one event. @throws CopseError BUG when the log does not begin with "added"; NEWER_STATE for a newer format. */
export function evolve(task: Task | undefined, event: TaskEvent): Task {
  if (event.type === "added") return begin(event);
  if (!task) throw new CopseError("BUG", `a task's log begins with "${event.type}", not with "added"`);
  const next = { ...task, seq: event.seq };
  const to = (state: StateName, source: Task["source"] = "runner") => ({
    state,
    since: task.state === state ? task.since : event.at,
    source,
  });
  switch (event.type) {
    case "adopted": {
      const { path, branch, base, baseRef, sessionId } = event;
      const place = { planned: { path, branch, base }, worktree: path, worktreeState: "present", branch, base, baseRef } as const;
      const how = "adopted as it stands; none of its runs was Copse's";
      return ended({ ...next, ...place, sessionId, sessionBegun: sessionId !== null }, { kind: "stopped", how }, event.at);
    }
    case "slot-taken":
      return { ...next, ...to("preparing"), notBefore: null, startedAt: task.startedAt ?? event.at };
    case "worktree-planned":
      // Planned (again): there is no place to work in until it is made, so nobody is let in and nothing is committed before that.
      return {
        ...next,
        planned: { path: event.path, branch: event.branch, base: event.base },
        baseRef: event.baseRef,
        worktreeState: "none",
      };
    case "worktree-made":
      return { ...next, worktree: event.path, branch: event.branch, base: event.base, worktreeState: "present" };
    case "run-starting":
      return {
        ...next,
        run: event.run,
        runStarted: false,
        sessionId: event.sessionId ?? task.sessionId,
        needs: null,
        givenTo: [],
        carried: event.messages ?? 0,
        progress: { ...task.progress, activity: null },
      };
    case "run-started":
      return {
        ...next,
        ...to("running", "process"),
        runStarted: true,
        runStartedAt: event.at,
        identity: event.identity,
        stepBegun: true,
      };
    case "run-fenced":
      return { ...next, ...to("queued"), runStarted: null, identity: null };
    case "session-named":
      return { ...next, sessionId: event.sessionId, sessionBegun: true };
    case "blocked":
      return { ...next, ...to("blocked", event.needs.source), needs: event.needs };
    case "unblocked":
      return { ...next, ...to("running", "stream"), needs: null };
    case "run-ended":
      return runEnded(
        { ...next, runStarted: null, identity: null, summary: event.summary ?? task.summary, progress: event.progress },
        event,
      );
    case "attempt-failed":
      if (event.retryAt === null)
        return delivering({ ...next, runStarted: null, identity: null }, { kind: "failed", failure: event.failure }, event.at);
      return {
        ...next,
        runStarted: null,
        identity: null,
        ...to("queued"),
        failures: task.failures + 1,
        notBefore: { at: event.retryAt, kind: "time", text: `trying again: ${event.failure.message}` },
      };
    case "held":
      return {
        ...next,
        ...to("queued"),
        runStarted: null,
        identity: null,
        notBefore: { at: event.until, kind: event.kind, text: event.text, ...(event.needsPerson ? { needsPerson: true } : {}) },
      };
    case "answered":
      // The slot is asked for like anybody's; a live run is told once it has one, a parked one is resumed.
      return task.needs === null
        ? next
        : { ...next, ...to("queued", "person"), notBefore: null, needs: null, answer: { answer: event.answer, needs: task.needs } };
    case "answer-given":
      return {
        ...next,
        ...(task.runStarted === true ? to("running", "person") : {}),
        answer: null,
        needs: null,
        planApproved: task.planApproved || (task.answer?.needs.kind === "plan" && task.answer.answer.kind === "allow"),
        givenTo: event.requestId === null ? task.givenTo : [...task.givenTo, event.requestId],
        granted: [...new Set([...task.granted, ...event.granted])],
      };
    case "messaged":
      return { ...next, messages: [...task.messages, { seq: event.seq, text: event.text }] };
    case "messages-given":
      return { ...next, messages: task.messages.slice(event.count), carried: 0 };
    case "notify-set":
      return { ...next, notify: event.policy };
    case "priority-set":
      return { ...next, request: { ...next.request, priority: event.priority } };
    case "told":
      return { ...next, toldOf: event.of };
    case "stop-asked":
      return { ...next, stopAsked: event.by };
    case "stopped":
      return task.worktreeState === "present"
        ? delivering(next, { kind: "stopped", how: event.how }, event.at)
        : ended(next, { kind: "stopped", how: event.how }, event.at);
    case "skipped":
      return { ...ended(next, { kind: "stopped", how: event.failure.message }, event.at), failure: event.failure };
    case "checked":
      return { ...next, verify: { status: event.status, checks: event.checks } };
    case "sent-back": {
      const note = `\`${event.check}\` failed and was sent back to its agent (${task.fixes + 1} of ${task.request.fix})`;
      const back = {
        ...next,
        ...to("queued"),
        outcome: null,
        fixes: task.fixes + 1,
        verify: { status: "none", checks: [] },
        notes: [...task.notes, note],
      } as const;
      // A session is told; a command is run again with it as the answer.
      if (task.sessionBegun) return { ...back, messages: [...task.messages, { seq: event.seq, text: event.text, by: "checks" }] };
      const needs: Needs = { kind: "question", text: note, since: event.at, source: "process" };
      return { ...back, answer: { answer: { kind: "text", text: event.text }, needs } };
    }
    case "delivered":
      return delivered({ ...next, result: event.result }, event.failure, event.at);
    case "retried": {
      const fresh = {
        ...(task.failure?.stage === "deliver" ? next : stepAgain(next)),
        notBefore: null,
        endedAt: null,
        failure: null,
        stopAsked: null,
        failures: 0,
        fixes: 0,
        needs: null,
        result: null,
      };
      // A delivery that failed is delivered again; the agent's work is done and is not repeated.
      if (task.failure?.stage === "deliver") return delivering(fresh, { kind: "completed" }, event.at);
      return { ...fresh, ...to("queued", "person"), outcome: null, verify: { status: "none", checks: [] } };
    }
    case "joined": {
      const known = task.request.after ?? [];
      const more = event.after.filter((one) => !known.some(({ id }) => id === one.id));
      return {
        ...next,
        request: { ...task.request, after: [...known, ...more] },
        failure: task.failure && { ...task.failure, stage: "run" },
      };
    }
    case "asked-anew":
      return { ...next, request: event.request, failure: task.failure && { ...task.failure, stage: "run" } };
    case "attached":
      return { ...next, attachedBy: event.by };
    case "detached":
      return detached({ ...next, attachedBy: null }, event.to, event.at);
    case "noted":
      return { ...next, notes: [...task.notes, event.text] };
    case "pushed":
      return { ...next, pushed: event.sha };
    case "pull-request":
      return { ...next, result: task.result && { ...task.result, pr: event.pr } };
    case "removal-begun":
      return { ...next, removal: event.removal };
    case "worktree-removed":
      return { ...next, worktreeState: "removed" };
    case "worktree-restored":
      return { ...next, worktreeState: "present", worktree: event.path, branch: event.branch, removal: null };
    default:
      return skip(next, event);
  }
}

/** Folds a whole log. @throws CopseError as `evolve`. */
export function foldEvents(events: readonly TaskEvent[]): Task {
  let task: Task | undefined;
  for (const event of events) task = evolve(task, event);
  if (!task) throw new CopseError("BUG", "an empty log has no task");
  return task;
}

function runEnded(task: Task, event: Extract<TaskEvent, { type: "run-ended" }>): Task {
  const { after } = event;
  switch (after.to) {
    case "deliver":
      return delivering(
        { ...(after.outcome.kind === "completed" ? stepDone(task, event.summary) : task), needs: null },
        after.outcome,
        event.at,
      );
    case "queue":
      return {
        ...(after.step === undefined ? task : stepDone(task, event.summary)),
        state: "queued",
        since: event.at,
        source: "runner",
        needs: null,
        failures: task.failures + (after.counts ? 1 : 0),
        notBefore: after.at === null ? null : { at: after.at, kind: after.kind, text: after.why },
      };
    case "block":
      return { ...task, state: "blocked", since: event.at, source: after.needs.source, needs: after.needs };
    case "attach":
      return {
        ...task,
        state: "blocked",
        since: event.at,
        source: "person",
        needs: task.needs ?? { kind: "question", text: "a person has attached to this session", since: event.at, source: "person" },
      };
  }
}

const delivering = (task: Task, outcome: Outcome, at: string): Task => ({
  ...task,
  state: "delivering",
  since: task.state === "delivering" ? task.since : at,
  source: "runner",
  outcome,
  notBefore: null,
  needs: null,
});

function delivered(task: Task, failure: Failure | null, at: string): Task {
  const outcome: Outcome =
    task.outcome?.kind === "completed" && failure ? { kind: "failed", failure } : (task.outcome ?? { kind: "completed" });
  return ended(task, outcome, at);
}

function ended(task: Task, outcome: Outcome, at: string): Task {
  const failure = outcome.kind === "failed" ? outcome.failure : null;
  return {
    ...task,
    state: outcome.kind,
    since: at,
    source: "runner",
    endedAt: at,
    outcome,
    failure,
    needs: null,
    notBefore: null,
    progress: { ...task.progress, activity: null },
  };
}

function detached(task: Task, to: "queue" | "deliver" | "same", at: string): Task {
  // Stopped during the visit: who leaves does not begin it again.
  if (isTerminal(task) || task.state === "delivering") return task;
  if (to === "queue") return { ...task, state: "queued", since: at, source: "person", needs: null, notBefore: null };
  // What a person has taken to its end by hand is done; follow-ups behind it are not run.
  if (to === "deliver") return delivering(task.stepBegun ? stepDone(task, null) : task, { kind: "completed" }, at);
  return task;
}

/** An event written by a newer version changes nothing we know of. (`never`: the compiler finds a forgotten case.) */
const skip = (task: Task, _event: never): Task => task;
type Failure = NonNullable<Task["failure"]>;
