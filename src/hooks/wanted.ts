/** Which hooks Copse wants Claude Code to call, and where. Provisional: the runner does not receive them by HTTP yet, so the address comes from the environment. */
import { CopseError } from "../core/errors.ts";
import { commandMark, hooksUrl, type SettingsHooks } from "./settings.ts";

/**
 * Those of Claude Code 2.1.329 that it can send by HTTP. Not among them: SessionStart, which it gives to commands only; and WorktreeCreate, whose hook would have to make the worktree
 * (measured: `claude -w` fails when the answer names none).
 */
const byHttp = [
  ...["PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "Notification", "UserPromptSubmit", "UserPromptExpansion"],
  ...["SessionEnd", "Stop", "StopFailure", "SubagentStart", "SubagentStop", "PreCompact", "PostCompact", "PreModelSwitch"],
  ...["PostModelSwitch", "PermissionRequest", "PermissionDenied", "Setup", "TeammateIdle", "TaskCreated", "TaskCompleted"],
  ...["Elicitation", "ElicitationResult", "ConfigChange", "WorktreeRemove", "InstructionsLoaded", "CwdChanged", "FileChanged"],
  ...["DirectoryAdded", "MessageDisplay"],
];

const timeoutSeconds = 5;

/** @throws CopseError NOT_YET where nothing receives them */
export function wantedHooks(env: Readonly<Record<string, string | undefined>> = process.env): SettingsHooks {
  const [port, token] = [Number(env["COPSE_HOOKS_PORT"]), env["COPSE_HOOKS_TOKEN"]];
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || !token)
    throw new CopseError("NOT_YET", "this version has nothing yet that receives hooks, so there are none to install", {
      hint: "Hooks of your own can be told what Copse knows: see copse help hooks.",
    });
  const http = { type: "http", url: hooksUrl(port), headers: { Authorization: `Bearer ${token}` }, timeout: timeoutSeconds } as const;
  const command = { type: "command", command: `copse hooks run${commandMark}`, timeout: timeoutSeconds } as const;
  return { SessionStart: [{ hooks: [command] }], ...Object.fromEntries(byHttp.map((name) => [name, [{ hooks: [http] }]])) };
}
