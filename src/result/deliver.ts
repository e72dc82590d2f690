/**
 * The step after the agent: leftovers committed, checks run, the branch pushed where that was asked, the report written. The same for work that failed or was stopped:
 * what is there is kept and told. Every part may be repeated; a failed delivery never runs the agent again.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CopseError, isDiskFull, messageOf } from "../core/errors.ts";
import type { IssueSeen } from "../core/opened-issues.ts";
import { secretValues } from "../core/redact.ts";
import type { Failure, Result, Task } from "../core/task.ts";
import { type Difference, differenceOf, subjects } from "../git/changes.ts";
import { assertWorktree, commitOf, unlockWorktree } from "../git/worktrees.ts";
import { stopRun } from "../process/stop.ts";
import { replaceFile } from "../store/files.ts";
import { envFile, promptFile, reportFile } from "../store/paths.ts";
import { Superseded, type TaskRecord } from "../store/record.ts";
import { fillTemplate } from "../store/templates.ts";
import { artefactsOf } from "./artefacts.ts";
import { readCombined } from "./combined.ts";
import { gatherEvidence, sendBack } from "./evidence.ts";
import { deliveryCookie, type Kept, keepLeftovers } from "./leftovers.ts";
import { openIssues } from "./open-issues.ts";
import { outsideFile, sayOutside } from "./outside.ts";
import { type Publish, publish, pushOnly } from "./publish.ts";
import { reportValues } from "./report.ts";

type Env = Readonly<Record<string, string>>;

interface Work {
  readonly difference: Difference;
  readonly subjects: readonly string[];
}

/** Brings a delivering task to its terminal state. A full disk rejects (the caller waits and calls again); any other trouble becomes the task's failure. */
export async function deliver(record: TaskRecord, env: Env, forges: Publish["forges"], signal: AbortSignal): Promise<void> {
  let work: Work | null = null;
  let pr: Result["pr"] = record.task.result?.pr ?? null;
  let issues: readonly IssueSeen[] = [];
  let failure: Failure | null = null;
  try {
    const kept = await keep(record, env);
    await sayOutside(record);
    if (completes(record.task)) await gatherEvidence(record, env, signal);
    if (completes(record.task) && !signal.aborted && (await sendBack(record))) return;
    if (kept) work = await measure(record.task, kept.tip);
    if (completes(record.task) && signal.aborted)
      await record.add([{ type: "stopped", how: `stopped by ${record.task.stopAsked ?? "a person"} while it was delivered` }]);
    if (completes(record.task) && kept && work) pr = (await takeOut(record, kept, work.difference, env, forges)) ?? pr;
    if (completes(record.task) && kept) issues = await raise(record, env, forges);
  } catch (error) {
    if (isDiskFull(error) || error instanceof Superseded) throw error;
    failure = {
      stage: "deliver",
      code: error instanceof CopseError ? error.code : "BUG",
      message: messageOf(error),
      hint: (error instanceof CopseError ? error.hint : null) ?? `copse retry ${record.task.label}`,
    };
  }
  await finish(record, failure, work, { pr, issues }, env);
}

const completes = (task: Task): boolean => (task.outcome?.kind ?? "completed") === "completed";

/** @returns where the work stands; undefined when there never was a place. Work in a person's own checkout is left as it is. */
async function keep(record: TaskRecord, env: Env): Promise<Kept | undefined> {
  const { task } = record;
  if (task.worktree === null || task.base === null || task.worktreeState === "none") return undefined;
  if (task.branch === null) {
    await assertWorktree(task.worktree, null, task.repoId);
    return { tip: "", notes: [], operation: null };
  }
  if (!existsSync(task.worktree)) return await keepBranch(task);
  // The mark of a delivery that a crash cut short: its git processes may have outlived the runner.
  const begun = join(record.dir, "delivering");
  if (existsSync(begun)) await stopRun(deliveryCookie(task), null, { intMs: 0, termMs: 2000 });
  else writeFileSync(begun, "");
  const kept = await keepLeftovers(task, env);
  await noteAll(record, kept.notes);
  return kept;
}

/** The worktree is gone; what was committed is on the branch. */
async function keepBranch(task: Task): Promise<Kept> {
  const tip = await commitOf(task.repo, `refs/heads/${task.branch}`);
  if (tip !== undefined) return { tip, notes: [], operation: null };
  throw new CopseError("WORKTREE_WRONG", `its worktree ${task.worktree} and its branch ${task.branch} are gone`, {
    hint: "Somebody removed them; git reflog may still know the commits.",
  });
}

async function measure(task: Task, tip: string): Promise<Work> {
  const base = task.base as string;
  const dir = task.worktree !== null && existsSync(task.worktree) ? task.worktree : task.repo;
  return { difference: await differenceOf(dir, base, tip), subjects: await subjects(dir, base, tip) };
}

/** Pushed, and a pull request for it, as the task was asked for. */
async function takeOut(record: TaskRecord, kept: Kept, difference: Difference, env: Env, forges: Publish["forges"]): Promise<Result["pr"]> {
  const { task } = record;
  if (task.request.deliver === "report" || task.branch === null) return null;
  if (kept.operation !== null)
    throw new CopseError("WORKTREE_WRONG", `the worktree is in the middle of a ${kept.operation}, so its branch was not pushed`, {
      hint: `Finish or abort it in ${task.worktree}, then deliver again: copse retry ${task.label}`,
    });
  if (difference.commits === 0) return null;
  const pushed = async (remote: string, sha: string) =>
    void (await record.add((now) => (now.pushed === sha ? [] : [{ type: "pushed", remote, sha }])));
  if (task.request.deliver === "branch") {
    await pushOnly({ task, tip: kept.tip, pushed });
    return null;
  }
  const secrets = secretValues(env);
  const opened = await publish({ task, tip: kept.tip, difference, policy: task.request.pr, forges, env, secrets, dir: record.dir, pushed });
  await noteAll(record, opened.notes);
  return opened.pr;
}

/** Issues for what the task has found, as it was asked for. */
async function raise(record: TaskRecord, env: Env, forges: Publish["forges"]): Promise<readonly IssueSeen[]> {
  const { issues, notes } = await openIssues(record, { env, forges });
  await noteAll(record, notes);
  return issues;
}

/** Those that are not in its log yet. */
async function noteAll(record: TaskRecord, notes: readonly string[]): Promise<void> {
  const fresh = notes.filter((note) => !record.task.notes.includes(note));
  if (fresh.length > 0) await record.add(fresh.map((text) => ({ type: "noted", text })));
}

async function finish(
  record: TaskRecord,
  failure: Failure | null,
  work: Work | null,
  { pr, issues }: { readonly pr: Result["pr"]; readonly issues: readonly IssueSeen[] },
  env: Env,
): Promise<void> {
  const { task } = record;
  const difference = work?.difference ?? null;
  const outcome = completes(task) && failure ? ({ kind: "failed", failure } as const) : (task.outcome ?? ({ kind: "completed" } as const));
  const changed = difference !== null && (difference.commits > 0 || difference.files > 0);
  const result: Result = {
    outcome: changed ? "changes" : "no-changes",
    summary: task.summary,
    commits: difference?.commits ?? 0,
    diff: { files: difference?.files ?? 0, insertions: difference?.insertions ?? 0, deletions: difference?.deletions ?? 0 },
    pr,
    ...(issues.length === 0 ? {} : { issues }),
    report: reportFile(record.dir),
  };
  const prompt = readFileSync(promptFile(record.dir), "utf8");
  const artefacts = artefactsOf(
    prompt === "" ? (task.request.exec ?? []).join(" ") : prompt,
    difference?.paths.map((one) => one.path) ?? [],
  );
  const combined = task.request.joint ? readCombined(record.dir) : undefined;
  const facts = { task, outcome, combined, failure, prompt, result, difference, subjects: work?.subjects ?? [], artefacts };
  const values = reportValues({ ...facts, secrets: secretValues(env), now: new Date() });
  replaceFile(reportFile(record.dir), fillTemplate(task.repo, "report.md", values));
  const place = task.worktree ?? task.planned?.path;
  if (task.request.worktree && place !== undefined) await unlockWorktree(task.repo, place).catch(() => {});
  await record.add([{ type: "delivered", result, failure }]);
  for (const file of [envFile(record.dir), outsideFile(record.dir), join(record.dir, "delivering")]) rmSync(file, { force: true });
}
