/** What a run's processes find in their environment: what the person had when submitting, less what would mislead, and what names the task. */
import { stepOf } from "../core/chain.ts";
import type { Answer, Task } from "../core/task.ts";
import { readMaybe } from "../store/files.ts";
import { envFile, promptFile } from "../store/paths.ts";

/** Git's discovery and injection variables, and what belongs to the session or shell that submitted. */
const misleading =
  /^(?:GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|CEILING_DIRECTORIES|CONFIG_PARAMETERS|CONFIG_COUNT|CONFIG_KEY_\d+|CONFIG_VALUE_\d+|EXTERNAL_DIFF|QUARANTINE_PATH|REFLOG_ACTION)|COPSE_(?!STATE_DIR$).*|CLAUDECODE|CLAUDE_CODE_(?:SESSION_ID|ENTRYPOINT|SSE_PORT|MESSAGING_\w+)|CLAUDE_PID|CLAUDE_PROJECT_DIR|_|PWD|OLDPWD|SHLVL|npm_(?:lifecycle|package|execpath|command|config_user_agent|node_execpath)\w*|NODE_V8_COVERAGE)$/;

/** The part of `env` that goes with a task. Values may be secrets: it is kept in a 0600 file and removed with the task's end. */
export function taskEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !misleading.test(entry[0])),
  );
}

/** The environment of one run of the task in `dir`. */
export function runEnvironment(task: Task, dir: string, attempt: number): Record<string, string> {
  const kept = JSON.parse(readMaybe(envFile(dir)) ?? "{}") as Record<string, string>;
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    ...kept,
    COPSE_LABEL: task.label,
    COPSE_TASK_ID: task.id,
    COPSE_ATTEMPT: String(attempt),
    COPSE_WORKTREE: task.worktree ?? task.planned?.path ?? "",
    COPSE_REPO: task.repo,
    COPSE_STEP: String(stepOf(task)),
    COPSE_PROMPT_FILE: promptFile(dir, stepOf(task)),
    ...(task.answer === null ? {} : { COPSE_ANSWER: answerText(task.answer.answer) }),
  };
}

/** An answer as a command reads it. */
function answerText(answer: Answer): string {
  return answer.kind === "text" ? answer.text : answer.kind === "allow" ? "yes" : answer.why;
}
