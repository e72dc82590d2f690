/** Any program as an agent (`--exec`, `agents.<name>.command`): the prompt on stdin, JSON lines with a `copse` key on stdout, its exit code as the verdict. */
import type { Ending, Exit } from "../../core/judge.ts";
import { type Cost, noCost } from "../../core/task.ts";
import type { Agent, AgentEvent, Reader, SessionSpec } from "./agent.ts";

/** Exit codes of the line protocol. */
const asks = 5;
const limited = 75;

export const command: Agent = {
  name: "command",
  resumes: false,
  takesHooks: false,
  command({ request, prompt, settings }: SessionSpec) {
    const [file = "false", ...args] = request.exec ?? request.command ?? [];
    return { file, args: [...args, ...(settings.args ?? []), ...request.agentArgs], env: {}, stdin: { kind: "text", text: prompt } };
  },
  reader: () => commandReader(),
  attach: () => null,
};

function commandReader(): Reader {
  let question: { text: string; options?: readonly string[] } | undefined;
  let limit: { until: string | null } | undefined;
  let cost: Cost = noCost;

  function read(line: string): readonly AgentEvent[] {
    const said = parse(line);
    if (said === undefined) return line === "" ? [] : [{ type: "log", text: line }];
    const text = typeof said["text"] === "string" ? said["text"] : "";
    switch (said["copse"]) {
      case "activity":
        return [{ type: "activity", text }];
      case "question": {
        const options = Array.isArray(said["options"])
          ? said["options"].filter((one): one is string => typeof one === "string")
          : undefined;
        question = { text, ...(options === undefined ? {} : { options }) };
        return [{ type: "log", text: `asks: ${text}` }];
      }
      case "summary":
        return [{ type: "summary", text }];
      case "session":
        return typeof said["id"] === "string" ? [{ type: "session", id: said["id"] }] : [];
      case "cost": {
        const number = (name: string, before: number | null) =>
          typeof said[name] === "number" && Number.isFinite(said[name]) ? (said[name] as number) : before;
        cost = {
          usd: number("usd", cost.usd),
          inputTokens: number("inputTokens", cost.inputTokens),
          outputTokens: number("outputTokens", cost.outputTokens),
          turns: number("turns", cost.turns),
        };
        return [{ type: "cost", cost }];
      }
      case "limit":
        limit = { until: instant(said["until"]) };
        return [];
      default:
        return [{ type: "log", text: line }];
    }
  }

  function end(exit: Exit): Ending {
    if (exit.code === 0) return { kind: "done" };
    if (exit.code === asks && question) return { kind: "question", needs: { kind: "question", ...question } };
    if (exit.code === limited && limit)
      return {
        kind: "limited",
        until: limit.until,
        text: limit.until === null ? "it met a usage limit" : `it met a usage limit until ${limit.until}`,
      };
    return { kind: "failed", ...sayExit(exit) };
  }

  return { read, end };
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{") || !line.includes('"copse"')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" && typeof (value as Record<string, unknown>)["copse"] === "string"
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function instant(value: unknown): string | null {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function sayExit(exit: Exit): { code: string; message: string; hint: string | null } {
  if (exit.code === null) return { code: "RUN_LOST", message: "it ended without an exit code", hint: null };
  if (exit.code === 127)
    return {
      code: "COMMAND_NOT_FOUND",
      message: "the command was not found (exit code 127)",
      hint: "Check its name and the PATH the task was submitted with.",
    };
  if (exit.code === 126) return { code: "COMMAND_NOT_EXECUTABLE", message: "the command cannot be executed (exit code 126)", hint: null };
  if (exit.code > 128)
    return { code: "COMMAND_KILLED", message: `the command was ended by signal ${exit.code - 128} (exit code ${exit.code})`, hint: null };
  return { code: "COMMAND_FAILED", message: `the command exited with code ${exit.code}`, hint: null };
}
