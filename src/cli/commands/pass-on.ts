/** The real Claude Code, with the person's words untouched and the terminal its own. */
import { realpathSync } from "node:fs";
import { CopseError } from "../../core/errors.ts";
import { loadConfig } from "../../store/config.ts";
import { giveTerminal } from "../../system/command.ts";
import { which } from "../../system/which.ts";

/** @returns its exit code. @throws CopseError AGENT_NOT_FOUND */
export async function passOn(argv: readonly string[]): Promise<number> {
  const path = loadConfig(null).config.agents["claude"]?.path ?? "claude";
  const real = which(path, process.env, process.cwd(), realpathSync(process.argv[1] ?? ""));
  if (real === undefined)
    throw new CopseError("AGENT_NOT_FOUND", "Claude Code is not on your PATH", {
      hint: "Install it: npm install -g @anthropic-ai/claude-code",
    });
  return await giveTerminal(real, argv, { cwd: process.cwd() });
}
