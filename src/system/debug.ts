/** `--debug` and COPSE_DEBUG: what was run, how long it took, each step chosen. Values of environment variables never come here. */
import { err } from "./output.ts";

const end = process.argv.indexOf("--");
/** Whether somebody listens; flags behind `--` are another program's. */
export const debugging = Boolean(process.env["COPSE_DEBUG"]) || process.argv.slice(2, end < 0 ? undefined : end).includes("--debug");

/** The text is only made when somebody listens. */
export function debug(text: () => string): void {
  if (debugging) err(`debug: ${text()}\n`);
}
