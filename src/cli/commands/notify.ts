/** `copse notify`: when to be told, for everything or for one task. */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { CopseError, systemCode } from "../../core/errors.ts";
import { isPolicy, policies } from "../../core/policy.ts";
import { similar } from "../../core/similar.ts";
import { append } from "../../store/append.ts";
import { loadConfig, parseConfig } from "../../store/config.ts";
import { cannotWrite, makeDir, replaceFile } from "../../store/files.ts";
import { personConfigFile } from "../../store/paths.ts";
import { out } from "../../system/output.ts";
import { findTask } from "../find.ts";

/** Without a policy: shows. With one: sets it, globally or for the task `label`. */
export async function notify(policy: string | undefined, label: string | undefined, json: boolean): Promise<number> {
  if (policy !== undefined && !isPolicy(policy)) {
    const instead = similar(policy, policies);
    throw new CopseError("USAGE", `expected ${policies.join(", ")}, got "${policy}"`, {
      hint: instead === undefined ? "Example: copse notify always" : `Did you mean ${instead}?`,
    });
  }
  if (label !== undefined) return await forTask(label, policy, json);
  if (policy !== undefined) setGlobally(policy);
  const { notify: settings } = loadConfig(null).config;
  const places = [
    settings.desktop ? "desktop" : "",
    settings.webhook ? "webhook" : "",
    settings.ntfy ? "ntfy" : "",
    settings.slack ? "slack" : "",
  ].filter((place) => place !== "");
  if (json) out(`${JSON.stringify({ notify: { when: settings.when, places } })}\n`);
  else
    out(
      `${settings.when}: ${meaning[settings.when]}${settings.when === "off" ? "" : ` (${places.join(", ") || "nowhere: no place is set"})`}\n`,
    );
  return 0;
}

const meaning = {
  "on-complete": "you are told when a task has completed or failed",
  "on-block": "you are told when a task needs you",
  always: "you are told when a task needs you, has completed or failed",
  off: "you are told nothing",
};

async function forTask(label: string, policy: string | undefined, json: boolean): Promise<number> {
  const found = findTask(label);
  const known = found.task.notify ?? found.task.request.notify ?? loadConfig(null).config.notify.when;
  const next = policy !== undefined && isPolicy(policy) ? policy : known;
  if (policy !== undefined)
    await append(found.state, found.task.repoId, found.task.id, 0, () => [{ type: "notify-set", policy: next, by: "a person" }]);
  if (json) out(`${JSON.stringify({ notify: { label: found.task.label, when: next } })}\n`);
  else out(`${found.task.label}: ${next}: ${meaning[next]}\n`);
  return 0;
}

/** Changes the one setting and leaves the rest of the person's file as it is. */
function setGlobally(when: string): void {
  const file = personConfigFile();
  let known: Record<string, unknown> = {};
  try {
    const text = readFileSync(file, "utf8");
    parseConfig(text, file, []);
    known = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  try {
    makeDir(dirname(file));
    replaceFile(file, `${JSON.stringify({ ...known, notify: { ...(known["notify"] as object | undefined), when } }, null, 2)}\n`);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}
