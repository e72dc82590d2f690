/**
 * `copse hooks worktree`, as a hook of Claude Code: makes the worktree of a native session where Copse makes those of tasks (WorktreeCreate; its path on standard output),
 * and takes it away where nothing could be lost (WorktreeRemove). Claude Code knows one kind of failure: every one ends with exit code 1 and its reason on standard error.
 */
import { existsSync } from "node:fs";
import { CopseError, exit, messageOf } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { type HookEvent, hookEvent, textIn } from "../../hooks/event.ts";
import { err, out } from "../../system/output.ts";
import { makeSessionWorktree, removeSessionWorktree, type Session } from "../session-worktree.ts";
import { readStandardInput } from "../stdin.ts";

const mostBytes = 1024 * 1024;

export async function hooksWorktree(): Promise<number> {
  try {
    const event = hookEvent(readStandardInput(mostBytes).toString("utf8"));
    const name = event && textIn(event, "name");
    if (event?.hook_event_name === "WorktreeCreate" && name !== undefined) return await create(name, sessionOf(event));
    const path = event && textIn(event, "worktree_path");
    if (event?.hook_event_name === "WorktreeRemove" && path !== undefined) return await remove(path, sessionOf(event));
    throw new CopseError("USAGE", "there is no WorktreeCreate or WorktreeRemove event on standard input", {
      hint: "It is for a hook of Claude Code: see `copse init --help`.",
    });
  } catch (error) {
    say(`copse: ${messageOf(error)}`, error instanceof CopseError ? error.hint : null);
    return exit.failed;
  }
}

/** Claude Code names its process; a shell may stand between it and us. */
function sessionOf(event: HookEvent): Session {
  const named = Number(process.env["CLAUDE_PID"]);
  const pid = Number.isInteger(named) && named > 0 ? named : process.ppid;
  return { cwd: textIn(event, "cwd") ?? process.cwd(), pid, own: [process.ppid] };
}

async function create(name: string, session: Session): Promise<number> {
  const over = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => over.abort());
  const { path, notes } = await makeSessionWorktree(name, session, over.signal);
  for (const note of notes) say(note, null);
  out(`${path}\n`);
  return exit.ok;
}

async function remove(path: string, session: Session): Promise<number> {
  if (!existsSync(path)) return exit.ok;
  const done = await removeSessionWorktree(path, session);
  if (done.removed) say(`${path} is removed (${done.why})`, `copse restore ${done.label} brings it back.`);
  else say(`copse: ${path} stays: ${done.why}`, "See `copse clean`; `copse adopt` makes a task of it.");
  return done.removed ? exit.ok : exit.failed;
}

function say(what: string, hint: string | null): void {
  err(safe(redact(`${what}\n${hint === null ? "" : `  ${hint}\n`}`)));
}
