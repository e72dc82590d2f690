/** The settings a task's run of Claude Code gets: Copse's hooks, and what the person gave with `--settings`, as the option counts once. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { SettingsHooks } from "./entries.ts";

/** undefined: the person's cannot be read, and are left to the agent to say so. `args`: the agent's arguments; `cwd`: where it runs. */
export function taskSettings(args: readonly string[], cwd: string, hooks: SettingsHooks): string | undefined {
  const given = optionIn(args);
  if (given === undefined) return JSON.stringify({ hooks });
  try {
    const theirs = JSON.parse(/^\s*\{/.test(given) ? given : readFileSync(resolve(cwd, given), "utf8")) as { hooks?: unknown };
    const known = (theirs.hooks ?? {}) as SettingsHooks;
    const events = [...new Set([...Object.keys(known), ...Object.keys(hooks)])];
    const both = Object.fromEntries(events.map((event) => [event, [...(known[event] ?? []), ...(hooks[event] ?? [])]]));
    return JSON.stringify({ ...theirs, hooks: both });
  } catch {
    return undefined;
  }
}

/** The value of the last `--settings`. */
function optionIn(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === "--settings" || arg.startsWith("--settings="));
  const arg = args[at];
  return arg === "--settings" ? args[at + 1] : arg?.slice("--settings=".length);
}
