/** One line of `logs` from one event of an agent. Pure; made safe for a terminal. */
import { safe, safeLine } from "../../core/safe.ts";
import type { AgentEvent } from "../../session/agents/agent.ts";

/** undefined: nothing to show. */
export function logLine(event: AgentEvent): string | undefined {
  switch (event.type) {
    case "session":
      return `session ${safeLine(event.id)}\n`;
    case "tool":
      return `${`→ ${safeLine(event.name, 40)} ${safeLine(event.detail, 300)}`.trimEnd()}\n`;
    case "tool-failed":
      return `✗ ${safeLine(event.name, 40)}: ${safeLine(event.text, 300)}\n`;
    case "said":
      return `${safe(event.text)}\n`;
    case "needs":
      return `? ${event.needs.kind}: ${safe(event.needs.text)}${event.needs.options === undefined ? "" : ` [${event.needs.options.map((option) => safeLine(option, 60)).join(" | ")}]`}\n`;
    case "note":
      return `! ${safeLine(event.text, 300)}\n`;
    case "log":
      return `${safe(event.text.length > 4000 ? `${event.text.slice(0, 4000)}… (${event.text.length} characters)` : event.text)}\n`;
    case "activity":
      return undefined;
    case "summary":
      return undefined;
    default:
      return undefined;
  }
}
