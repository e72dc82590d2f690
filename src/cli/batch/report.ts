/** `copse report --batch`: one page over a batch, first of all what needs a person. */
import { newestOfEach } from "../../batch/critical-path.ts";
import { attentionText, parallelism, standingOf, timeText } from "../../batch/standing.ts";
import { CopseError } from "../../core/errors.ts";
import { code } from "../../core/markdown.ts";
import { redact } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { similar } from "../../core/similar.ts";
import { isTerminal, type Prerequisite, type Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { readCombined } from "../../result/combined.ts";
import { numbersOf, summaryPage } from "../../result/summary.ts";
import { budgetOf } from "../../store/batches.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import type { Page } from "../commands/report.ts";
import { noRepository, repoIdMaybe } from "../find.ts";
import { batchNames, tasksOfBatch } from "./made.ts";

/** Of each of its tasks the newest. `all`: over all repositories. @throws CopseError NO_REPOSITORY, TASK_NOT_FOUND */
export function batchPage(batch: string, all: boolean, cwd: string, now: Date): Page {
  const here = repoIdMaybe(cwd);
  if (!all && here === undefined) throw noRepository(cwd, "Over all of them: copse report --all --batch NAME");
  const state = stateDir();
  const made = tasksOfBatch(state, all ? undefined : here, batch);
  if (made.length === 0) throw unknownBatch(batch, batchNames(state, all ? undefined : here));
  const tasks = newestOfEach(made).map((task) => (isTerminal(task) ? readTask(taskDir(state, task.repoId, task.id)).task : task));
  const budgets = [...new Set(made.map(({ repoId }) => repoId))].flatMap((repoId) => budgetOf(state, repoId, batch) ?? []);
  const left = tasks.flatMap(({ request }) => (request.joint ? (request.left ?? []) : []));
  const standing = standingOf(
    tasks.filter(({ id }) => !left.some((one) => one.id === id)),
    {
      batch,
      budgetUsd: budgets.length === 0 ? null : budgets.reduce((sum, usd) => sum + usd, 0),
      spentUsd: made.reduce((sum, { progress }) => sum + (progress.cost.usd ?? 0), 0),
      leftOut: tasks.flatMap((task) => leftOutOf(state, task)),
      now,
    },
  );
  const { path, wallMs, workMs, budget, attention } = standing;
  return {
    tasks,
    json: () => ({
      about: batch,
      at: now.toISOString(),
      numbers: numbersOf(tasks),
      attention: attention.map((one) => ({ ...one, why: redact(one.why) })),
      wallMs,
      workMs,
      parallelism: parallelism(standing),
      criticalPath: { ms: path.ms, tasks: path.tasks.map(({ id, label }) => ({ id, label })) },
      budget,
      left: left.map(({ id, label }) => ({ id, label })),
      tasks: tasks.map((task) => taskJson(task)),
    }),
    markdown: () =>
      summaryPage(tasks, `batch ${batch}`, now, {
        first: attentionText(standing),
        more: [timeText(standing, now), leftText(left)].join(" ").trim(),
      }),
  };
}

const leftText = (left: readonly Prerequisite[]): string =>
  left.length === 0
    ? ""
    : `No longer in the batch's file, so not in its pull request: ${left.map(({ label }) => code(safe(label))).join(", ")}.`;

/** What a joint task that has ended could not put in. */
const leftOutOf = (state: string, task: Task): { id: string; why: string }[] =>
  !task.request.joint || !isTerminal(task)
    ? []
    : (readCombined(taskDir(state, task.repoId, task.id))?.tasks ?? []).flatMap(({ id, lost, why }) =>
        lost ? [{ id, why: why ?? "" }] : [],
      );

function unknownBatch(batch: string, known: readonly string[]): CopseError {
  const instead = similar(batch, known);
  return new CopseError("TASK_NOT_FOUND", `no task here was made by a batch named "${batch}"`, {
    hint:
      instead !== undefined
        ? `Did you mean ${instead}?`
        : known.length > 0
          ? `There is ${known.slice(0, 8).join(", ")}.`
          : "Start one: copse batch FILE",
  });
}
