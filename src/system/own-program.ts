/** How Copse starts itself: its command line's own file, beside or above this one in the bundle; from the sources, through the loader that runs us. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The file of the command line. */
export function cliFile(): string {
  const here = import.meta.dirname;
  return ["", "..", "../.."].map((up) => join(here, up, "copse.cjs")).find((file) => existsSync(file)) ?? process.argv[1] ?? "copse";
}
