/** A task's life in sentences, from its log. Pure. */
import type { TaskEvent } from "../../core/events.ts";
import { redact } from "../../core/redact.ts";
import { safeLine } from "../../core/safe.ts";
import { clock, count } from "./words.ts";

/** One sentence an event; events that mean nothing to a person give none. */
export function story(events: readonly TaskEvent[]): string[] {
  return events.flatMap((event) => {
    const text = sentence(event);
    return text === undefined ? [] : [`${clock(event.at)}  ${safeLine(redact(text), 300)}`];
  });
}

/** undefined where there is nothing to say. */
export function sentence(event: TaskEvent): string | undefined {
  switch (event.type) {
    case "added":
      return "was queued";
    case "adopted":
      return `adopted ${event.path} on ${event.branch}`;
    case "slot-taken":
      return "got a slot";
    case "worktree-planned":
      return `starts from ${event.baseRef} (${event.base.slice(0, 12)})`;
    case "worktree-made":
      return event.branch === null ? `works in ${event.path}` : `got its worktree ${event.path} on ${event.branch}`;
    case "run-started":
      return `attempt ${event.run} started (pid ${event.identity.pid})`;
    case "run-fenced":
      return `attempt ${event.run} never started and was put back into the queue`;
    case "session-named":
      return `session ${event.sessionId}`;
    case "blocked":
      return `needs you (${event.needs.kind}): ${event.needs.text}`;
    case "unblocked":
      return "goes on";
    case "run-ended":
      return `attempt ${event.run} ended${event.exitCode === null ? " without an exit code" : ` with exit code ${event.exitCode}`}${endText(event.after)}`;
    case "attempt-failed":
      return `failed: ${event.failure.message}${event.retryAt === null ? "" : "; will be tried again"}`;
    case "held":
      return event.text;
    case "answered":
      return `${event.by} answered: ${event.answer.kind === "allow" ? (event.answer.always ? "yes, always" : "yes") : event.answer.kind === "deny" ? `no: ${event.answer.why}` : event.answer.text}`;
    case "answer-given":
      return "its agent has the answer";
    case "messaged":
      return `${event.by} sent: ${event.text}`;
    case "messages-given":
      return "its agent has been told";
    case "notify-set":
      return event.policy === null ? undefined : `notifications: ${event.policy}`;
    case "priority-set":
      return `${event.by} gave it priority ${event.priority}`;
    case "told":
      return undefined;
    case "stop-asked":
      return `${event.by} asked it to stop`;
    case "skipped":
      return `was ${event.failure.message}`;
    case "stopped":
      return event.how;
    case "checked":
      return (
        event.checks.map((check) => `check \`${check.command}\` exited ${check.exitCode ?? "without a code"}`).join("; ") ||
        "no check was run"
      );
    case "sent-back":
      return `\`${event.check}\` failed; its agent is asked to mend it`;
    case "delivered":
      return event.failure === null
        ? `delivered: ${event.result.outcome === "no-changes" ? "no changes" : count(event.result.commits, "commit")}${event.result.issues === undefined ? "" : `, ${count(event.result.issues.length, "issue")}`}`
        : `delivery failed: ${event.failure.message}`;
    case "retried":
      return `${event.by} asked for a new attempt`;
    case "asked-anew": {
      const { after = [], left = [] } = event.request;
      const gone = left.length === 0 ? "" : `, without ${left.map(({ label }) => label).join(", ")}`;
      return `is to put together ${count(after.length, "task")} as the batch's file says now${gone}`;
    }
    case "attached":
      return "a person attached to its session";
    case "detached":
      return event.to === "queue"
        ? "was handed back to the queue"
        : event.to === "deliver"
          ? "was handed back as done"
          : "was left as it is";
    case "noted":
      return `note: ${event.text}`;
    case "worktree-removed":
      return `its worktree was removed: ${event.why}`;
    case "worktree-restored":
      return `its worktree was brought back to ${event.path}`;
    case "pull-request":
      return `pull request #${event.pr.number}${event.pr.draft ? " (draft)" : ""} ${event.pr.state}${event.pr.checks === null ? "" : `, checks ${event.pr.checks}`}: ${event.pr.url}`;
    case "pushed":
      return `pushed to ${event.remote} as ${event.sha.slice(0, 12)}`;
    case "run-starting":
      return event.step === undefined ? undefined : `is given follow-up ${event.step}`;
    case "removal-begun":
      return undefined;
    default:
      return undefined;
  }
}

function endText(after: Extract<TaskEvent, { type: "run-ended" }>["after"]): string {
  switch (after.to) {
    case "block":
      return `; it asks (${after.needs.kind}): ${after.needs.text}`;
    case "queue":
      return `; ${after.why}`;
    case "attach":
      return "; its session was handed to a person";
    case "deliver":
      return after.outcome.kind === "failed"
        ? `: ${after.outcome.failure.message}`
        : after.outcome.kind === "stopped"
          ? `: ${after.outcome.how}`
          : "";
  }
}
