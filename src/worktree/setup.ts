/** The project's setup command, which the agent waits for. A supervised run of its own; one that a crash interrupted is ended and begun again. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { safe } from "../core/safe.ts";
import type { Task } from "../core/task.ts";
import { stopRun } from "../process/stop.ts";
import { endOf } from "../process/tail.ts";
import { runToEnd } from "../process/to-end.ts";
import { setupDir } from "../store/paths.ts";

/** Runs `task.request.setup` in the worktree; returns early, with nothing of it left running, when `signal` aborts. @throws CopseError COMMAND_FAILED with the end of its output, TIMED_OUT */
export async function runSetup(
  task: Task,
  dir: string,
  worktree: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { setup, setupTimeoutMs } = task.request;
  if (setup === null || signal.aborted) return;
  const cookie = `${task.id}.setup`;
  await stopRun(cookie, null, { intMs: 0, termMs: 2000 });
  let n = 1;
  while (existsSync(setupDir(dir, n))) n++;
  const at = setupDir(dir, n);
  const { code, timedOut } = await runToEnd(
    { dir: at, file: "/bin/sh", args: ["-c", setup], cwd: worktree, env, cookie, mode: "read", first: "" },
    setupTimeoutMs,
    signal,
  );
  if (code === 0 || (signal.aborted && !timedOut)) return;
  const why = timedOut ? `took longer than ${Math.round(setupTimeoutMs / 1000)} s` : `exited ${code ?? "without a code"}`;
  throw new CopseError(timedOut ? "TIMED_OUT" : "COMMAND_FAILED", `the setup command \`${setup}\` ${why}${lastWords(at)}`, {
    hint: "Mend the command in .worktrees/config.json, then retry the task.",
  });
}

/** The last lines a run printed, for an error message. */
function lastWords(dir: string): string {
  const text = ["out", "err"]
    .map((name) => endOf(join(dir, name), 1500).trim())
    .filter((part) => part !== "")
    .join("\n");
  return text === "" ? "" : `:\n${safe(text).slice(-1500)}`;
}
