/** Watching tasks until they have ended or need somebody: for `run` in the foreground and for `wait`. Ctrl-C leaves the view, never the tasks. */

import { followUpCount, followUpsDone, isAnswered } from "../core/chain.ts";
import { exit } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import { isTerminal, type Task } from "../core/task.ts";
import { taskJson } from "../core/task-json.ts";
import { err, isTty, out, screen } from "../system/output.ts";
import { isSettled, untilSettled } from "./settle.ts";
import { paintFor } from "./view/paint.ts";
import { terminalNotices } from "./view/terminal-notice.ts";
import { count, detailOf, refOf, taskLines } from "./view/words.ts";

export interface Follow {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Settle at the first that ends instead of at the last. */
  readonly any?: boolean;
  /** Settle as soon as the prompt itself is answered; follow-ups go on in the background. */
  readonly untilAnswer?: boolean;
  readonly timeoutMs?: number;
  /** How to see more of them, and to come back. */
  readonly comeBack?: string;
  /** As JSON always a list, also of one. */
  readonly list?: boolean;
}

/** @returns the exit code: the task's own, or for several the gravest. */
export async function follow(tasks: readonly Task[], options: Follow): Promise<number> {
  const handsBack = (task: Task) => options.untilAnswer === true && isAnswered(task);
  const view = options.json || options.quiet ? undefined : await openView(tasks, (task) => task.state === "completed" || handsBack(task));
  const notice = terminalNotices();
  const left = new AbortController();
  const leave = () => {
    if (left.signal.aborted) process.exit(exit.interrupted);
    left.abort();
  };
  process.on("SIGINT", leave);
  try {
    let seen = tasks;
    const { by, tasks: settled } = await untilSettled(tasks, {
      any: options.any === true,
      timeoutMs: options.timeoutMs,
      signal: left.signal,
      isSettled: (task) => isSettled(task) || handsBack(task),
      onLook(now) {
        seen = now;
        view?.show(now);
        notice(now);
      },
    });
    await view?.close(seen);
    switch (by) {
      case "left":
        err(
          options.comeBack !== undefined
            ? safe(`Left; the tasks go on: ${options.comeBack}\n`)
            : seen.length === 1
              ? `Left; the task goes on: copse logs -f ${refOf(seen[0] as Task)}\n`
              : "Left; the tasks go on: copse tasks\n",
        );
        return exit.interrupted;
      case "timeout":
        err("The time is up; the tasks go on.\n");
        return exit.timedOut;
      case "settled":
        if (options.json) print(settled, options.list !== true && (options.any === true || tasks.length === 1));
        else if (options.quiet) out(settled.map((task) => `${task.id}\n`).join(""));
        else for (const task of settled.filter(handsBack)) handBack(task);
        return Math.max(...settled.map((task) => (handsBack(task) ? exit.ok : codeOf(task))), 0);
    }
  } finally {
    process.off("SIGINT", leave);
  }
}

/** The answer to the prompt, on standard output; beside it, what goes on. */
function handBack(task: Task): void {
  const answer = task.said[0] ?? null;
  if (answer !== null) out(`\n${safe(redact(answer))}\n`);
  const left = followUpCount(task) - followUpsDone(task);
  if (isTerminal(task)) return;
  err(`${count(left, "follow-up")} ${left === 1 ? "goes" : "go"} on in the background: copse logs -f ${refOf(task)}\n`);
}

/** Exit code of one task: 0 completed (1 when its checks failed), 1 failed, 124 timed out, 5 blocked (or waiting for one that is, or that failed), 6 stopped. */
export function codeOf(task: Task): number {
  switch (task.state) {
    case "completed":
      return task.verify.status === "failed" ? exit.failed : exit.ok;
    case "failed":
      return task.failure?.code === "TIMED_OUT" ? exit.timedOut : exit.failed;
    case "blocked":
      return exit.blocked;
    case "stopped":
      return exit.stopped;
    case "queued":
      return task.notBefore?.needsPerson ? exit.blocked : exit.ok;
    default:
      return exit.ok;
  }
}

function print(tasks: readonly Task[], single: boolean): void {
  const [first] = tasks;
  out(`${JSON.stringify(single && first ? { task: taskJson(first) } : { tasks: tasks.map((task) => taskJson(task)) })}\n`);
}

interface View {
  show(tasks: readonly Task[]): void;
  close(tasks: readonly Task[]): void | Promise<void>;
}

async function openView(tasks: readonly Task[], isWell: (task: Task) => boolean): Promise<View> {
  if (isTty(1) && process.env["TERM"] !== "dumb" && !process.env["CI"]) return (await import("./view/board.ts")).boardFor(tasks, isWell);
  return lines();
}

/** One line for each change, for pipes and CI. */
function lines(): View {
  const seen = new Map<string, string>();
  const paint = paintFor(screen());
  const show = (tasks: readonly Task[]) => {
    for (const task of tasks) {
      const key = `${task.state} ${detailOf(task, undefined)}`;
      if (seen.get(task.id) === key) continue;
      seen.set(task.id, key);
      out(`${taskLines([task], paint, Date.now())[0]}\n`);
    }
  };
  return { show, close: show };
}
