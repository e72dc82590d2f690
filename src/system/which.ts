/** Where a program is on PATH. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/** Absolute path of `program`, or undefined; `not` (a real path) is passed over, so that a name of ours never finds ourselves. */
export function which(
  program: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd = process.cwd(),
  not?: string,
): string | undefined {
  const candidates = program.includes("/")
    ? [resolve(cwd, program)]
    : (env["PATH"] ?? "").split(delimiter).map((dir) => join(isAbsolute(dir) ? dir : resolve(cwd, dir), program));
  return candidates.find((file) => isProgram(file) && (not === undefined || realpathSync(file) !== not));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
