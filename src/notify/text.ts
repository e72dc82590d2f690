/** What a notification says: one transition each, several at once as one. Pure. */
import { chainText } from "../core/chain.ts";
import { isHeld, skippedCode } from "../core/prerequisites.ts";
import { redact } from "../core/redact.ts";
import { safeLine } from "../core/safe.ts";
import type { Task } from "../core/task.ts";
import type { Notice } from "./notifier.ts";

/** The notice for the state the task has come to; undefined for states nobody is told of. Ends with the command that goes on. */
export function noticeOf(task: Task): Notice | undefined {
  const label = safeLine(redact(task.label), 60);
  const ref = /^[\w][\w.-]*$/.test(task.label) ? task.label : task.id;
  const say = (title: string, text: string, command: string, urgent: boolean): Notice => ({
    title,
    body: `${safeLine(redact(text), 180)}\n${command}`,
    urgent,
    tasks: [task.id],
  });
  switch (task.state) {
    case "blocked": {
      const how = {
        permission: `copse approve ${ref}`,
        plan: `copse approve ${ref}`,
        question: `copse send ${ref} "…"`,
        login: `copse show ${ref}`,
        trust: `copse show ${ref}`,
      };
      return task.needs === null
        ? undefined
        : say(`${label} needs you`, `${task.needs.kind}: ${task.needs.text}`, how[task.needs.kind], true);
    }
    case "completed":
      return say(`${label} completed`, completedText(task), `copse show ${ref}`, task.verify.status === "failed");
    case "failed":
      return say(
        `${label} failed`,
        [chainText(task), task.failure?.message ?? ""].filter((part) => part !== "").join(": "),
        `copse show ${ref}`,
        true,
      );
    case "stopped":
      return task.failure?.code === skippedCode ? say(`${label} was skipped`, task.failure.message, `copse show ${ref}`, false) : undefined;
    case "queued":
      return isHeld(task.notBefore) ? say(`${label} is held`, task.notBefore?.text ?? "", `copse show ${ref}`, true) : undefined;
    default:
      return undefined;
  }
}

function completedText(task: Task): string {
  const checked = { verified: "verified", failed: "its checks FAILED", unverified: "unverified", none: "no checks" }[task.verify.status];
  if (task.result === null || task.result.outcome === "no-changes") return `finished, no changes, ${checked}`;
  const { files, insertions, deletions } = task.result.diff;
  return `${checked}, ${files} ${files === 1 ? "file" : "files"}, +${insertions} −${deletions}`;
}

/** One for a whole login. */
export const limitNotice = (task: Task, text: string): Notice => ({
  title: "A usage limit is reached",
  body: `${safeLine(redact(text), 180)}\nTasks of this login wait and go on by themselves.\ncopse tasks`,
  urgent: false,
  tasks: [task.id],
});

/** More than this many at once are told as one. */
export const groupFrom = 4;

/** One notice for several. */
export function groupNotices(notices: readonly Notice[]): Notice[] {
  if (notices.length < groupFrom) return [...notices];
  const urgent = notices.filter((notice) => notice.urgent);
  const titles = [...urgent, ...notices.filter((notice) => !notice.urgent)].map((notice) => notice.title);
  const more = titles.length > 6 ? [`and ${titles.length - 6} more`] : [];
  return [
    {
      title: `${notices.length} tasks${urgent.length > 0 ? `, ${urgent.length} to look at` : ""}`,
      body: [...titles.slice(0, 6), ...more, "copse tasks"].join("\n"),
      urgent: urgent.length > 0,
      tasks: notices.flatMap((notice) => notice.tasks),
    },
  ];
}
