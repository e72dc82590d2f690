/** `copse merge`: tries the merge without touching anything, runs the task's checks on the merged result, then lands it in the checkout one stands in. */

import { mkdirSync } from "node:fs";
import { sayDuration } from "../../core/duration.ts";
import { CopseError, exit } from "../../core/errors.ts";
import { safe, safeLine } from "../../core/safe.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { findRepository } from "../../git/repository.ts";
import { runToEnd } from "../../process/to-end.ts";
import { type How, type Merge, mergeTask } from "../../result/merge.ts";
import { taskEnvironment } from "../../session/environment.ts";
import { append } from "../../store/append.ts";
import { withLock } from "../../store/lock.ts";
import { checkDir, mergeLock } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { fillTemplate } from "../../store/templates.ts";
import { err, out } from "../../system/output.ts";
import { findTask } from "../find.ts";

export interface MergeOptions {
  readonly how: How;
  readonly verify: boolean;
  readonly json: boolean;
}

const checkMs = 60 * 60_000;

export async function merge(name: string, { how, verify, json }: MergeOptions): Promise<number> {
  const { task, dir, state } = findTask(name);
  mustHaveEnded(task);
  const here = findRepository(process.cwd());
  if (here.id !== task.repoId || here.bare)
    throw new CopseError("WRONG_STATE", `${task.label} belongs to ${task.repo}`, {
      hint: `Go to the checkout that is to get its work: cd ${task.repo}`,
    });
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  const round = `merge-${Date.now()}`;
  const wanted: Merge = {
    checkout: here.top,
    how,
    verify: verify ? task.request.verify : [],
    message: fillTemplate(task.repo, "merge-message.txt", {
      title: task.request.title,
      label: task.label,
      branch: task.branch ?? "",
      id: task.id,
    }),
    say: (text) => {
      if (!json) err(safe(`${text}\n`));
    },
    async check(command, i, cwd) {
      if (!json) err(`checking the merged result: ${safeLine(command, 200)}\n`);
      const place = `${checkDir(dir, 0, i)}.${round}`;
      mkdirSync(place, { recursive: true, mode: 0o700 });
      const start = {
        dir: `${place}/run`,
        file: "/bin/sh",
        args: ["-c", command],
        cwd,
        env: environment(task),
        mode: "read",
        first: "",
      } as const;
      const { code, durationMs } = await runToEnd({ ...start, cookie: `${task.id}.${round}.${i}` }, checkMs, controller.signal);
      if (code !== 0 && !json) err(`its output: ${safeLine(place, 300)}/run\n`);
      return { command, exitCode: code, durationMs };
    },
  };
  const { commit, into, checks } = await withLock(mergeLock(dir), () => {
    mustHaveEnded(readTask(dir).task);
    return mergeTask(task, wanted);
  });
  if (commit !== null)
    await append(state, task.repoId, task.id, 0, () => [
      { type: "noted", text: `${how === "merge" ? "merged" : `merged (${how})`} into ${into} as ${commit.slice(0, 12)}` },
    ]);
  if (json) out(`${JSON.stringify({ task: task.id, label: task.label, commit, into, how, checks })}\n`);
  else if (commit === null) out(safe(`${task.label} is in ${into} already\n`));
  else
    out(
      safe(
        `${task.label} is in ${into} as ${commit.slice(0, 12)}${checks.map((one) => `; ${one.command}: ok in ${sayDuration(one.durationMs)}`).join("")}\n`,
      ),
    );
  return exit.ok;
}

function mustHaveEnded(task: Task): void {
  if (isTerminal(task)) return;
  throw new CopseError("WRONG_STATE", `${task.label} is ${task.state}; its work is not finished`, {
    hint: `Wait for it: copse wait ${task.label}`,
  });
}

const environment = (task: Task): Record<string, string> => ({
  ...taskEnvironment(process.env),
  COPSE_LABEL: task.label,
  COPSE_TASK_ID: task.id,
  COPSE_WORKTREE: task.worktree ?? "",
});
