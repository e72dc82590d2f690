/**
 * What an ended Claude Code session comes to: its last `result`, the provider's last error and the exit code, judged together.
 * None of them is enough alone: `subtype: success` covers provider errors, and exit code 0 covers an interrupt. Pure.
 */
import { questionAtEnd } from "../../core/asks.ts";
import type { Ending, Exit } from "../../core/judge.ts";
import type { Instant } from "../../core/task.ts";
import type { Asked } from "./claude-needs.ts";

/** What the reader kept of a stream. */
export interface Seen {
  readonly final: Final | null;
  /** The agent spoke after its last result (or there was none). */
  readonly midTurn: boolean;
  /** The provider's last error, unless the agent got past it. */
  readonly apiFailure: ApiFailure | null;
  /** When the usage limit resets, if one was reached. */
  readonly resetsAt: Instant | null;
  /** The agent wrote down that its turn was interrupted, and did not go on. */
  readonly isInterrupted: boolean;
  /** Asked, and never answered. */
  readonly unanswered: Asked | null;
}

/** The last `result` line. */
export interface Final {
  readonly isError: boolean;
  readonly subtype: string;
  readonly terminalReason: string | null;
  readonly text: string;
  readonly usageLimitReached: boolean;
}

/** An error of the provider as Claude Code names it; no status = no answer came. */
export interface ApiFailure {
  readonly error: string | null;
  readonly status: number | null;
  readonly text: string;
}

/** Judges the stream. `done` needs all three: a good result, nothing after it, exit code 0. */
export function endingOf(seen: Seen, exit: Exit): Ending {
  const { final, apiFailure } = seen;
  if (seen.unanswered !== null && !(apiFailure !== null && final?.isError)) return { kind: "question", needs: seen.unanswered };
  if (final === null || seen.midTurn) return apiFailure === null ? withoutResult(seen, exit) : providerEnding(seen, apiFailure);
  if (final.subtype === "error_during_execution") return apiFailure === null ? duringExecution(final) : providerEnding(seen, apiFailure);
  if (final.terminalReason === "max_turns" || final.subtype === "error_max_turns")
    return failed(
      "MAX_TURNS",
      "the agent reached its limit of turns before it was done",
      "Run it again with a higher `-- --max-turns N`; the session goes on where it stopped.",
    );
  if (final.terminalReason === "budget_exhausted" || final.subtype === "error_max_budget_usd")
    return failed(
      "BUDGET",
      "the agent spent its budget before it was done",
      "Run it again with a higher budget; the session goes on where it stopped.",
    );
  if (final.terminalReason === "blocking_limit")
    return failed(
      "PROMPT_TOO_LONG",
      `the agent has no room left for this conversation: ${firstLine(final.text)}`,
      "Put the material in files and name them in the prompt, or make several tasks of it.",
    );
  if (apiFailure !== null) return providerEnding(seen, apiFailure);
  if (final.isError)
    return failed("AGENT_FAILED", `the agent ended with an error: ${firstLine(final.text) || (final.terminalReason ?? final.subtype)}`);
  if (final.terminalReason !== null && final.terminalReason !== "completed")
    return failed("AGENT_FAILED", `the agent stopped before it was done (${final.terminalReason})`);
  if (exit.code !== 0) return failed("AGENT_FAILED", `the agent gave a result, but then ${howItEnded(exit)}`);
  // An agent that ends its turn with a question exits like one that is done.
  const question = questionAtEnd(final.text);
  return question === undefined ? { kind: "done" } : { kind: "question", needs: { kind: "question", text: question } };
}

function providerEnding(seen: Seen, { error, status, text }: ApiFailure): Ending {
  const said = firstLine(text);
  const why = said === "" ? "" : `: ${said}`;
  if (seen.resetsAt !== null || seen.final?.usageLimitReached)
    return { kind: "limited", until: seen.resetsAt, text: said || "the usage limit of this login is reached" };
  if (error === "billing_error")
    return failed(
      "BILLING",
      `the provider refused the request for a reason of billing${why}`,
      "Check credit and plan of the account, then retry.",
    );
  if (status === 401 || status === 403 || error === "authentication_failed") {
    return failed(
      "LOGIN_REFUSED",
      `${status === null ? "Claude Code is not logged in" : `the provider refused the login (${status})`}${why}`,
      "Run `claude /login`, or check ANTHROPIC_API_KEY; `claude auth status` shows which login is used.",
    );
  }
  if (status === 529 || error === "overloaded_error")
    return failed("OVERLOADED", `the provider is overloaded (529)${why}`, "Retry later; with `--retries N` Copse does it by itself.");
  if (status === 429)
    return failed("RATE_LIMITED", `the provider takes no more requests for now (429)${why}`, "Retry later, or run fewer tasks at once.");
  if (status === null)
    return failed(
      "CONNECTION",
      `the connection to the provider broke${why}`,
      "Check the network (and ANTHROPIC_BASE_URL, if set), then retry.",
    );
  return failed("API_ERROR", `the provider answered with an error (${status})${why}`);
}

function duringExecution(final: Final): Ending {
  const missing = /No conversation found[^;]*/.exec(final.text);
  if (missing)
    return failed(
      "SESSION_NOT_FOUND",
      `Claude Code does not know this session any more (${missing[0].trim()})`,
      "Retry without it: a new run begins a new session in the same worktree.",
    );
  if (final.terminalReason?.startsWith("aborted") || final.text === "") return interrupted;
  return failed("AGENT_FAILED", `the agent ended with an error: ${firstLine(final.text)}`);
}

function withoutResult(seen: Seen, exit: Exit): Ending {
  if (exit.code === 127 || exit.code === 126)
    return failed(
      "AGENT_NOT_INSTALLED",
      `Claude Code could not be started (exit code ${exit.code})`,
      "Install it with `npm install -g @anthropic-ai/claude-code`, or set `agents.claude.path`; `copse doctor` checks it.",
    );
  if (seen.isInterrupted) return interrupted;
  const where = seen.final === null ? "before it gave a result" : "in the middle of a turn";
  return failed("AGENT_FAILED", `the agent ${howItEnded(exit)} ${where}`);
}

const signals: Readonly<Record<number, string>> = {
  129: "SIGHUP",
  130: "SIGINT",
  134: "SIGABRT",
  137: "SIGKILL",
  139: "SIGSEGV",
  143: "SIGTERM",
};

/** `ended with exit code 1`, `was ended by SIGKILL (exit code 137)`. */
function howItEnded(exit: Exit): string {
  if (exit.code === null) return exit.why === "rebooted" ? "was ended by a restart of the machine" : "was killed";
  const signal = signals[exit.code];
  return signal === undefined ? `ended with exit code ${exit.code}` : `was ended by ${signal} (exit code ${exit.code})`;
}

const interrupted: Ending = {
  kind: "failed",
  code: "INTERRUPTED",
  message: "the agent was interrupted in the middle of its work",
  hint: null,
};
const failed = (code: string, message: string, hint: string | null = null): Ending => ({ kind: "failed", code, message, hint });
const firstLine = (text: string) => text.trim().split("\n")[0] ?? "";
