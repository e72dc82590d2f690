/** A run's recording as events, as it grows: what its agent printed, read by its adapter, with secrets taken out. For `logs` and for the live view. */
import { join } from "node:path";
import { lineRedactor, redactAll } from "../core/redact.ts";
import type { Task } from "../core/task.ts";
import { tail } from "../process/tail.ts";
import type { AgentEvent } from "../session/agents/agent.ts";
import { agentFor } from "../session/agents/index.ts";
import { runDir } from "../store/paths.ts";

export type Recorded = AgentEvent | { readonly type: "stderr"; readonly text: string };

export interface Recording {
  /** Hands on what has come since the last call; `alone`: nothing else came of its line. */
  read(take: (event: Recorded, alone: boolean) => void): Promise<void>;
}

/** `from`: begin at this byte of its output; the line that is cut there is left out. */
export function recording(task: Task, dir: string, run: number, from = 0): Recording {
  const reader = agentFor(task.request).reader(task.worktree ?? task.repo);
  const out = tail(join(runDir(dir, run), "out"), from);
  const err = tail(join(runDir(dir, run), "err"));
  const [outLine, errLine] = [lineRedactor(), lineRedactor()];
  let isCut = from > 0;
  return {
    async read(take) {
      await out.read((line) => {
        if (isCut) {
          isCut = false;
          return;
        }
        const events = reader.read(line);
        for (const event of events)
          take(event.type === "log" ? { ...event, text: outLine(event.text) } : redactAll(event), events.length === 1);
      });
      await err.read((line) => take({ type: "stderr", text: errLine(line) }, true));
    },
  };
}
