/** The program of an agent is looked for when a task is made, in the person's own PATH, instead of failing in the background. */

import { realpathSync } from "node:fs";
import { isAbsolute } from "node:path";
import { CopseError } from "../core/errors.ts";
import { similar } from "../core/similar.ts";
import type { Request } from "../core/task.ts";
import type { Repository } from "../git/repository.ts";
import { hasLogin } from "../session/agents/claude-login.ts";
import { agentNames } from "../session/agents/names.ts";
import type { Config } from "../store/config.ts";
import { which } from "../system/which.ts";

/** `found`: what has been looked for already is not looked for again. @throws CopseError AGENT_NOT_FOUND */
export async function requireAgent(request: Request, config: Config, repo: Repository, found = new Set<string>()): Promise<void> {
  const wanted = JSON.stringify([request.exec?.[0], request.command, request.agent]);
  if (found.has(wanted)) return;
  await lookForAgent(request, config, repo);
  found.add(wanted);
}

async function lookForAgent(request: Request, config: Config, repo: Repository): Promise<void> {
  if (request.exec === null && request.command === null && !agentNames.some((name) => name === request.agent)) {
    const instead = similar(request.agent, [...agentNames, ...Object.keys(config.agents)]);
    throw new CopseError("AGENT_NOT_FOUND", `no agent is named "${request.agent}"`, {
      hint:
        instead === undefined ? `Use claude, or define agents.${request.agent}.command in your configuration.` : `Did you mean ${instead}?`,
    });
  }
  const program = request.exec?.[0] ?? request.command?.[0] ?? config.agents[request.agent]?.path ?? request.agent;
  if (request.exec !== null || request.command !== null) {
    if (program.includes("/") && !isAbsolute(program)) return;
  }
  const found = which(program, process.env, repo.top, ourselves());
  if (found !== undefined) {
    const isClaude = request.agent === "claude" && request.exec === null && request.command === null;
    if (isClaude && !hasLogin(process.env)) await (await import("./login.ts")).requireLogin(found, repo.top);
    return;
  }
  throw new CopseError("AGENT_NOT_FOUND", `the program "${program}" is not on your PATH`, {
    hint:
      request.agent === "claude" && request.exec === null
        ? "Install Claude Code: npm install -g @anthropic-ai/claude-code"
        : "Check its name, or give its full path.",
  });
}

function ourselves(): string | undefined {
  try {
    return realpathSync(process.argv[1] ?? "");
  } catch {
    return undefined;
  }
}
