/** The table of agents: the only list. A program from the configuration, or `--exec`, is the `command` agent. */
import { CopseError } from "../../core/errors.ts";
import type { Request } from "../../core/task.ts";
import type { Agent } from "./agent.ts";
import { claude } from "./claude.ts";
import { command } from "./command.ts";
import { joint } from "./joint.ts";
import type { AgentName } from "./names.ts";

const agents = { claude } as const satisfies Record<AgentName, Agent>;

/** Which adapter drives this request. @throws CopseError AGENT_NOT_FOUND */
export function agentFor(request: Pick<Request, "agent" | "exec" | "command" | "joint">): Agent {
  if (request.joint) return joint;
  if (request.exec !== null || request.command !== null) return command;
  const agent = (agents as Record<string, Agent>)[request.agent];
  if (agent) return agent;
  throw new CopseError("AGENT_NOT_FOUND", `no agent named "${request.agent}"`, {
    hint: `Use claude, or define agents.${request.agent}.command in the configuration.`,
  });
}
