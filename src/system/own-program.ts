/** The command line of one of Copse's own programs, wherever this file has been bundled to. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** `bundle` beside or above this file; from the sources, `source` below `src/`, through the same loader that runs us. Arguments for `process.execPath`. */
export function ownProgram(bundle: string, source: string): string[] {
  const here = import.meta.dirname;
  const bundled = ["", "..", "../.."].map((up) => join(here, up, bundle)).find((file) => existsSync(file));
  return bundled === undefined ? [...process.execArgv, join(here, "..", source)] : [bundled];
}
