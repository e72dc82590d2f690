/** Where Copse's own programs are, wherever this file has been bundled to: beside it, or above. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const bundled = (name: string): string | undefined =>
  ["", "..", "../.."].map((up) => join(here, up, name)).find((file) => existsSync(file));

/** The file of the command line. */
export const cliFile = (): string => bundled("copse.cjs") ?? process.argv[1] ?? "copse";

/** From the sources it is `source` below `src/`, through the same loader that runs us. @returns arguments for `process.execPath` */
export function ownProgram(bundle: string, source: string): string[] {
  const file = bundled(bundle);
  return file === undefined ? [...process.execArgv, join(here, "..", source)] : [file];
}
