/** From flags, configuration and surroundings to a task on disk. Everything that can be refused is refused here, before anything is written. */

import { lstatSync, readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { descend } from "../core/descent.ts";
import { parseDuration } from "../core/duration.ts";
import { CopseError, messageOf, systemCode } from "../core/errors.ts";
import { checkBranchName, checkLabel, labelFrom, slugOf } from "../core/label.ts";
import type { OfIssue } from "../core/of-batch.ts";
import { isPolicy, policies } from "../core/policy.ts";
import { safeLine } from "../core/safe.ts";
import type { Delivery, NotifyPolicy, Request, StartedBy, Task } from "../core/task.ts";
import { branchInTheWay, findRepository, type Repository, requireCommits } from "../git/repository.ts";
import { taskEnvironment } from "../session/environment.ts";
import { type Config, type Loaded, loadConfig } from "../store/config.ts";
import { stateDir } from "../store/paths.ts";
import { checkoutClaim, createTask, type NewTask } from "../store/tasks.ts";
import { executableOf, isTrusted } from "../store/trust.ts";
import { callingTask } from "./caller.ts";
import { findTask } from "./find.ts";
import type { Parsed } from "./flags.ts";
import { followUpsOf, titleOf } from "./follow-ups.ts";
import { openIssuesIn } from "./open-issues.ts";
import { openTasks } from "./open-tasks.ts";
import { type BeforeRequest, joinAll, prerequisitesOf, taskNamedBy } from "./prerequisites.ts";
import { requireAgent } from "./require-agent.ts";
import { readStandardInput } from "./stdin.ts";

export interface Submission {
  readonly task: Task;
  readonly warnings: readonly string[];
}

/** What a task that a batch makes has besides its flags. */
export interface OfBatch {
  readonly name: string;
  /** The task's own within the batch, and what its content comes to (`batch/plan.ts`). */
  readonly key: string;
  readonly content: string;
  readonly needs: readonly string[];
  /** Tasks of the batch at once; makes it a group. */
  readonly limit: number | null;
  /** Where `--label` is not given: numbered when taken. */
  readonly madeLabel: string;
  readonly joins?: boolean | undefined;
  /** What a joint task puts together. */
  readonly joint?: readonly Task[] | undefined;
  readonly issue?: OfIssue | undefined;
  /** Agents that have been looked for already, by what was looked for. */
  readonly agentsFound: Set<string>;
}

const maxPromptBytes = 64 * 1024 * 1024;

/** `trustAsked`: asks the person to trust the project's commands where there is a terminal. `caller`: the task from within which it is asked for. @throws CopseError */
export async function submit(...asked: Parameters<typeof prepare>): Promise<Submission> {
  const { wanted, warnings } = await prepare(...asked);
  return { task: createTask(stateDir(), wanted, new Date()), warnings };
}

/** All that `submit` does before anything is written. @throws CopseError */
export async function prepare(
  parsed: Parsed,
  trustAsked: (loaded: Loaded, repo: Repository) => Promise<void> = refuseUntrusted,
  caller: Task | undefined = callingTask(),
  batch?: OfBatch,
): Promise<{ wanted: NewTask; warnings: readonly string[] }> {
  const cwd = process.cwd();
  const repo = findRepository(cwd);
  requireCommits(repo);
  const loaded = loadConfig(repo.bare ? null : repo.top);
  await trustAsked(loaded, repo);
  const flags = reader(parsed);
  const { config } = loaded;
  const startedBy = caller === undefined ? undefined : descend(caller, openTasks(), config.maxTaskDepth);
  const exec = execOf(parsed, flags.flag("exec"));
  const prompt = readPrompt(parsed, exec !== null);
  const followUps = followUpsOf(flags, exec === null ? config.after : []);
  const worktree = !flags.flag("no-worktree");
  if (!worktree && flags.text("worktree"))
    throw new CopseError("USAGE", "--worktree and --no-worktree exclude each other", { hint: "Leave one of them out." });
  if (!worktree && repo.bare)
    throw new CopseError("USAGE", `${repo.top} is a bare repository: there is no checkout to work in`, {
      hint: "Leave out --no-worktree.",
    });
  const name = flags.text("worktree") || null;
  const label = flags.text("label") ?? name;
  if (label !== null) checkLabel(label);
  const asked = flags.text("base") ?? config.base;
  const before = batch?.joint
    ? joinAll(batch.joint)
    : prerequisitesOf(flags, asked, config.onFailure, repo, parsed.values["background"] === true ? undefined : caller);
  const base = await resolveBaseName(asked, repo);
  const made = batch?.madeLabel ?? labelFrom(prompt || (exec ?? []).join(" "));
  const build = requestBuilder(flags, config, repo, {
    exec,
    prompt,
    followUps,
    worktree,
    base,
    agentArgs: exec === null ? (parsed.rest ?? []) : [],
    startedBy,
    before: before.request,
    batch,
  });
  if (!batch?.joint) await requireAgent(build("x"), config, repo, batch?.agentsFound);
  const wanted = {
    label,
    madeLabel: made,
    slugOf,
    repo: repo.root,
    repoId: repo.id,
    commonDir: repo.commonDir,
    cwd: repo.top,
    request: build,
    prompt,
    followUps,
    facts: before.facts,
    env: taskEnvironment(process.env),
    taken: (slug: string) => (worktree ? inTheWay(repo, build(slug)) : undefined),
    alsoClaim: worktree ? undefined : checkoutClaim(repo.top),
  };
  return { wanted, warnings: [...loaded.warnings, ...(await warningsOf(build("x"), repo, config))] };
}

async function warningsOf({ openIssues }: Request, repo: Repository, { forges }: Config): Promise<string[]> {
  if (openIssues === undefined) return [];
  const { warnOfNoForge } = await import("./no-forge.ts");
  return await warnOfNoForge(repo, forges);
}

/** Without a terminal there is nobody to ask. @throws CopseError NOT_TRUSTED */
export async function refuseUntrusted(loaded: Loaded, repo: Repository): Promise<void> {
  const what = executableOf(loaded.project, repo.id);
  if (what === undefined || isTrusted(what, repo.id)) return;
  throw new CopseError(
    "NOT_TRUSTED",
    `.worktrees/config.json of ${repo.top} sets what runs commands (${Object.keys(what.parts).join(", ")}), and you have not approved it as it is now`,
    {
      hint: "Read and approve it: copse config trust",
    },
  );
}

type Reader = ReturnType<typeof reader>;

export function reader({ values }: Parsed) {
  const text = (name: string) => (typeof values[name] === "string" ? (values[name] as string) : null);
  return {
    flag: (name: string) => values[name] === true,
    text,
    list: (name: string) => (Array.isArray(values[name]) ? (values[name] as string[]) : []),
    whole(name: string, least: number, fallback: number): number {
      const value = text(name);
      if (value === null) return fallback;
      if (!/^-?\d{1,9}$/.test(value) || Number(value) < least)
        throw new CopseError("USAGE", `--${name}: expected a whole number${least > -1e9 ? ` from ${least} up` : ""}, got "${value}"`, {
          hint: `Example: --${name} 2`,
        });
      return Number(value);
    },
  };
}

function execOf(parsed: Parsed, wanted: boolean): readonly string[] | null {
  if (!wanted) return null;
  if (!parsed.rest || parsed.rest.length === 0)
    throw new CopseError("USAGE", "--exec needs a command behind --", { hint: "Example: copse run --exec -b -- npm run lint:fix" });
  return parsed.rest;
}

/** The prompt by argument, file or standard input. @throws CopseError USAGE, BAD_PROMPT, FILE_NOT_FOUND */
function readPrompt({ values, words }: Parsed, mayBeEmpty: boolean): string {
  const file = values["prompt-file"];
  if (words.length > 1)
    throw new CopseError("USAGE", `one prompt is expected, got ${words.length} words: ${words.slice(0, 4).join(" ")} …`, {
      hint: 'Put it in quotes: copse run "fix the login".',
    });
  if (typeof file === "string" && words.length > 0)
    throw new CopseError("USAGE", "the prompt is given twice: as an argument and by --prompt-file", { hint: "Leave one of them out." });
  const source = typeof file === "string" ? file : words[0] === "-" ? "-" : undefined;
  const bytes = source === undefined ? Buffer.from(words[0] ?? "") : readBytes(source);
  if (bytes.length === 0 && !mayBeEmpty)
    throw new CopseError("USAGE", "there is no prompt", { hint: 'Example: copse -w -b --label docs "Write the API docs"' });
  if (bytes.length > maxPromptBytes)
    throw new CopseError("BAD_PROMPT", `the prompt has ${bytes.length} bytes; at most ${maxPromptBytes} are taken`, {
      hint: "Put the material in files and name them in the prompt.",
    });
  const prompt = bytes.toString("utf8");
  if (prompt.includes("\0"))
    throw new CopseError("BAD_PROMPT", "the prompt has a NUL character in it", { hint: "Take it out; it is text that is wanted." });
  if (Buffer.byteLength(prompt) !== bytes.length || !bytes.equals(Buffer.from(prompt)))
    throw new CopseError("BAD_PROMPT", "the prompt is not valid UTF-8", { hint: "Convert it, for instance with iconv -t utf-8." });
  return prompt;
}

function readBytes(file: string): Buffer {
  try {
    return file === "-" ? readStandardInput(maxPromptBytes) : readFileSync(file);
  } catch (error) {
    if (["ENOENT", "EISDIR", "EACCES"].includes(systemCode(error)))
      throw new CopseError("FILE_NOT_FOUND", `the prompt file cannot be read: ${messageOf(error)}`, {
        hint: "Check its name.",
        cause: error,
      });
    throw error;
  }
}

/** `@label` becomes that task's branch; any other ref must name a commit now, and is resolved anew when the task starts. */
export async function resolveBaseName(asked: string | null, repo: Repository): Promise<string | null> {
  if (asked === null) return null;
  const named = taskNamedBy(asked);
  if (named !== undefined) {
    const { task } = findTask(named, repo.top);
    return `refs/heads/${task.branch ?? task.request.branchName}`;
  }
  const { resolveBase } = await import("../git/base.ts");
  await resolveBase(repo.top, asked);
  return asked;
}

interface Given {
  readonly exec: readonly string[] | null;
  readonly prompt: string;
  /** Follow-ups, in order. */
  readonly followUps: readonly string[];
  readonly worktree: boolean;
  readonly base: string | null;
  readonly agentArgs: readonly string[];
  readonly startedBy?: StartedBy | undefined;
  readonly before?: BeforeRequest;
  readonly batch?: OfBatch | undefined;
}

export function requestBuilder(flags: Reader, config: Config, repo: Repository, given: Given): (slug: string) => Request {
  const agent = flags.text("agent") ?? config.agent;
  const settings = config.agents[agent];
  const deliver = (flags.flag("pr") ? "pr" : (flags.text("deliver") ?? config.deliver)) as Delivery;
  if (!["report", "branch", "pr"].includes(deliver))
    throw new CopseError("USAGE", `--deliver: expected report, branch or pr, got "${deliver}"`, { hint: "Example: --deliver branch" });
  if (deliver !== "report" && !given.worktree)
    throw new CopseError("USAGE", `--deliver ${deliver}: a task in your own checkout has no branch of its own to push`, {
      hint: "Leave out --no-worktree.",
    });
  if (/^(codex|gemini|opencode|acp:)/.test(agent) && settings?.command === undefined)
    throw new CopseError("NOT_YET", `--agent ${agent}: of the built-in agents only claude is in this version`, {
      hint: `Define it as a command: agents.${agent}.command in the configuration.`,
    });
  const timeout = flags.text("timeout") ?? config.timeout;
  const place = flags.text("worktree") ? slugOf(flags.text("worktree") as string) : null;
  const fields = {
    title: titleOf(given.prompt) || safeLine((given.exec ?? []).join(" "), 120),
    promptBytes: Buffer.byteLength(given.prompt),
    followUps: given.followUps.map(titleOf),
    agent,
    model: flags.text("model") ?? config.model,
    exec: given.exec,
    command: settings?.command ?? null,
    agentArgs: given.agentArgs,
    permissionMode: flags.text("permission-mode") ?? config.permissionMode,
    allow: [...config.allow, ...flags.list("allow")],
    base: given.base,
    worktree: given.worktree,
    verify: [...(flags.flag("no-verify") ? [] : config.verify), ...flags.list("verify")],
    fix: flags.whole("fix", 0, 0),
    deliver,
    pr: { ...config.pr, draft: flags.flag("draft") || config.pr.draft },
    priority: flags.whole("priority", -1e9, 0),
    group: flags.text("group"),
    tags: flags.list("tag"),
    timeoutMs: timeout === null ? null : parseDuration(timeout, "--timeout"),
    maxCostUsd: dollars(flags.text("max-cost")),
    retries: flags.whole("retries", 0, config.retries),
    setup: config.setup,
    setupTimeoutMs: parseDuration(config.setupTimeout, "setupTimeout"),
    carry: config.carry,
    groupLimit: config.groups[flags.text("group") ?? ""] ?? null,
    repoLimit: config.repositoryLimit,
    notify: policyOf(flags.text("notify")),
    ...(given.startedBy === undefined ? {} : { startedBy: given.startedBy }),
    ...openIssuesIn(flags.text("open-issues"), given.worktree),
    ...given.before,
    ...(given.batch === undefined ? {} : fieldsOf(given.batch)),
  };
  return (slug) => {
    const branchName = config.branch.replaceAll("{label}", slug);
    checkBranchName(branchName);
    return { ...fields, branchName, place: placeOf(config.worktrees, place ?? slug, repo) };
  };
}

const fieldsOf = ({ name, key, content, needs, limit, joins, joint, issue }: OfBatch): Partial<Request> => ({
  batch: name,
  batchKey: key,
  batchContent: content,
  batchNeeds: needs,
  ...(joins ? { joins: true } : {}),
  ...(joint ? { joint: true } : {}),
  ...(issue ? { issue } : {}),
  ...(limit === null ? {} : { group: name, groupLimit: limit }),
});

export function dollars(asked: string | null, flag = "--max-cost"): number | null {
  if (asked === null) return null;
  if (!/^\$?\d+(\.\d+)?$/.test(asked) || Number(asked.replace("$", "")) <= 0)
    throw new CopseError("USAGE", `${flag}: expected an amount in USD, got "${asked}"`, { hint: `Example: ${flag} 2.50` });
  return Number(asked.replace("$", ""));
}

function policyOf(asked: string | null): NotifyPolicy | null {
  if (asked === null || isPolicy(asked)) return asked;
  throw new CopseError("USAGE", `--notify: expected ${policies.join(", ")}, got "${asked}"`, { hint: "Example: --notify always" });
}

function placeOf(template: string, slug: string, repo: Repository): string {
  const path = template.replaceAll("{label}", slug).replaceAll("{repo}", repo.root.split("/").at(-1) ?? "repo");
  return isAbsolute(path) ? path : resolve(repo.root, path);
}

function inTheWay(repo: Repository, request: Request): string | undefined {
  const branch = branchInTheWay(repo, request.branchName);
  if (branch !== undefined) return branch;
  return lstatSync(request.place, { throwIfNoEntry: false }) ? `${request.place} exists already` : undefined;
}
