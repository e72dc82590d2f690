/** One line of `logs` from one event of an agent. Pure; made safe for a terminal. */
import { safe, safeLine } from "../../core/safe.ts";
import type { AgentEvent } from "../../session/agents/agent.ts";
import type { Recorded } from "../recording.ts";

/** Of either stream. */
export const recordedLine = (event: Recorded, alone: boolean): string | undefined =>
  event.type === "stderr" ? (logLine({ type: "log", text: event.text }, true) ?? "") : logLine(event, alone);

/** `alone`: nothing else came with it, so that it is no repetition of a tool's line. undefined: nothing to show. */
export function logLine(event: AgentEvent, alone: boolean): string | undefined {
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
      return alone ? `· ${safeLine(event.text, 300)}\n` : undefined;
    case "summary":
      return alone ? `${safe(event.text)}\n` : undefined;
    default:
      return undefined;
  }
}
