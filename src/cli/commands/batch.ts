/** `copse batch`: many tasks from a file or from lines. Started again, it does only what is new or has failed. In the foreground they are shown until all have ended. */

import { type Step, stepsOf } from "../../batch/again.ts";
import { usualPrompt } from "../../batch/issues.ts";
import { CopseError } from "../../core/errors.ts";
import { safe, safeLine } from "../../core/safe.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { findRepository, type Repository, requireCommits } from "../../git/repository.ts";
import { setBudget } from "../../store/batches.ts";
import { loadConfig } from "../../store/config.ts";
import { stateDir } from "../../store/paths.ts";
import { err, isTty, out } from "../../system/output.ts";
import { copied, givenIn, listed, wishIn } from "../batch/by-name.ts";
import { isBatch, namedBatch } from "../batch/library.ts";
import { tasksOfBatch } from "../batch/made.ts";
import { fromFile, fromIssues, fromLines, type Source, shown } from "../batch/source.ts";
import { checkSteps, startSteps } from "../batch/start.ts";
import { batchCommandFlags, batchFlags, type Parsed, parseFlags } from "../flags.ts";
import { followUpsOf, titleOf } from "../follow-ups.ts";
import { readStandardInput } from "../stdin.ts";
import { reader } from "../submit.ts";
import { count } from "../view/words.ts";

const mostLinesBytes = 4 * 1024 * 1024;

/** @returns as `wait`; 0 in the background. @throws CopseError */
export async function batch(argv: readonly string[]): Promise<number> {
  const parsed = parseFlags(argv, batchCommandFlags);
  const { values } = parsed;
  const json = values["json"] === true;
  const dry = values["dry-run"] === true;
  const repo = findRepository(process.cwd());
  if (values["list"] === true) return listed(parsed, repo);
  if (values["copy"] === true) return copied(parsed, repo);
  requireCommits(repo);
  const source = await sourceOf(parsed, repo);
  const { base } = loadConfig(repo.bare ? null : repo.top).config;
  const steps = stepsOf(source.tasks, tasksOfBatch(stateDir(), repo.id, source.name), wishIn(values), base, values["set"] !== undefined);
  const ask = !json && isTty(0) && isTty(2) ? (await import("../trust.ts")).askForTrust : undefined;
  const said = await checkSteps(source, steps, repo, ask);
  for (const warning of [...said, ...source.warnings]) err(`copse: ${safe(warning)}\n`);
  if (dry) {
    out(json ? `${JSON.stringify({ batch: planJson(source, steps) })}\n` : safe(planText(source, steps)));
    return 0;
  }
  setBudget(stateDir(), repo.id, source.name, source.budget);
  const { made, all } = await startSteps(source, steps, ask);
  const waitFor = all.filter((task) => !isTerminal(task));
  if (values["background"] === true) return printed(source, steps, made, all, parsed);
  if (!json && values["quiet"] !== true) err(safe(`${summary(source, steps)}\n`));
  if (waitFor.length === 0) {
    if (json) out(`${JSON.stringify({ tasks: [] })}\n`);
    return 0;
  }
  const { follow } = await import("../follow.ts");
  return await follow(waitFor, {
    json,
    quiet: values["quiet"] === true,
    list: true,
    comeBack: `copse tasks --batch ${source.name} --watch`,
  });
}

async function sourceOf(parsed: Parsed, repo: Repository): Promise<Source> {
  const { values, words } = parsed;
  const each = values["each"];
  const issues = values["issues"];
  if (values["set"] !== undefined && (typeof issues === "string" || typeof each === "string"))
    throw new CopseError("USAGE", "--set is for the variables of a file, and there is none", { hint: "Write the value into the prompt." });
  if (parsed.rest !== undefined)
    throw new CopseError("USAGE", "batch takes nothing behind --", { hint: "In a file: exec, a list of the program and its arguments." });
  if (typeof issues === "string") {
    if (typeof each === "string")
      throw new CopseError("USAGE", "--issues and --each exclude each other", { hint: "Each makes a batch of its own." });
    if (words.length > 1)
      throw new CopseError("USAGE", `one prompt is expected, got ${words.length}`, {
        hint: 'Put it in quotes: copse batch --issues label:bug "Fix {title}"',
      });
    if (words[0] !== undefined && isBatch(words[0], repo.bare ? null : repo.top))
      throw new CopseError("USAGE", `--issues makes a batch of its own, and "${words[0]}" is another`, {
        hint: 'Give a prompt, or put the issues into the file: matrix: { issue: { issues: "label:bug" } }',
      });
    followUpsOf(reader(parsed), []);
    return await fromIssues(issues, words[0] ?? usualPrompt, parsed, repo);
  }
  if (typeof each === "string") {
    if (values["no-close"] === true) throw new CopseError("USAGE", "--no-close goes with issues", { hint: "Leave it out." });
    if (words.length > 0)
      throw new CopseError("USAGE", `--each takes its lines from standard input, got "${words[0]}" besides`, {
        hint: `Write: copse batch --each "…" < ${words[0]}`,
      });
    if (isTty(0))
      throw new CopseError("USAGE", "--each reads lines from standard input, which is a terminal", {
        hint: 'Example: git ls-files "*.ts" | copse batch --each "Review {}"',
      });
    followUpsOf(reader(parsed), []);
    return fromLines(each, readStandardInput(mostLinesBytes).toString("utf8"), parsed);
  }
  const [file, second] = words;
  if (file === undefined || second !== undefined)
    throw new CopseError("USAGE", file === undefined ? "which file?" : `one file is expected, got ${words.length}`, {
      hint: 'By name (copse batch --list), by its path, or for lines: copse batch --each "Review {}" < files',
    });
  const own = [...batchFlags.map(({ name }) => name), "background", "json", "quiet", "debug"].filter(
    (name) => !["batch", "limit", "budget"].includes(name),
  );
  const foreign = Object.keys(values).find((name) => !own.includes(name));
  if (foreign !== undefined)
    throw new CopseError("USAGE", `--${foreign} goes with --each and --issues; a file says it itself`, {
      hint: `Put \`${foreign === "batch" ? "name" : foreign}\` into the file.`,
    });
  const named = namedBatch(file, repo.bare ? null : repo.top);
  const source = await fromFile(shown(named?.file ?? file), repo, {
    closes: values["no-close"] !== true,
    given: givenIn(values),
    typed: file,
  });
  return named?.hides === true
    ? {
        ...source,
        warnings: [`${file} is this repository's own, ${shown(named.file)}, not the one that comes with Copse`, ...source.warnings],
      }
    : source;
}

function printed(source: Source, steps: readonly Step[], made: readonly Task[], all: readonly Task[], { values }: Parsed): number {
  const mine = new Set([...made.map(({ id }) => id), ...steps.flatMap(({ action }) => (action.do === "retry" ? [action.task.id] : []))]);
  const begun = all.filter(({ id }) => mine.has(id));
  if (values["json"] === true) out(`${JSON.stringify({ batch: planJson(source, steps), tasks: begun.map((task) => taskJson(task)) })}\n`);
  else if (values["quiet"] === true) out(begun.map((task) => `${task.id}\n`).join(""));
  else out(safe(`${summary(source, steps)}\n  copse tasks --batch ${source.name}\n  copse report --batch ${source.name}\n`));
  return 0;
}

function summary({ name }: Source, steps: readonly Step[]): string {
  const of = (what: string) => steps.filter(({ action }) => action.do === what).length;
  const parts = [
    `${of("start")} started`,
    of("retry") === 0 ? "" : `${of("retry")} tried again`,
    of("keep") === 0 ? "" : `${of("keep")} left as ${of("keep") === 1 ? "it is" : "they are"}`,
  ];
  const anew = of("start") + of("retry") === 0 && of("keep") > 0 ? " (all of it anew: --fresh)" : "";
  return `${name}: ${count(steps.length, "task")}: ${parts.filter((part) => part !== "").join(", ")}${anew}`;
}

const labelOf = ({ planned, action }: Step): string => ("task" in action && action.task ? action.task.label : planned.label);

function planJson(source: Source, steps: readonly Step[]): Record<string, unknown> {
  return {
    name: source.name,
    limit: source.limit,
    budget: source.budget,
    tasks: steps.map((step) => ({
      key: step.planned.key,
      label: labelOf(step),
      action: step.action.do,
      why: step.action.why,
      needs: step.planned.needs,
      prompt: step.planned.exec === null ? step.planned.prompt : null,
      exec: step.planned.exec,
      flags: step.planned.flags,
    })),
  };
}

function planText(source: Source, steps: readonly Step[]): string {
  const width = Math.min(40, Math.max(...steps.map((step) => labelOf(step).length), 0));
  const rows = steps.map((step) => {
    const { planned, action } = step;
    const what = planned.exec === null ? titleOf(planned.prompt) : planned.exec.join(" ");
    const after = planned.joint ? "after all others · " : planned.needs.length === 0 ? "" : `after ${planned.needs.join(", ")} · `;
    return `  ${action.do.padEnd(5)}  ${safeLine(labelOf(step), 40).padEnd(width)}  ${action.why} · ${after}${safeLine(what, 80)}\n`;
  });
  return `${source.name}: ${count(steps.length, "task")}${source.limit === null ? "" : `, at most ${source.limit} at once`}${source.budget === null ? "" : `, $${source.budget.toFixed(2)}`}; nothing is started\n${rows.join("")}`;
}
