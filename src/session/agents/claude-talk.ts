/** What is written into Claude Code's conversation: messages of the person, and answers to what it asked over its control channel. Pure. */
import type { Answer } from "../../core/task.ts";
import { answersTo, type PendingRequest, rulesOf } from "./claude-needs.ts";

/** The line that opens the control channel. */
export const openLine = (): string => line({ type: "control_request", request_id: "copse-init", request: { subtype: "initialize" } });

/**
 * One message of the person, as the line the agent reads. A lone surrogate is escaped, so that the bytes are valid UTF-8.
 * With a UUID it tells when the message is taken up (`command_lifecycle`), and passes over a second one of that UUID.
 */
export const userLine = (text: string, uuid: string): string =>
  line({ type: "user", uuid, message: { role: "user", content: [{ type: "text", text }] } });

/** The answer to an open request; `granted`: the rules that hold for the rest of the task. */
export function answerLine(request: PendingRequest, answer: Answer): { text: string; granted: readonly string[] } {
  const { requestId, input, needs } = request;
  const deny = (message: string) => ({ text: denyLine(requestId, message), granted: [] });
  if (answer.kind === "deny") return deny(answer.why);
  if (needs.kind === "question") {
    if (answer.kind !== "text") return deny("The person did not answer.");
    return { text: allowLine(requestId, { ...input, answers: answersTo(input, answer.text) }), granted: [] };
  }
  // Words for a permission or a plan say what to do instead.
  if (answer.kind === "text") return deny(answer.text);
  if (needs.kind === "plan")
    return { text: allowLine(requestId, input, [{ type: "setMode", mode: "acceptEdits", destination: "session" }]), granted: [] };
  if (!answer.always) return { text: allowLine(requestId, input), granted: [] };
  const remembered = request.suggestions.map((one) => ({ ...(one as object), destination: "session" }));
  return { text: allowLine(requestId, input, remembered), granted: rulesOf(request.suggestions) };
}

/** Lets it do what it asked; `input` is the request's own, with `answers` added for a question. */
export function allowLine(requestId: string, input: unknown, updatedPermissions: readonly object[] = []): string {
  return responseLine(requestId, {
    behavior: "allow",
    updatedInput: input,
    ...(updatedPermissions.length === 0 ? {} : { updatedPermissions }),
  });
}

/** Refuses it, with the reason the agent reads. */
export const denyLine = (requestId: string, message: string): string => responseLine(requestId, { behavior: "deny", message });

const responseLine = (requestId: string, response: object) =>
  line({ type: "control_response", response: { subtype: "success", request_id: requestId, response } });
const line = (value: object) => `${JSON.stringify(value)}\n`;
