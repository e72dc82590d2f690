/** A repository's id: first 16 hex digits of the sha256 of the real path of its common git directory. Known ones are looked up, which is faster than computing. */
import { appendFileSync } from "node:fs";
import { sha256 } from "../core/hash.ts";
import { readMaybe } from "./files.ts";
import { repoIdsFile, stateDir } from "./paths.ts";

export function repoIdOf(commonDir: string, state = stateDir()): string {
  return known(commonDir, state) ?? sha256(commonDir).slice(0, 16);
}

/** Notes an id for later look-ups; called when a task is made. */
export function rememberRepoId(commonDir: string, id: string, state = stateDir()): void {
  if (known(commonDir, state) === undefined) appendFileSync(repoIdsFile(state), `${id}\t${JSON.stringify(commonDir)}\n`, { mode: 0o600 });
}

function known(commonDir: string, state: string): string | undefined {
  const text = `\n${readMaybe(repoIdsFile(state)) ?? ""}`;
  const end = text.indexOf(`\t${JSON.stringify(commonDir)}\n`);
  const id = end < 17 ? "" : text.slice(end - 16, end);
  return /^[0-9a-f]{16}$/.test(id) ? id : undefined;
}
