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

/** What the session says it has spent in all (tokens of all models, the cached ones included), and what of it stood there before this process's first result. */
export function spentOf(line: Line): { readonly total: Cost; readonly before: Cost } {
  const total = { ...usageOf(object(line.modelUsage)), usd: typeof line.total_cost_usd === "number" ? line.total_cost_usd : null };
  // Older versions count by process and do not tell them apart.
  const own = typeof line.model_usage_since_last_result === "object" ? usageOf(object(line.model_usage_since_last_result)) : total;
  return { total, before: minus(total, own) };
}

/** Field by field; unknown stays unknown. Prices are rounded to what they are given in. */
export function minus(a: Cost, b: Cost): Cost {
  const less = (x: number | null, y: number | null) => (x === null ? null : Math.max(0, Math.round((x - (y ?? 0)) * 1e8) / 1e8));
  return {
    usd: less(a.usd, b.usd),
    inputTokens: less(a.inputTokens, b.inputTokens),
    outputTokens: less(a.outputTokens, b.outputTokens),
    turns: a.turns,
  };
}

function usageOf(usage: Line): Cost {
  const models = Object.values(usage).map(object);
  const sum = (...keys: readonly string[]) =>
    models.reduce((total, model) => total + keys.reduce((part, key) => part + (typeof model[key] === "number" ? model[key] : 0), 0), 0);
  return {
    usd: sum("costUSD"),
    inputTokens: sum("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"),
    outputTokens: sum("outputTokens"),
    turns: null,
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
