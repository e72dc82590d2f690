/** `copse claude …`: Claude Code's own words. In the background they make a task; `--resume` of a task's session attaches in the right worktree; anything else goes to the real `claude` untouched. */

import { readIndex, taskOf } from "../../store/index-file.ts";
import { stateDir } from "../../store/paths.ts";
import { isTty } from "../../system/output.ts";

export async function claudeCommand(argv: readonly string[]): Promise<number> {
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (own.some((arg) => arg === "--background" || arg === "--bg")) return await (await import("./run.ts")).run(withAgent(argv, own));
  const task = isVisit(own) ? taskOfSession(resumedSession(own)) : undefined;
  if (task !== undefined) return await (await import("./attach.ts")).attach(task, "queue", argv);
  return await (await import("./pass-on.ts")).passOn(argv);
}

/** A person at a terminal; anything that prints its answer and leaves is Claude Code's own. */
const isVisit = (own: readonly string[]): boolean => isTty(0) && isTty(1) && !own.some((arg) => arg === "-p" || arg === "--print");

/** These words are Claude Code's, whatever agent is configured. */
const withAgent = (argv: readonly string[], own: readonly string[]): string[] =>
  own.some((arg) => arg === "--agent" || arg.startsWith("--agent=")) ? [...argv] : ["--agent", "claude", ...argv];

function resumedSession(own: readonly string[]): string | undefined {
  const at = own.findIndex((arg) => arg === "--resume" || arg === "-r");
  if (at >= 0) return own[at + 1];
  return own.find((arg) => arg.startsWith("--resume="))?.slice("--resume=".length);
}

function taskOfSession(session: string | undefined): string | undefined {
  if (session === undefined || session === "") return undefined;
  for (const entry of readIndex(stateDir()).values()) if (taskOf(entry).sessionId === session) return entry.id;
  return undefined;
}
