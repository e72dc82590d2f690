/** Which of a person's hooks an event is for, by the rules Claude Code has for its own (seen with 2.1.329). Pure. */
import type { CommandHook, UserHooks } from "../core/hook-settings.ts";
import { type HookEvent, textIn } from "./event.ts";

/** What a matcher is held against; an event without one is for every matcher. */
const subjects: Readonly<Record<string, string>> = {
  PreToolUse: "tool_name",
  PostToolUse: "tool_name",
  PostToolUseFailure: "tool_name",
  PermissionRequest: "tool_name",
  PermissionDenied: "tool_name",
  UserPromptExpansion: "command_name",
  SessionStart: "source",
  SessionEnd: "reason",
  Setup: "trigger",
  PreCompact: "trigger",
  PostCompact: "trigger",
  Notification: "notification_type",
  StopFailure: "error",
  SubagentStart: "agent_type",
  SubagentStop: "agent_type",
  Elicitation: "mcp_server_name",
  ElicitationResult: "mcp_server_name",
  ConfigChange: "source",
  DirectoryAdded: "source",
  InstructionsLoaded: "load_reason",
  PreModelSwitch: "to_model",
  PostModelSwitch: "to_model",
};

/** The same command twice runs once. */
export function hooksFor(hooks: UserHooks, event: HookEvent): CommandHook[] {
  const groups = Object.hasOwn(hooks, event.hook_event_name) ? (hooks[event.hook_event_name] ?? []) : [];
  const all = groups.filter(({ matcher }) => matches(matcher, event)).flatMap((group) => group.hooks);
  const key = ({ command, args = [] }: CommandHook) => JSON.stringify([command, ...args]);
  return all.filter((hook, n) => all.findIndex((one) => key(one) === key(hook)) === n);
}

/** Names with `|` or `,` between them are meant exactly; anything else is a regular expression that has to be found somewhere. */
export function matches(matcher: string | undefined, event: HookEvent): boolean {
  const field = subjects[event.hook_event_name];
  const subject = field === undefined ? undefined : textIn(event, field);
  if (!matcher || matcher === "*" || subject === undefined) return true;
  if (/^[\w|, -]+$/.test(matcher))
    return matcher
      .split(/[|,]/)
      .map((name) => name.trim())
      .includes(subject);
  try {
    return new RegExp(matcher).test(subject);
  } catch {
    return false;
  }
}
