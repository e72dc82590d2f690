/** The one error class of Copse, and the exit codes it maps to. Codes are promises: they are listed in the README and never change meaning. */

/** Exit codes of the command line, by name. */
export const exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  blocked: 5,
  stopped: 6,
  runnerUnreachable: 69,
  bug: 70,
  cannotWrite: 73,
  tryAgain: 75,
  notTrusted: 77,
  timedOut: 124,
  interrupted: 130,
} as const;

const exitOf = {
  USAGE: exit.usage,
  NOT_YET: exit.usage,
  BAD_LABEL: exit.usage,
  BAD_PROMPT: exit.usage,
  BAD_CONFIG: exit.usage,
  BAD_BATCH: exit.usage,
  BASE_NOT_FOUND: exit.notFound,
  NO_REPOSITORY: exit.notFound,
  NO_COMMITS: exit.notFound,
  TASK_NOT_FOUND: exit.notFound,
  RUN_NOT_FOUND: exit.notFound,
  FILE_NOT_FOUND: exit.notFound,
  AGENT_NOT_FOUND: exit.notFound,
  LABEL_TAKEN: exit.conflict,
  BRANCH_TAKEN: exit.conflict,
  CHECKOUT_BUSY: exit.conflict,
  PORT_TAKEN: exit.conflict,
  AMBIGUOUS: exit.conflict,
  WRONG_STATE: exit.conflict,
  CONFLICT: exit.conflict,
  CHECKS_FAILED: exit.failed,
  TOO_DEEP: exit.conflict,
  EXISTS: exit.conflict,
  LOGIN_NEEDED: exit.blocked,
  RUNNER_UNREACHABLE: exit.runnerUnreachable,
  CANNOT_WRITE: exit.cannotWrite,
  BUSY: exit.tryAgain,
  NEWER_RUNNER: exit.tryAgain,
  NEWER_STATE: exit.tryAgain,
  NOT_TRUSTED: exit.notTrusted,
  TIMED_OUT: exit.timedOut,
  INTERRUPTED: exit.interrupted,
  GIT_FAILED: exit.failed,
  FORGE_FAILED: exit.failed,
  COMMAND_FAILED: exit.failed,
  WORKTREE_WRONG: exit.conflict,
  BUG: exit.bug,
} as const;

export type ErrorCode = keyof typeof exitOf;

/**
 * A failure a person can read. `message` says what happened, with the names involved; `hint` is the next step, best a command.
 * `exitCode` is what the command line ends with.
 */
export class CopseError extends Error {
  override readonly name = "CopseError";
  readonly code: ErrorCode;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
  }

  /** The command line is shipped in several files, each with its own copy of this class: an error is known by its name. So no class is made from this one. */
  static override [Symbol.hasInstance](value: unknown): value is CopseError {
    return value instanceof Error && value.name === "CopseError" && "code" in value;
  }

  get exitCode(): number {
    return exitOf[this.code];
  }
}

/** The system's own code of an error ("ENOENT", "ENOSPC"), or "" when it has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** Is this a full disk (or quota, or file-size limit)? Such a failure is waited out, never counted as the task's. */
export function isDiskFull(error: unknown): boolean {
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(systemCode(error))) return true;
  const cause = (error as { cause?: unknown } | null)?.cause;
  if (cause !== undefined && isDiskFull(cause)) return true;
  return error instanceof Error && /No space left on device|Out of diskspace|Disk quota exceeded/i.test(error.message);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
