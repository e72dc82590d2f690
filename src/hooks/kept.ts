/** What of a hook event is kept on disk: as much as the ledger needs. Prompts, file contents and what tools answered are none of it. Pure. */
import { type HookEvent, objectIn, textIn } from "./event.ts";

/** The same to the ledger as the whole event. */
export function kept(event: HookEvent): HookEvent {
  const input = objectIn(event, "tool_input");
  const response = objectIn(event, "tool_response");
  const ends = [...(textIn(event, "prompt") ?? "").matchAll(notification)].map((found) => found[0]);
  return {
    hook_event_name: event.hook_event_name,
    session_id: event.session_id,
    ...texts(event, [
      "prompt_id",
      "agent_id",
      "agent_type",
      "source",
      "reason",
      "notification_type",
      "teammate_name",
      "tool_name",
      "tool_use_id",
    ]),
    ...(ends.length === 0 ? {} : { prompt: ends.join("") }),
    ...filled("tool_input", {
      ...texts(input, ["command", "description", "subagent_type", "task_id", "shell_id", "bash_id"]),
      ...(typeof input["run_in_background"] === "boolean" ? { run_in_background: input["run_in_background"] } : {}),
    }),
    ...filled("tool_response", texts(response, ["backgroundTaskId", "status", "agentId"])),
    ...(Array.isArray(event["background_tasks"]) ? { background_tasks: event["background_tasks"] } : {}),
    ...(event["stop_hook_active"] === true ? { stop_hook_active: true } : {}),
    ...(Array.isArray(event["tool_calls"]) ? { tool_calls: event["tool_calls"].map(keptCall) } : {}),
  };
}

/** The end of background work, as a prompt tells it; the first group is its id. */
export const notification = /<task-notification>[\s\S]*?<task-id>([^<]+)<\/task-id>[\s\S]*?<\/task-notification>/g;

function keptCall(call: unknown): object {
  const input = typeof call === "object" && call !== null ? objectIn(call as Readonly<Record<string, unknown>>, "tool_input") : {};
  return { ...texts(call, ["tool_name", "tool_use_id"]), ...filled("tool_input", texts(input, ["task_id", "shell_id", "bash_id"])) };
}

function texts(of: unknown, fields: readonly string[]): Record<string, string> {
  if (typeof of !== "object" || of === null) return {};
  return Object.fromEntries(
    fields.flatMap((field) => {
      const text = textIn(of as Readonly<Record<string, unknown>>, field);
      return text === undefined ? [] : [[field, text]];
    }),
  );
}

const filled = (field: string, value: Record<string, string | boolean>): object =>
  Object.keys(value).length === 0 ? {} : { [field]: value };
