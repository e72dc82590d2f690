/** Asking a person whether the commands of a repository's configuration may run. Shown whole and made safe; the default answer is no. */

import { createInterface } from "node:readline/promises";
import { safe } from "../core/safe.ts";
import type { Repository } from "../git/repository.ts";
import { trust } from "../store/approve.ts";
import type { Loaded } from "../store/config.ts";
import { executableOf, isTrusted } from "../store/trust.ts";
import { err } from "../system/output.ts";
import { refuseUntrusted } from "./submit.ts";

/** Asks on the terminal; @throws CopseError NOT_TRUSTED when the answer is not yes */
export async function askForTrust(loaded: Loaded, repo: Repository): Promise<void> {
  const what = executableOf(loaded.project, repo.id);
  if (what === undefined || isTrusted(what, repo.id)) return;
  err(
    `${safe(repo.top)}/.worktrees/config.json wants to set:\n${safe(JSON.stringify(what.parts, null, 2))}\nThese run commands, tell an agent what to do, or widen what it may do, on this machine.\n`,
  );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = (await lines.question("Trust them, as they are now? [y/N] ")).trim().toLowerCase();
  lines.close();
  if (answer === "y" || answer === "yes") await trust(what, repo.id);
  else await refuseUntrusted(loaded, repo);
}

/** Asks where there is somebody to ask, else refuses. @throws CopseError NOT_TRUSTED */
export async function requireTrust(loaded: Loaded, repo: Repository, ask: boolean): Promise<void> {
  await (ask ? askForTrust : refuseUntrusted)(loaded, repo);
}
