/** `copse attach`: the agent's own session, interactive, in the task's worktree. A running one is parked first and handed back afterwards; an ended one is only visited. */

import { existsSync } from "node:fs";
import { CopseError } from "../../core/errors.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { assertWorktree } from "../../git/worktrees.ts";
import { agentFor } from "../../session/agents/index.ts";
import { runEnvironment } from "../../session/environment.ts";
import { append } from "../../store/append.ts";
import { loadConfig } from "../../store/config.ts";
import { hookSettingsFile } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { giveTerminal } from "../../system/command.ts";
import { isAlive, me } from "../../system/identity.ts";
import { err, isTty } from "../../system/output.ts";
import { which } from "../../system/which.ts";
import { type Found, findTask } from "../find.ts";
import { tellRunner } from "../tell-runner.ts";
import { refOf } from "../view/words.ts";

const parkMs = 40_000;

/** `then`: what becomes of an open task afterwards; `words`: the agent's arguments where the person typed them. @returns the exit code of the agent's session */
export async function attach(name: string, then: "queue" | "deliver" | "same", words?: readonly string[]): Promise<number> {
  const found = findTask(name);
  const session = sessionOf(found.task);
  if (!isTty(0) || !isTty(1))
    throw new CopseError("USAGE", "attach needs a terminal", { hint: `Read along instead: copse logs -f ${refOf(found.task)}` });
  const open = !isTerminal(found.task);
  if (open) await park(found);
  err(
    `Attaching to ${found.task.label}${open ? "; leave the agent as usual (Ctrl-D or /exit) to hand the task back" : ", which has ended: nothing of its record changes"}.\n`,
  );
  try {
    return await giveTerminal(session.file, withHooks(words ?? session.args, open ? found.dir : undefined), {
      cwd: found.task.worktree as string,
      env: interactive(runEnvironment(found.task, found.dir, found.task.run)),
    });
  } finally {
    if (open) await handBack(found, then);
  }
}

function sessionOf(task: Task): { file: string; args: readonly string[] } {
  const agent = agentFor(task.request);
  const settings = loadConfig(null).config.agents[task.request.agent] ?? {};
  const session = task.sessionId !== null && task.sessionBegun ? agent.attach(task.sessionId, settings) : null;
  if (session === null) {
    const why = agent.resumes
      ? `${task.label} has no session yet`
      : `${task.label} runs a command, and a command has no session to attach to`;
    throw new CopseError("WRONG_STATE", why, {
      hint: `Follow it: copse logs -f ${refOf(task)}${task.worktree === null ? "" : `; its worktree is ${task.worktree}`}`,
    });
  }
  if (task.worktree === null || !existsSync(task.worktree))
    throw new CopseError("WORKTREE_WRONG", `the worktree of ${task.label} is gone`, {
      hint: task.worktreeState === "removed" ? `Bring it back: copse restore ${refOf(task)}` : `Make it again: copse retry ${refOf(task)}`,
    });
  if (which(session.file) === undefined)
    throw new CopseError("AGENT_NOT_FOUND", `the program "${session.file}" is not on your PATH`, {
      hint: "Install it, or set agents.<name>.path in your configuration.",
    });
  return session;
}

/** The settings of its last run, so that the task's hooks are called in the visit as well. The option counts once: a person's own goes before. */
function withHooks(args: readonly string[], dir: string | undefined): readonly string[] {
  const file = dir === undefined ? undefined : hookSettingsFile(dir);
  if (file === undefined || !existsSync(file) || args.some((arg) => arg === "--settings" || arg.startsWith("--settings="))) return args;
  return [...args, "--settings", file];
}

/** What stands for a run belongs to the run; a person's session is not one. */
const interactive = (env: Record<string, string>): Record<string, string> => ({
  ...env,
  ...(process.env as Record<string, string>),
  COPSE_LABEL: env["COPSE_LABEL"] ?? "",
  COPSE_TASK_ID: env["COPSE_TASK_ID"] ?? "",
});

async function park(found: Found): Promise<void> {
  const { task } = found;
  await append(found.state, task.repoId, task.id, 0, (now) => {
    if (isTerminal(now))
      throw new CopseError("WRONG_STATE", `${now.label} has just ended`, { hint: `Attach again: copse attach ${refOf(now)}` });
    if (now.state === "delivering") throw new CopseError("BUSY", `${now.label} is being delivered`, { hint: "Attach again in a moment." });
    if (now.attachedBy !== null && isAlive(now.attachedBy))
      throw new CopseError("CHECKOUT_BUSY", `somebody is attached to ${now.label} already (pid ${now.attachedBy.pid})`, {
        hint: "Only one at a time can talk to a session.",
      });
    return [{ type: "attached", by: me() }];
  });
  await tellRunner(found.state, task.repoId, task.id);
  const deadline = Date.now() + parkMs;
  for (;;) {
    const now = readTask(found.dir).task;
    if (now.runStarted === null && now.state !== "preparing") break;
    if (Date.now() > deadline) {
      await handBack(found, "same");
      throw new CopseError("BUSY", `the run of ${task.label} does not end`, {
        hint: `See copse show ${refOf(task)}, or stop it: copse stop ${refOf(task)}`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await assertWorktree(task.worktree as string, task.branch, task.repoId);
}

async function handBack(found: Found, then: "queue" | "deliver" | "same"): Promise<void> {
  const { task } = await append(found.state, found.task.repoId, found.task.id, 0, (now) =>
    now.attachedBy === null ? [] : [{ type: "detached", to: then }],
  );
  await tellRunner(found.state, task.repoId, task.id);
  err(
    isTerminal(task) || task.stopAsked !== null
      ? `${task.label} is ${isTerminal(task) ? task.state : "being stopped"}; it is not begun again.\n`
      : then === "queue"
        ? `${task.label} is handed back: its session goes on in the background.\n`
        : then === "deliver"
          ? `${task.label} is handed back as done.\n`
          : `${task.label} is left as it is.\n`,
  );
}
