/** The hooks Copse wants in Claude Code's settings: every event to the runner's port, and, where that is not to be relied on, a shell script that looks whether there is a runner. */
import { quoted } from "../core/quoted.ts";
import { cliFile } from "../system/own-program.ts";
import { type Access, accessOf, anySession, taskScope, tokenFor } from "./access.ts";
import { commandMark, hooksUrl, type SettingsHooks, taskPath } from "./entries.ts";
import { guardFile } from "./guard.ts";

/** What Claude Code 2.1.329 tells hooks of, but for what only an http answer with a decision of its own makes sense of (WorktreeCreate, WorktreeRemove) and what tells nothing here (MessageDisplay). */
const events = [
  ...["PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "PermissionRequest", "PermissionDenied"],
  ...["UserPromptSubmit", "UserPromptExpansion", "SessionEnd", "Stop", "StopFailure", "Notification"],
  ...["SubagentStart", "SubagentStop", "TeammateIdle", "TaskCreated", "TaskCompleted", "PreCompact", "PostCompact"],
  ...["Elicitation", "ElicitationResult", "ConfigChange", "InstructionsLoaded", "CwdChanged", "FileChanged", "DirectoryAdded"],
  ...["PreModelSwitch", "PostModelSwitch"],
];

/** What has to be known again after a time without a runner, and comes seldom enough for a process of its own: the batch names the calls in between. */
const guarded: Readonly<Record<string, string | undefined>> = {
  UserPromptSubmit: undefined,
  PostToolUse: "Bash|Agent|Task",
  PostToolUseFailure: undefined,
  PostToolBatch: undefined,
  SubagentStart: undefined,
  SubagentStop: undefined,
  TeammateIdle: undefined,
  Stop: undefined,
  SessionEnd: undefined,
};

/** A little longer than any hook of a person's is waited for, so that it is the runner who gives up first; a runner that hangs holds an agent no longer. */
const timeoutSeconds = 620;
/** Nothing an agent does hangs on the answer to these, only what a person is shown: a hook that takes longer runs on to its end, and is not waited for. */
const unanswered = ["SessionEnd", "Notification", "StopFailure", "PostCompact", "InstructionsLoaded", "PostModelSwitch"];
const unansweredSeconds = 60;
const startSeconds = 60;

/** For the settings of a person, whose sessions are no task's. */
export const wantedOfSessions = (state: string): SettingsHooks => wanted(state, accessOf(state), anySession, "", true);

/** For a task's run. Claude Code calls one address once, so it is another than that of a person's settings. `start`: as below. */
export const wantedOfTask = (state: string, id: string, start: boolean): SettingsHooks =>
  wanted(state, accessOf(state), taskScope(id), taskPath, start);

/** `start`: a session that begins runs `copse hooks start`, which makes sure of a runner; http hooks are not called then. */
function wanted(state: string, access: Access, scope: string, path: string, start: boolean): SettingsHooks {
  const httpAt = (event: string) =>
    ({
      type: "http",
      url: `${hooksUrl(access.port)}${path}`,
      headers: { Authorization: `Bearer ${tokenFor(access, scope)}` },
      timeout: unanswered.includes(event) ? unansweredSeconds : timeoutSeconds,
    }) as const;
  // Quiet also where the state folder was removed and the hooks were not.
  const script = quoted(guardFile(state));
  const guard = { type: "command", command: `test ! -f ${script} || sh ${script}${commandMark}`, async: true } as const;
  const starting = {
    type: "command",
    command: `${[process.execPath, cliFile(), "hooks", "start"].map(quoted).join(" ")}${commandMark}`,
    timeout: startSeconds,
  } as const;
  return {
    ...Object.fromEntries(
      events.map((event) => {
        const http = httpAt(event);
        if (!Object.hasOwn(guarded, event)) return [event, [{ hooks: [http] }]];
        const matcher = guarded[event];
        if (matcher === undefined) return [event, [{ hooks: [http, guard] }]];
        return [event, [{ hooks: [http] }, { matcher, hooks: [guard] }]];
      }),
    ),
    ...(start ? { SessionStart: [{ hooks: [starting] }], Setup: [{ hooks: [starting] }] } : {}),
  };
}

/** What the guard starts where it finds no runner. */
export const wakeCommand = (): readonly string[] => [process.execPath, cliFile(), "hooks", "wake"];
