/** What a tool is and how a call of it comes out: data and a short text, or an error in the words of the command line. */
import type { CallToolResult, ToolAnnotations } from "@modelcontextprotocol/server";
import type * as z from "zod";
import { CopseError, messageOf } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { similar } from "../../core/similar.ts";

/** What the person who set the server up lets agents do beyond the usual. */
export interface Allowed {
  readonly approve: boolean;
  readonly verify: boolean;
}

export interface Call {
  /** Aborted when the client cancels, or leaves. */
  readonly signal: AbortSignal;
  /** To a client that asked for it; `done` of `total`, growing from call to call. */
  progress(done: number, total: number, message: string): void;
}

export interface Answer {
  /** As `--json` prints it. */
  readonly data: Record<string, unknown>;
  readonly text: string;
}

export interface Tool<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: Input;
  readonly output: z.ZodObject;
  run(input: z.infer<Input>, call: Call): Promise<Answer>;
}

/** Keeps the types of input and work together. */
export const tool = <Input extends z.ZodObject>(one: Tool<Input>): Tool => one as unknown as Tool;

/** Every error is an answer; none ends the server. */
export async function answer(one: Tool, input: unknown, call: Call): Promise<CallToolResult> {
  try {
    const { data, text } = await one.run(checked(one, input), call);
    return { content: [{ type: "text", text: safe(text) }], structuredContent: data };
  } catch (error) {
    return { isError: true, content: [{ type: "text", text: JSON.stringify({ error: errorJson(error) }) }] };
  }
}

function errorJson(error: unknown): { code: string; message: string; hint: string | null } {
  const message = redact(messageOf(error));
  if (error instanceof CopseError) return { code: error.code, message, hint: error.hint };
  return { code: "BUG", message, hint: "Please report it, with what you did." };
}

/** What agents ask for and do not get, with what there is instead. */
const closed: Readonly<Record<string, string>> = {
  exec: "Commands are the person's to run: copse run --exec. Ask for the work in the prompt.",
  verify: "The configuration's own checks run anyway; further commands only where the person started this server with --allow-verify.",
  "permission-mode": "The person's configuration says what agents may do.",
  allow: "The person's configuration says what agents may do.",
};

/** @throws CopseError USAGE naming the field */
function checked(one: Tool, input: unknown): z.infer<z.ZodObject> {
  const read = one.input.safeParse(input ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const instead = similar(key, Object.keys(one.input.shape));
    throw new CopseError("USAGE", `${one.name} has no field "${key}"`, {
      hint: closed[key] ?? (instead === undefined ? `It has ${Object.keys(one.input.shape).join(", ")}.` : `Did you mean ${instead}?`),
    });
  }
  const path = issue?.path.join(".") || "input";
  throw new CopseError("USAGE", `${one.name}: ${path}: ${issue?.message}`, { hint: "See the tool's input schema." });
}
