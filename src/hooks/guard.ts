/**
 * For when no runner is up: a shell script that Claude Code starts beside the http hooks, without waiting for it. It looks for the runner's process, and only where there is none keeps the event for the
 * next runner and starts that. So a session goes on over a runner's death, and what it did meanwhile is known afterwards.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import { quoted } from "../core/quoted.ts";
import { makeDir, readMaybe, replaceFile } from "../store/files.ts";
import { hooksDir } from "../store/paths.ts";
import { type HookEvent, hookEvent } from "./event.ts";

export const guardFile = (state: string): string => join(hooksDir(state), "guard.sh");
const pidFile = (state: string): string => join(hooksDir(state), "runner");
const missedDir = (state: string): string => join(hooksDir(state), "missed");

/** `wake`: the command line that starts a runner. */
export function writeGuard(state: string, wake: readonly string[]): void {
  makeDir(missedDir(state));
  const script = `#!/bin/sh
# Written by Copse. No runner is up: keep this event for the next one, and start it.
if read -r pid && kill -0 "$pid"; then exit 0; fi 2>/dev/null <${quoted(pidFile(state))}
umask 077
event=${quoted(missedDir(state))}/$$
cat >"$event.tmp" && mv "$event.tmp" "$event.json"
COPSE_STATE_DIR=${quoted(state)} ${wake.map(quoted).join(" ")} >/dev/null 2>&1 </dev/null &
`;
  if (readMaybe(guardFile(state)) !== script) replaceFile(guardFile(state), script, 0o700);
}

/** Says that this process receives hooks. */
export function standGuard(state: string): void {
  replaceFile(pidFile(state), `${process.pid}\n`);
}

/** From now on events are kept for the next runner. */
export function leaveGuard(state: string): void {
  if (readMaybe(pidFile(state))?.trim() === String(process.pid)) rmSync(pidFile(state), { force: true });
}

/** Events that were kept while there was no runner, in their order; they are taken away. */
export function takeMissed(state: string): { readonly event: HookEvent; readonly at: string }[] {
  const dir = missedDir(state);
  const files = names(dir)
    .map((name) => join(dir, name))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => a.at - b.at);
  return files.flatMap(({ file, at }) => {
    const event = existsSync(file) ? hookEvent(readFileSync(file, "utf8")) : undefined;
    rmSync(file, { force: true });
    return event === undefined ? [] : [{ event, at: new Date(at).toISOString() }];
  });
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
