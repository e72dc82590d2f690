/** Asks Claude Code whether it is logged in, before a task gets into line that could only fail. */
import { CopseError } from "../core/errors.ts";
import { saysLoggedOut } from "../session/agents/claude-login.ts";
import { runCommand } from "../system/command.ts";

/** `claude auth status` makes no model request. @throws CopseError LOGIN_NEEDED */
export async function requireLogin(program: string, cwd: string): Promise<void> {
  const { stdout } = await runCommand(program, ["auth", "status"], { cwd, timeoutMs: 10_000 });
  if (saysLoggedOut(stdout))
    throw new CopseError("LOGIN_NEEDED", "Claude Code is not logged in, so the task could only fail; nothing was queued", {
      hint: "Log in with `claude auth login`, or set ANTHROPIC_API_KEY; then give this command again.",
    });
}
