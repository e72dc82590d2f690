/** `copse hooks start`, `wake` and `log`: what Claude Code runs where a session begins, what wakes the runner, and what was heard and answered. */
import { existsSync, watch } from "node:fs";
import { redact } from "../../core/redact.ts";
import { safeLine } from "../../core/safe.ts";
import { Book, type Line } from "../../hooks/book.ts";
import { Desk } from "../../hooks/desk.ts";
import { taskFor } from "../../hooks/enrich.ts";
import { hookEvent } from "../../hooks/event.ts";
import { Projects } from "../../hooks/project.ts";
import { hooksDir, stateDir } from "../../store/paths.ts";
import { debug } from "../../system/debug.ts";
import { bootId, startOf } from "../../system/identity.ts";
import { err, out } from "../../system/output.ts";
import { wakeRunner } from "../client.ts";
import { openTasksIn } from "../open-tasks.ts";
import { readStandardInput } from "../stdin.ts";

const mostBytes = 1024 * 1024;

/** As a hook of SessionStart and Setup, at which Claude Code calls no http hook: makes sure of a runner (unless a person has stopped it), and answers the event. The session begins all the same when that fails. */
export async function hooksStart(): Promise<number> {
  const event = hookEvent(readStandardInput(mostBytes).toString("utf8"));
  const state = stateDir();
  const woken = wakeRunner(state).then(
    (link) => link?.close(),
    (error: unknown) => debug(() => `hooks start: ${String(error)}`),
  );
  if (event !== undefined) {
    const say = (line: string) => debug(() => line);
    const cwd = typeof event["cwd"] === "string" ? event["cwd"] : process.cwd();
    const projects = new Projects(state, say);
    const desk = new Desk(
      new Book(state),
      () => ({
        ...projects.of(cwd),
        tasks: () => openTasksIn(projects.of(cwd).repoId).map(taskFor),
        env: () => process.env as Record<string, string>,
      }),
      say,
    );
    const answer = await desk.handle(event, agentProcess());
    if (Object.keys(answer).length > 0) out(`${JSON.stringify(answer)}\n`);
  }
  await woken;
  return 0;
}

/** Claude Code names its own process to its hooks. */
function agentProcess() {
  const pid = Number(process.env["CLAUDE_PID"]);
  const start = Number.isInteger(pid) && pid > 1 ? startOf(pid) : undefined;
  return start === undefined ? undefined : { pid, start, boot: bootId() };
}

/** For the script that finds no runner. */
export async function hooksWake(): Promise<number> {
  (await wakeRunner(stateDir()))?.close();
  return 0;
}

export interface LogOptions {
  readonly session: string | null;
  readonly follow: boolean;
  readonly json: boolean;
}

/** Every event of the sessions that have not ended (or of one that is named), with what hooks and gates said to it. */
export async function hooksLog({ session, follow, json }: LogOptions): Promise<number> {
  const state = stateDir();
  const told = new Map<string, number>();
  let heard = false;
  const look = () => {
    const book = new Book(state);
    const ids = session === null ? book.sessions().map(({ sessionId }) => sessionId) : book.known().filter((id) => id.startsWith(session));
    const all = ids.flatMap((id) => {
      const lines = book.lines(id);
      const fresh = lines.slice(told.get(id) ?? 0);
      told.set(id, lines.length);
      return fresh.map((line) => ({ id, line }));
    });
    all.sort((a, b) => (a.line.at < b.line.at ? -1 : 1));
    heard ||= all.length > 0;
    for (const { id, line } of all) out(json ? `${JSON.stringify({ sessionId: id, ...line })}\n` : row(id, line));
  };
  look();
  if (!heard && !follow && !json) err("No session has been heard of. To be heard, install the hooks: copse hooks install\n");
  if (!follow || !existsSync(hooksDir(state))) return 0;
  const watcher = watch(hooksDir(state), look);
  await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
  watcher.close();
  return 130;
}

function row(id: string, { at, event, said }: Line): string {
  const head = [at.slice(11, 19), safeLine(id.slice(0, 8))];
  const line = (parts: readonly string[]) => `${[...head, ...parts.filter((part) => part !== "")].join("  ")}\n`;
  const plain = (text: string) => safeLine(redact(text), 200);
  if (said !== undefined)
    return said.by
      .map(({ name, exitCode, blocks, ms }) => {
        const ended = exitCode === undefined || exitCode === 0 ? "" : exitCode === null ? "did not end" : `exit code ${exitCode}`;
        return line([
          `  → ${plain(name)}`,
          ended,
          blocks === undefined ? "" : `blocks: ${plain(blocks)}`,
          ms === undefined ? "" : `${ms} ms`,
        ]);
      })
      .join("");
  if (event === undefined) return "";
  const parts = [event.hook_event_name, event["tool_name"], event["source"], event["reason"], event["notification_type"]];
  const agent = event.agent_id === undefined ? [] : [`(${String(event["agent_type"] ?? "agent")} ${event.agent_id})`];
  return line([plain([...parts.filter((part) => typeof part === "string"), ...agent].join(" "))]);
}
