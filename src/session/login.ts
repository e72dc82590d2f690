/** Which login a task uses: tasks of one login share its limits. A name that says nothing of the secret. */
import { sha256 } from "../core/hash.ts";
import type { Task } from "../core/task.ts";
import { readMaybe } from "../store/files.ts";
import { envFile } from "../store/paths.ts";
import { agentFor } from "./agents/index.ts";

/** null for commands: a limit they report is their own. */
export function loginOf(task: Task, dir: string): string | null {
  const agent = agentFor(task.request);
  if (!agent.resumes) return null;
  const env = JSON.parse(readMaybe(envFile(dir)) ?? "{}") as Record<string, string | undefined>;
  const key =
    env["ANTHROPIC_API_KEY"] ??
    env["ANTHROPIC_AUTH_TOKEN"] ??
    env["CLAUDE_CODE_OAUTH_TOKEN"] ??
    env["CLAUDE_CONFIG_DIR"] ??
    env["HOME"] ??
    "";
  return sha256(`${agent.name} ${key}`).slice(0, 12);
}
