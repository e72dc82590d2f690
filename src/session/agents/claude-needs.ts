/** What a person is asked when Claude Code asks over its control channel: a permission, a question, or a plan to approve. Pure. */
import type { NeedsKind } from "../../core/task.ts";
import { type ToolInput, viewTool } from "./claude-tools.ts";

/** A request that waits for a `control_response` with its id; `input` is given back with an `allow`. */
export interface PendingRequest {
  readonly requestId: string;
  readonly toolUseId: string | null;
  readonly tool: string;
  readonly input: ToolInput;
  readonly needs: Asked;
  /** What the agent itself suggests to remember, as it came. */
  readonly suggestions: readonly unknown[];
}

/** The question itself; options only where one of them is the answer. */
export interface Asked {
  readonly kind: NeedsKind;
  readonly text: string;
  readonly options?: readonly string[];
  readonly rules?: readonly string[];
}

/** The rules of its suggestions as `--allowedTools` takes them: `Bash(npm test)`. */
export function rulesOf(suggestions: readonly unknown[]): string[] {
  return suggestions.flatMap((value) => {
    const { type, behavior, rules } = (value ?? {}) as { type?: unknown; behavior?: unknown; rules?: unknown };
    if (type !== "addRules" || behavior !== "allow" || !Array.isArray(rules)) return [];
    return rules.flatMap((rule: { toolName?: unknown; ruleContent?: unknown } | null) =>
      typeof rule?.toolName !== "string"
        ? []
        : [typeof rule.ruleContent === "string" ? `${rule.toolName}(${rule.ruleContent})` : rule.toolName],
    );
  });
}

/** Answers to the questions of `AskUserQuestion`: one text for one question; for several, line by line where there are as many, an option also by its number. */
export function answersTo(input: ToolInput, text: string): Record<string, string> {
  const questions = (Array.isArray(input.questions) ? input.questions : []).map(parseQuestion);
  const lines = text.split("\n").filter((row) => row.trim() !== "");
  const each =
    questions.length > 1 && lines.length === questions.length
      ? lines.map((row, i) => optionOf(questions[i], row.replace(/^\s*\d+[.)]\s*/, "")))
      : questions.map(() => text);
  return Object.fromEntries(questions.map((question, i) => [question.text, each[i] ?? text]));
}

const optionOf = (question: Question | undefined, said: string): string =>
  /^\s*\d{1,2}\s*$/.test(said) ? (question?.options[Number(said) - 1] ?? said) : said;

/** Puts a request into words. Nothing is cut: who approves a command must have seen all of it. */
export function ask(tool: string, input: ToolInput, roots: readonly string[]): Asked {
  if (tool === "AskUserQuestion") return askQuestions(input);
  if (tool === "ExitPlanMode")
    return { kind: "plan", text: typeof input.plan === "string" && input.plan !== "" ? input.plan : "The plan is ready." };
  const { detail } = viewTool(tool, input, roots);
  return { kind: "permission", text: detail === "" ? tool : `${tool}: ${detail}` };
}

interface Question {
  readonly text: string;
  readonly options: readonly string[];
}

function askQuestions(input: ToolInput): Asked {
  const questions = (Array.isArray(input.questions) ? input.questions : []).map(parseQuestion);
  const [only] = questions;
  if (only && questions.length === 1)
    return { kind: "question", text: only.text, ...(only.options.length > 0 ? { options: only.options } : {}) };
  const lines = questions.map(({ text, options }, i) => `${i + 1}. ${text}${options.length > 0 ? ` (${options.join(" · ")})` : ""}`);
  return { kind: "question", text: lines.join("\n") || "It has a question without words." };
}

function parseQuestion(value: unknown): Question {
  const { question, options } = (value ?? {}) as { question?: unknown; options?: unknown };
  const labels = (Array.isArray(options) ? options : []).map((option: unknown) => (option as { label?: unknown } | null)?.label);
  return { text: typeof question === "string" ? question : "", options: labels.filter((label) => typeof label === "string") };
}
