#!/usr/bin/env node
/** Entry of the command line: what people wait for answers before yargs is loaded; one place turns errors into exit codes. */
import { route } from "./cli/route.ts";
import { CopseError, exit, messageOf, systemCode } from "./core/errors.ts";
import { redact } from "./core/redact.ts";
import { safe } from "./core/safe.ts";
import { debugTo } from "./system/debug.ts";

const argv = process.argv.slice(2);
const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
if (own.includes("--debug")) {
  debugTo(undefined);
  process.setSourceMapsEnabled(true);
}

// A reader that has seen enough (`| head -1`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    if (systemCode(error) === "EPIPE") process.exit(exit.ok);
    throw error;
  });
}

try {
  process.exitCode = await route(argv);
} catch (error) {
  process.exitCode = report(error, own.includes("--json"), own.includes("--debug"));
}

/** One error, once: what happened, why, the next command; as JSON on stdout where that was asked for. @returns the exit code */
function report(error: unknown, json: boolean, debug: boolean): number {
  const known = error instanceof CopseError && error.code !== "BUG";
  const code = error instanceof CopseError ? error.code : "BUG";
  const message = redact(messageOf(error));
  const hint =
    error instanceof CopseError ? error.hint : "Please report it, with what you did and the output of the same command with --debug.";
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  process.stderr.write(safe(`copse: ${known ? "" : "bug: "}${message}\n${hint === null ? "" : `  ${hint}\n`}`));
  if (debug && error instanceof Error)
    process.stderr.write(`${error.stack}\n${error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : ""}`);
  return error instanceof CopseError ? error.exitCode : exit.bug;
}
