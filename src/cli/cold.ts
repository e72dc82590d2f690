/** Everything that may take a moment: yargs, the live board, questions on the terminal. Loaded by the fast commands only when they need it. */
import { debugTo } from "../system/debug.ts";

if (process.argv.includes("--debug")) debugTo(undefined);

export { resolveBase } from "../git/base.ts";
export { cli } from "./cli.ts";
export { answerCommand } from "./commands/answer.ts";
export { attach } from "./commands/attach.ts";
export { passOn } from "./commands/pass-on.ts";
export { follow } from "./follow.ts";
export { askForTrust } from "./trust.ts";
