/** What hooks answer, and several answers as one, by the rules Claude Code has for its own hooks (seen with 2.1.329). Pure. */

/** Claude Code's own fields: `continue`, `decision`, `reason`, `systemMessage`, `hookSpecificOutput` and so on. */
export type Answer = Readonly<Record<string, unknown>>;

/** How a hook's command ended. */
export interface Outcome {
  readonly name: string;
  /** null: it could not be started, or ran out of time. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Events at which exit code 2 keeps something from happening, or is told to the agent; at any other it is shown to the person. */
const blockable = new Set([
  ...["PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "PermissionRequest", "UserPromptSubmit", "UserPromptExpansion"],
  ...["Stop", "SubagentStop", "TeammateIdle", "TaskCreated", "TaskCompleted", "ConfigChange", "PreCompact", "PreModelSwitch"],
  ...["Elicitation", "ElicitationResult"],
]);
/** Events at which plain text on standard output is context for the agent. */
const contextual = new Set(["UserPromptSubmit", "UserPromptExpansion", "SessionStart", "Setup"]);

/** An exit code and what was printed, as an answer. */
export function answerOf(event: string, { name, exitCode, stdout, stderr }: Outcome): Answer {
  if (exitCode === 2) return blockable.has(event) ? blocking(event, stderr.trim() || "Blocked by hook") : shown(name, stderr.trim());
  if (exitCode !== 0) return shown(name, `${exitCode === null ? "did not end" : `exit code ${exitCode}`}${firstLine(stderr)}`);
  const said = stdout.trim();
  if (said.startsWith("{")) {
    try {
      return JSON.parse(said) as Answer;
    } catch {
      return shown(name, "printed JSON that is not valid");
    }
  }
  return said !== "" && contextual.has(event) ? { hookSpecificOutput: { hookEventName: event, additionalContext: said } } : {};
}

const shown = (name: string, text: string): Answer => ({ systemMessage: `hook ${name}: ${text}` });

const firstLine = (text: string): string => (text.trim() === "" ? "" : `: ${text.trim().split("\n")[0]}`);

/** The answer that keeps an event from happening, with the reason for the agent. */
export function blocking(event: string, reason: string): Answer {
  if (event === "PreToolUse" || event === "PreModelSwitch")
    return { hookSpecificOutput: { hookEventName: event, permissionDecision: "deny", permissionDecisionReason: reason } };
  if (event === "PermissionRequest")
    return { hookSpecificOutput: { hookEventName: event, decision: { behavior: "deny", message: reason } } };
  return { decision: "block", reason };
}

/** The reason with which an answer blocks; undefined when it does not. */
export function blocks(answer: Answer): string | undefined {
  const output = outputOf(answer);
  const decision = output["decision"] as { behavior?: unknown; message?: unknown } | undefined;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  if (answer["decision"] === "block") return text(answer["reason"]);
  if (output["permissionDecision"] === "deny") return text(output["permissionDecisionReason"]);
  if (decision?.behavior === "deny") return text(decision.message);
  return answer["continue"] === false ? text(answer["stopReason"]) : undefined;
}

const outputOf = (answer: Answer): Readonly<Record<string, unknown>> => {
  const output = answer["hookSpecificOutput"];
  return typeof output === "object" && output !== null ? (output as Record<string, unknown>) : {};
};

/** Weakest first. */
const permissions = ["allow", "ask", "defer", "deny"];

/** Several answers as one: a stop wins, then a block; of permissions the strictest, with the reasons of those that gave it; texts are all told; of anything else the last one counts. */
export function merged(event: string, answers: readonly Answer[]): Answer {
  const given = answers.filter((answer) => Object.keys(answer).length > 0);
  if (given.length <= 1) return given[0] ?? {};
  const all: Record<string, unknown> = Object.assign({}, ...given);
  for (const field of ["systemMessage", "terminalSequence"]) {
    const texts = given.map((answer) => answer[field]).filter((text) => typeof text === "string");
    if (texts.length > 0) all[field] = texts.join(field === "systemMessage" ? "\n" : "");
  }
  const stopping = given.find((answer) => answer["continue"] === false);
  if (stopping !== undefined)
    Object.assign(all, { continue: false }, "stopReason" in stopping ? { stopReason: stopping["stopReason"] } : {});
  const decision = given.some((answer) => answer["decision"] === "block") ? "block" : all["decision"];
  if (decision !== undefined) {
    all["decision"] = decision;
    const reasons = given.filter((answer) => answer["decision"] === decision).map((answer) => answer["reason"]);
    all["reason"] = reasons.filter((reason) => typeof reason === "string").join("\n");
  }
  const outputs = given.map(outputOf).filter((output) => Object.keys(output).length > 0);
  if (outputs.length > 0) all["hookSpecificOutput"] = mergedOutput(event, outputs);
  return all;
}

function mergedOutput(event: string, outputs: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const all: Record<string, unknown> = Object.assign({ hookEventName: event }, ...outputs);
  const contexts = outputs.map((output) => output["additionalContext"]).filter((text) => typeof text === "string");
  if (contexts.length > 0) all["additionalContext"] = contexts.join("\n");
  const strictest = permissions.findLast((one) => outputs.some((output) => output["permissionDecision"] === one));
  if (strictest !== undefined) {
    const givers = outputs.filter((output) => output["permissionDecision"] === strictest);
    const reasons = givers.map((output) => output["permissionDecisionReason"]).filter((reason) => typeof reason === "string");
    Object.assign(all, { permissionDecision: strictest }, reasons.length === 0 ? {} : { permissionDecisionReason: reasons.join("\n") });
    if (reasons.length === 0) delete all["permissionDecisionReason"];
    delete all["updatedInput"];
    const input = givers.findLast((output) => output["updatedInput"] !== undefined)?.["updatedInput"];
    if (input !== undefined && (strictest === "allow" || strictest === "ask")) all["updatedInput"] = input;
  }
  const denying = outputs.find((output) => (output["decision"] as { behavior?: unknown } | undefined)?.behavior === "deny");
  if (denying !== undefined) all["decision"] = denying["decision"];
  return all;
}
