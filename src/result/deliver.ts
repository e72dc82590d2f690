/**
 * The step after the agent: leftovers committed, checks run, the branch pushed where that was asked, the report written. The same for work that failed or was stopped:
 * what is there is kept and told. Every part may be repeated; a failed delivery never runs the agent again.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import type { CopseError } from "../core/errors.ts";
import { isDiskFull, messageOf } from "../core/errors.ts";
import { secretValues } from "../core/redact.ts";
import type { Failure, Outcome, Result, Task } from "../core/task.ts";
import { type Difference, differenceOf, pushBranch, remoteOf, subjects } from "../git/changes.ts";
import { unlockWorktree } from "../git/worktrees.ts";
import { replaceFile } from "../store/files.ts";
import { envFile, promptFile, reportFile } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { fillTemplate } from "../store/templates.ts";
import { artefactsOf } from "./artefacts.ts";
import { gatherEvidence } from "./evidence.ts";
import { keepLeftovers } from "./leftovers.ts";

import { reportValues } from "./report.ts";

/** Brings a delivering task to its terminal state. A full disk rejects (the caller waits and calls again); any other trouble becomes the task's failure. */
export async function deliver(record: TaskRecord, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const outcome = record.task.outcome ?? { kind: "completed" };
  let difference: Difference | null = null;
  let failure: Failure | null = null;
  let log: readonly string[] = [];
  try {
    const tip = await keep(record);
    if (outcome.kind === "completed") await gatherEvidence(record, env, signal);
    if (tip !== undefined) {
      const { repo, base } = record.task;
      const dir = record.task.worktree ?? repo;
      difference = await differenceOf(dir, base as string, tip);
      log = await subjects(dir, base as string, tip);
      if (outcome.kind === "completed") await push(record.task, difference);
    }
  } catch (error) {
    if (isDiskFull(error)) throw error;
    failure = {
      stage: "deliver",
      code: (error as CopseError).code ?? "BUG",
      message: messageOf(error),
      hint: (error as CopseError).hint ?? `copse retry ${record.task.label}`,
    };
  }
  await finish(record, outcome.kind === "completed" && failure ? { kind: "failed", failure } : outcome, failure, difference, log, env);
}

/** @returns the commit the work stands at; undefined when there never was a place. Work in a person's own checkout is left as it is. */
async function keep(record: TaskRecord): Promise<string | undefined> {
  const { task } = record;
  if (task.worktree === null || task.base === null || !existsSync(task.worktree)) return undefined;
  if (task.branch === null) return "";
  const { tip, notes } = await keepLeftovers(task);
  const fresh = notes.filter((note) => !record.task.notes.includes(note));
  if (fresh.length > 0) await record.add(fresh.map((text) => ({ type: "noted", text })));
  return tip;
}

async function push(task: Task, difference: Difference): Promise<void> {
  if (task.request.deliver !== "branch" || task.branch === null || difference.commits === 0) return;
  const remote = await remoteOf(task.repo);
  if (remote === undefined)
    throw Object.assign(new Error("there is no remote to push the branch to"), {
      code: "NO_REMOTE",
      hint: "Add one: git remote add origin <url>, then copse retry.",
    });
  await pushBranch(task.repo, remote, task.branch);
}

async function finish(
  record: TaskRecord,
  outcome: Outcome,
  failure: Failure | null,
  difference: Difference | null,
  log: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { task } = record;
  const changed = difference !== null && (difference.commits > 0 || difference.files > 0);
  const result: Result = {
    outcome: changed ? "changes" : "no-changes",
    summary: task.summary,
    commits: difference?.commits ?? 0,
    diff: { files: difference?.files ?? 0, insertions: difference?.insertions ?? 0, deletions: difference?.deletions ?? 0 },
    pr: null,
    report: reportFile(record.dir),
  };
  const prompt = readFileSync(promptFile(record.dir), "utf8");
  const artefacts = artefactsOf(
    prompt === "" ? (task.request.exec ?? []).join(" ") : prompt,
    difference?.paths.map((one) => one.path) ?? [],
  );
  replaceFile(
    reportFile(record.dir),
    fillTemplate(
      task.repo,
      "report.md",
      reportValues({ task, outcome, prompt, result, difference, subjects: log, artefacts, secrets: secretValues(env), now: new Date() }),
    ),
  );
  if (task.branch !== null && task.worktree !== null) await unlockWorktree(task.repo, task.worktree).catch(() => {});
  await record.add([{ type: "delivered", result, failure }]);
  rmSync(envFile(record.dir), { force: true });
}
