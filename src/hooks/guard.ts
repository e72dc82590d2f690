/**
 * For when no runner is up: a shell script that Claude Code starts beside the http hooks, without waiting for it. It looks for the runner's process, and only where there is none keeps the event for the
 * next runner and starts that, unless a person has stopped it. So a session goes on over a runner's death, and what it did meanwhile is known afterwards.
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import { quoted } from "../core/quoted.ts";
import { makeDir, readMaybe, replaceFile } from "../store/files.ts";
import { hooksDir, stoppedFile } from "../store/paths.ts";
import { me } from "../system/identity.ts";
import { type HookEvent, hookEvent } from "./event.ts";

export const guardFile = (state: string): string => join(hooksDir(state), "guard.sh");
const pidFile = (state: string): string => join(hooksDir(state), "runner");
const missedDir = (state: string): string => join(hooksDir(state), "missed");

/** `wake`: the command line that starts a runner. */
export function writeGuard(state: string, wake: readonly string[]): void {
  makeDir(missedDir(state));
  const script = `#!/bin/sh
# Written by Copse. No runner is up: keep this event for the next one, and start it.
exec 2>/dev/null
if read -r pid start <${quoted(pidFile(state))} && kill -0 "$pid"; then
  # Another process may have got its number: where the system tells, it is known by when it was started.
  if read -r stat <"/proc/$pid/stat"; then
    set -- \${stat##*) }
    case $1 in Z | X) ;; *) [ "\${20}" = "$start" ] && exit 0 ;; esac
  elif [ ! -e /proc/self/stat ]; then exit 0; fi
fi
umask 077
event=${quoted(missedDir(state))}/$$
while [ -e "$event.json" ]; do event=$event+; done
if ! { cat >"$event.tmp" && mv "$event.tmp" "$event.json"; }; then
  rm -f "$event.tmp"
  [ -d ${quoted(missedDir(state))} ] || exit 0
fi
# A person has stopped it: whatever needs one next starts it, and not this.
[ -e ${quoted(stoppedFile(state))} ] && exit 0
COPSE_STATE_DIR=${quoted(state)} ${wake.map(quoted).join(" ")} >/dev/null </dev/null &
exit 0
`;
  if (readMaybe(guardFile(state)) !== script) replaceFile(guardFile(state), script, 0o700);
}

/** Says that this process receives hooks. */
export function standGuard(state: string): void {
  replaceFile(pidFile(state), `${process.pid} ${me().start}\n`);
}

/** From now on events are kept for the next runner. */
export function leaveGuard(state: string): void {
  if (readMaybe(pidFile(state))?.split(" ")[0] === String(process.pid)) rmSync(pidFile(state), { force: true });
}

/** Longer than any event takes to be written. */
const halfMs = 60_000;

/** Gives on the events that were kept while there was no runner, in their order, and takes each away afterwards; what was left half written goes too. */
export function takeMissed(state: string, take: (event: HookEvent, at: string) => void): void {
  const dir = missedDir(state);
  const files = names(dir)
    .map((name) => join(dir, name))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => a.at - b.at);
  for (const { file, at } of files) {
    const whole = file.endsWith(".json");
    if (!whole && Date.now() - at < halfMs) continue;
    const event = whole ? hookEvent(readMaybe(file) ?? "") : undefined;
    if (event !== undefined) take(event, new Date(at).toISOString());
    rmSync(file, { force: true });
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
