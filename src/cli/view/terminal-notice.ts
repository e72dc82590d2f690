/**
 * Tells a person whose terminal shows tasks that one of them has come to an end or needs them, as terminals do it: OSC 777 (urxvt, VTE, foot), else OSC 9 (iTerm2, kitty,
 * WezTerm, Ghostty, Windows Terminal), and the bell. Terminals that know neither ignore both. See https://iterm2.com/documentation-escape-codes.html
 */
import { isTold } from "../../core/policy.ts";
import { redact } from "../../core/redact.ts";
import { safeLine } from "../../core/safe.ts";
import type { NotifyPolicy, Task } from "../../core/task.ts";
import { loadConfig } from "../../store/config.ts";
import { err, isTty } from "../../system/output.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Call it with the tasks at every look; it speaks once for each transition it has seen happen, and only to a terminal. */
export function terminalNotices(): (tasks: readonly Task[]) => void {
  if (!isTty(2) || process.env["TERM"] === "dumb") return () => {};
  const policy = policyInForce();
  const seen = new Map<string, string>();
  return (tasks) => {
    for (const task of tasks) {
      const before = seen.get(task.id);
      seen.set(task.id, task.since);
      const mine = task.notify ?? task.request.notify ?? policy;
      if (before !== undefined && before !== task.since && task.attachedBy === null && isTold(task.state, mine))
        err(noticeCodes(textOf(task), process.env));
    }
  };
}

/** A broken configuration is another command's to complain of. */
function policyInForce(): NotifyPolicy {
  try {
    return loadConfig(null).config.notify.when;
  } catch {
    return "off";
  }
}

const textOf = (task: Task): string =>
  task.state === "blocked" ? `${task.label} needs you: ${task.needs?.text ?? ""}` : `${task.label}: ${task.state}`;

/** Pure. Inside tmux the codes are handed through (where its `allow-passthrough` lets them); the bell is tmux's own to show. */
export function noticeCodes(text: string, env: Env): string {
  const words = safeLine(redact(text), 120);
  const is777 = env["VTE_VERSION"] !== undefined || /^(?:rxvt|foot)/.test(env["TERM"] ?? "");
  const code = is777 ? `\u001b]777;notify;Copse;${words.replaceAll(";", ",")}\u001b\\` : `\u001b]9;${words}\u001b\\`;
  return env["TMUX"] ? `\u001bPtmux;${code.replaceAll("\u001b", "\u001b\u001b")}\u001b\\\u0007` : `${code}\u0007`;
}
