/** `--debug` and COPSE_DEBUG: what was run, how long it took, each step chosen. Values of environment variables never come here. */
import { appendFileSync } from "node:fs";

let sink: ((line: string) => void) | undefined = process.env["COPSE_DEBUG"] ? (line) => process.stderr.write(`${line}\n`) : undefined;

/** Writes to `file` from now on, or to stderr when it is undefined. */
export function debugTo(file: string | undefined): void {
  sink = (line) => {
    if (file === undefined) process.stderr.write(`${line}\n`);
    else appendFileSync(file, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
  };
}

/** The text is only made when somebody listens. */
export function debug(text: () => string): void {
  sink?.(`debug: ${text()}`);
}
