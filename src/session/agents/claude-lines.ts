/** Takes values out of Claude Code's JSON lines; what is missing or of another kind gives an empty value, never an error. Pure. */
import type { Cost } from "../../core/task.ts";
import type { ApiFailure, Final } from "./claude-ending.ts";

/** One line of the stream, as parsed; nothing in it is certain. */
export type Line = Readonly<Record<string, unknown>>;

/** The end of a turn, as its `result` line tells it. */
export function finalOf(line: Line): Final {
  return {
    isError: line.is_error === true || line.subtype !== "success",
    subtype: String(line.subtype ?? ""),
    terminalReason: typeof line.terminal_reason === "string" ? line.terminal_reason : null,
    text: typeof line.result === "string" ? line.result : list(line.errors).join("; "),
    usageLimitReached: line.api_error === "usage_limit_reached",
  };
}

/** The provider's error, from a synthetic answer, a retry or a result. */
export function apiFailureOf(line: Line, text: string): ApiFailure {
  return {
    error: typeof line.error === "string" ? line.error : null,
    status: typeof line.api_error_status === "number" ? line.api_error_status : null,
    text,
  };
}

/** The result line repeats status and words, but not the kind of error. */
export function mergeFailure(earlier: ApiFailure | null, line: Line): ApiFailure {
  const own = apiFailureOf(line, typeof line.result === "string" ? line.result : "");
  return {
    error: own.error ?? earlier?.error ?? null,
    status: own.status ?? earlier?.status ?? null,
    text: own.text || (earlier?.text ?? ""),
  };
}

/** Tokens of all models, the cached ones included. */
export function costOf(line: Line, turns: number): Cost {
  const models = Object.values(object(line.modelUsage)).map(object);
  const sum = (...keys: readonly string[]) =>
    models.reduce((total, model) => total + keys.reduce((part, key) => part + (typeof model[key] === "number" ? model[key] : 0), 0), 0);
  return {
    usd: typeof line.total_cost_usd === "number" ? line.total_cost_usd : null,
    inputTokens: sum("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"),
    outputTokens: sum("outputTokens"),
    turns,
  };
}

/** One line as an object; null when it is none. */
export function parse(text: string): Line | null {
  if (!text.trimStart().startsWith("{")) return null;
  try {
    return object(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The value if it is an object, else an empty one: nothing on a line is certain. */
export const object = (value: unknown): Line =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Line) : {};
/** The value if it is an array, else an empty one. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** The text of a message or of a tool's result, in either of its forms. */
export const words = (content: unknown): string =>
  typeof content === "string"
    ? content
    : list(content)
        .map((block) => String(object(block).text ?? ""))
        .join("\n");
