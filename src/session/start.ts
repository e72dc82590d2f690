/** The step that lets the agent in: one last look at the worktree, the intention written down, the wrapper started, its claim read. */

import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { CopseError, systemCode } from "../core/errors.ts";
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
  await assertWorktree(task.worktree as string, task.branch, task.repoId);
  const run = task.run + 1;
  const resume = agent.resumes && task.sessionBegun && task.sessionId !== null;
  const spec: SessionSpec = {
    prompt: resume ? goOn(task) : readFileSync(promptFile(record.dir), "utf8"),
    request: task.request,
    sessionId: resume ? task.sessionId : agent.resumes ? randomUUID() : null,
    resume,
    settings: config.agents[task.request.agent] ?? {},
  };
  const { file, args, env, stdin } = agent.command(spec);
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
    if ("identity" in sight) await record.add([{ type: "run-started", run, identity: sight.identity }]);
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

/** What a resumed session is told. */
function goOn(task: Task): string {
  const why =
    task.stopAsked === null && task.notBefore === null
      ? "You were interrupted."
      : `You were interrupted: ${task.notBefore?.text ?? "stopped by a person"}.`;
  return `${why} Go on with the task where you stopped.`;
}
