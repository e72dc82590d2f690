/** The step that lets the agent in: one last look at the worktree, the intention written down, the wrapper started, its claim read. */

import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { CopseError, systemCode } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import type { Task } from "../core/task.ts";
import { assertWorktree } from "../git/worktrees.ts";
import { awaitClaim, startRun } from "../process/supervised.ts";
import type { Config } from "../store/config.ts";
import { runDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import type { SessionSpec } from "./agents/agent.ts";
import { agentFor } from "./agents/index.ts";
import { runEnvironment } from "./environment.ts";
import { firstWords } from "./prompt.ts";

/** Names the run in the environment of everything it starts. */
export const cookieOf = (task: Task, run: number): string => `${task.id}.run${run}`;

/** Starts run number `task.run + 1`. Settles when the wrapper has claimed it. @throws CopseError when nothing could be started */
export async function startSession(record: TaskRecord, config: Config, hookSettings?: string): Promise<ChildProcess> {
  const { task } = record;
  const agent = agentFor(task.request);
  await assertWorktree(task.worktree as string, task.branch, task.repoId);
  const run = task.run + 1;
  const resume = agent.resumes && task.sessionBegun && task.sessionId !== null;
  const settings = config.agents[task.request.agent] ?? {};
  const words = firstWords(task, record.dir, resume);
  const spec: SessionSpec = {
    prompt: words.text,
    request: { ...task.request, allow: allowedIn(task), permissionMode: modeIn(task, settings.permissionMode), maxCostUsd: budgetIn(task) },
    sessionId: resume ? task.sessionId : agent.resumes ? randomUUID() : null,
    resume,
    settings,
    hookSettings: hookSettings ?? null,
  };
  const { file, args, env, stdin } = agent.command(spec);
  const step = words.step === undefined ? {} : { step: words.step };
  await record.add([{ type: "run-starting", run, sessionId: spec.sessionId, messages: resume ? task.messages.length : 0, ...step }]);
  const dir = runDir(record.dir, run);
  try {
    const child = await startRun({
      dir,
      file,
      args,
      cwd: task.worktree as string,
      env: { ...runEnvironment(task, record.dir, run), ...env },
      cookie: cookieOf(task, run),
      mode: stdin.kind === "conversation" ? "talk" : "read",
      first: stdin.kind === "conversation" ? stdin.first : stdin.text,
    });
    const sight = await awaitClaim(dir, child);
    if ("identity" in sight) await record.add([{ type: "run-started", run, identity: sight.identity }, ...passedOn(record.task)]);
    return child;
  } catch (error) {
    if (systemCode(error) === "E2BIG")
      throw new CopseError("COMMAND_FAILED", "the command line is too long for this system", {
        hint: "Give long text in the prompt (it goes through a file), not as an argument.",
        cause: error,
      });
    throw error;
  }
}

/** What went into the first input of the run that has just been seen to start; it is not passed on again. */
export function passedOn({ run, answer, carried }: Task): Fact[] {
  const always = answer?.answer.kind === "allow" && answer.answer.always ? (answer.needs.rules ?? []) : [];
  return [
    ...(answer === null ? [] : [{ type: "answer-given", run, requestId: null, granted: always } as const]),
    ...(carried === 0 ? [] : [{ type: "messages-given", run, count: carried } as const]),
  ];
}

/** What is left of the task's cost limit for this run. */
function budgetIn(task: Task): number | null {
  const { maxCostUsd } = task.request;
  return maxCostUsd === null ? null : Math.max(0.01, maxCostUsd - (task.progress.cost.usd ?? 0));
}

/** A plan that was approved is carried out, not planned again; edits are accepted then, as after an approval in the conversation. */
function modeIn(task: Task, usual: string | undefined): string | null {
  const approved = task.planApproved || (task.answer?.needs.kind === "plan" && task.answer.answer.kind === "allow");
  return approved && (task.request.permissionMode ?? usual) === "plan" ? "acceptEdits" : task.request.permissionMode;
}

/** Rules the agent may use unasked in this run: the task's own, those granted for good, and those of the call just approved. */
function allowedIn(task: Task): string[] {
  const now = task.answer?.answer.kind === "allow" ? (task.answer.needs.rules ?? []) : [];
  return [...new Set([...task.request.allow, ...task.granted, ...now])];
}
