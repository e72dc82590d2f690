/** The step that lets the agent in: one last look at the worktree, the intention written down, the wrapper started, its claim read. */

import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { CopseError, systemCode } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import type { Task } from "../core/task.ts";
import { assertWorktree } from "../git/worktrees.ts";
import { awaitClaim, startRun } from "../process/supervised.ts";
import type { Config } from "../store/config.ts";
import { promptFile, runDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import type { SessionSpec } from "./agents/agent.ts";
import { agentFor } from "./agents/index.ts";
import { runEnvironment } from "./environment.ts";

/** Names the run in the environment of everything it starts. */
export const cookieOf = (task: Task, run: number): string => `${task.id}.run${run}`;

/** Starts run number `task.run + 1`. Settles when the wrapper has claimed it. @throws CopseError when nothing could be started */
export async function startSession(record: TaskRecord, config: Config): Promise<ChildProcess> {
  const { task } = record;
  const agent = agentFor(task.request);
  await assertWorktree(task.worktree as string, task.branch);
  const run = task.run + 1;
  const resume = agent.resumes && task.sessionBegun && task.sessionId !== null;
  const spec: SessionSpec = {
    prompt: resume ? goOn(task) : readFileSync(promptFile(record.dir), "utf8"),
    request: { ...task.request, allow: allowedIn(task), permissionMode: modeIn(task), maxCostUsd: budgetIn(task) },
    sessionId: resume ? task.sessionId : agent.resumes ? randomUUID() : null,
    resume,
    settings: config.agents[task.request.agent] ?? {},
  };
  const { file, args, env, stdin } = agent.command(spec);
  const always = task.answer?.answer.kind === "allow" && task.answer.answer.always ? (task.answer.needs.rules ?? []) : [];
  await record.add([{ type: "run-starting", run, sessionId: spec.sessionId }]);
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
    if ("identity" in sight) await record.add([{ type: "run-started", run, identity: sight.identity }, ...passedOn(task, run, always)]);
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

/** What went into the run's first input is not passed on again. */
function passedOn(task: Task, run: number, always: readonly string[]): Fact[] {
  const answer: Fact[] = task.answer === null ? [] : [{ type: "answer-given", run, requestId: null, granted: always }];
  return task.messages.length === 0 || !task.sessionBegun
    ? answer
    : [...answer, { type: "messages-given", run, count: task.messages.length }];
}

/** What a session is told that goes on: the answer it waited for, and whatever else a person sent. */
function goOn(task: Task): string {
  const parts = [task.answer === null ? whyInterrupted(task) : answered(task.answer), ...task.messages];
  return parts.join("\n\n");
}

function whyInterrupted(task: Task): string {
  const why =
    task.stopAsked === null && task.notBefore === null
      ? "You were interrupted."
      : `You were interrupted: ${task.notBefore?.text ?? "stopped by a person"}.`;
  return `${why} Go on with the task where you stopped.`;
}

function answered({ answer, needs }: NonNullable<Task["answer"]>): string {
  const asked = needs.kind === "plan" ? "your plan" : `what you asked (${needs.text})`;
  switch (answer.kind) {
    case "allow":
      return needs.kind === "plan"
        ? "Your plan is approved. Carry it out."
        : `Granted: ${needs.text}. Make that very call again and go on.`;
    case "deny":
      return needs.kind === "question"
        ? `The person would not answer your question (${needs.text}): ${answer.why}`
        : `Refused: ${asked}. ${answer.why}`;
    case "text":
      return needs.kind === "question"
        ? `The answer to your question (${needs.text}): ${answer.text}`
        : `About ${asked}: not as it stands. ${answer.text}`;
  }
}

/** What is left of the task's cost limit for this run. */
function budgetIn(task: Task): number | null {
  const { maxCostUsd } = task.request;
  return maxCostUsd === null ? null : Math.max(0.01, maxCostUsd - (task.progress.cost.usd ?? 0));
}

/** A plan that was approved is carried out, not planned again. */
function modeIn(task: Task): string | null {
  const planned = task.answer?.needs.kind === "plan" && task.answer.answer.kind === "allow";
  return planned && task.request.permissionMode === "plan" ? null : task.request.permissionMode;
}

/** Rules the agent may use unasked in this run: the task's own, those granted for good, and those of the call just approved. */
function allowedIn(task: Task): string[] {
  const now = task.answer?.answer.kind === "allow" ? (task.answer.needs.rules ?? []) : [];
  return [...new Set([...task.request.allow, ...task.granted, ...now])];
}
