/** The table of agents: the only list. A program from the configuration, or `--exec`, is the `command` agent. */
import { CopseError } from "../../core/errors.ts";
import type { Request } from "../../core/task.ts";
import type { Agent } from "./agent.ts";
import { claude } from "./claude.ts";
import { command } from "./command.ts";

const agents = { claude, command } as const satisfies Record<string, Agent>;

/** Which adapter drives this request. @throws CopseError AGENT_NOT_FOUND */
export function agentFor(request: Pick<Request, "agent" | "exec" | "command">): Agent {
  if (request.exec !== null || request.command !== null) return agents.command;
  const agent = (agents as Record<string, Agent>)[request.agent];
  if (agent && request.agent !== "command") return agent;
  throw new CopseError("AGENT_NOT_FOUND", `no agent named "${request.agent}"`, {
    hint: `Use claude, or define agents.${request.agent}.command in the configuration.`,
  });
}
