#!/usr/bin/env node
/** Entry of the command line: what people wait for answers before yargs is loaded; one place turns errors into exit codes. */

import { route } from "./cli/route.ts";
import { CopseError, exit, messageOf } from "./core/errors.ts";
import { redact } from "./core/redact.ts";
import { safe } from "./core/safe.ts";
import { codeDir } from "./store/paths.ts";
import { cacheCode } from "./system/code-cache.ts";
import { debugging } from "./system/debug.ts";
import { err, out } from "./system/output.ts";

const argv = process.argv.slice(2);
const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
// Stacks name the sources only where Node itself compiles.
if (debugging) process.setSourceMapsEnabled(true);
else cacheCode(import.meta.dirname, codeDir());

route(argv).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = report(error, own.includes("--json"));
  },
);

/** One error, once: what happened, why, the next command; as JSON on stdout where that was asked for. @returns the exit code */
function report(error: unknown, json: boolean): number {
  const known = error instanceof CopseError && error.code !== "BUG";
  const code = error instanceof CopseError ? error.code : "BUG";
  const message = redact(messageOf(error));
  const hint =
    error instanceof CopseError ? error.hint : "Please report it, with what you did and the output of the same command with --debug.";
  if (json) out(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  err(safe(`copse: ${known ? "" : "bug: "}${message}\n${hint === null ? "" : `  ${hint}\n`}`));
  if (debugging && error instanceof Error) err(`${error.stack}\n${error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : ""}`);
  return error instanceof CopseError ? error.exitCode : exit.bug;
}
