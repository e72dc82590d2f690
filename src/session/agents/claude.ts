/**
 * Claude Code: `-p` with JSON lines both ways, permissions asked over the same channel, the session's id chosen before the start.
 * This file names the command line; what the lines mean stands in `claude-reader.ts`, what an ended stream comes to in `claude-ending.ts`.
 */
import type { Agent, AgentSettings, CommandSpec, SessionSpec } from "./agent.ts";
import { claudeReader } from "./claude-reader.ts";
import { openLine, userLine } from "./claude-talk.ts";

/** The adapter. Seen with 2.1.329 (`test/recordings/claude`). */
export const claude: Agent = {
  name: "claude",
  resumes: true,
  takesHooks: true,
  command,
  reader: (root) => claudeReader(root),
  attach: (sessionId, settings) => ({ file: program(settings), args: ["--resume", sessionId] }),
};

/** Edits inside its own worktree are what was asked; every other permission still asks. */
const defaultMode = "acceptEdits";

/**
 * Five retries, then a stated failure: a broken connection ends after 20 s, a hiccup is survived; with the default of ten it goes on for minutes.
 * Nobody watches a background run: no updates in the middle of it, no telemetry, no surveys.
 */
const env = {
  CLAUDE_CODE_MAX_RETRIES: "5",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
};

function command({ prompt, request, sessionId, resume, settings, hookSettings }: SessionSpec): CommandSpec {
  const session = sessionId === null ? [] : resume ? ["--resume", sessionId] : ["--session-id", sessionId];
  return {
    file: program(settings),
    args: [
      ...["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--permission-prompt-tool", "stdio"],
      ...session,
      ...(request.model === null ? [] : ["--model", request.model]),
      ...((request.maxCostUsd ?? null) === null ? [] : ["--max-budget-usd", String(request.maxCostUsd)]),
      ...["--permission-mode", request.permissionMode ?? settings.permissionMode ?? defaultMode],
      // With `=`, one rule each: the option takes any number of words, and without it would take the next ones too.
      ...request.allow.map((rule) => `--allowedTools=${rule}`),
      ...(settings.args ?? []),
      ...request.agentArgs,
      ...(hookSettings === null ? [] : ["--settings", hookSettings]),
    ],
    env,
    stdin: {
      kind: "conversation",
      first: openLine() + userLine(prompt, crypto.randomUUID()),
    },
  };
}

const program = (settings: AgentSettings) => settings.path ?? "claude";
