/** What the parser's commands share: examples before usage, flags from the one table, the options of every listing. */
import type { Argv } from "yargs";
import type { Flag } from "../flags.ts";

/** The command that was chosen; called when yargs is through, for it lays out the help text for every handler that makes it wait. */
export type Done = (chosen: () => Promise<number>) => void;

export const list = (y: Argv) =>
  y
    .option("json", { type: "boolean", describe: "Print JSON" })
    .option("quiet", { alias: "q", type: "boolean", describe: "Print ids only" });

export const json = (y: Argv) => y.option("json", { type: "boolean", describe: "Print JSON" });

export function help(usage: string, lines: readonly string[]): string {
  return `Examples:\n${lines.map((line) => `  ${line}`).join("\n")}\n\nUsage: ${usage}`;
}

export function withFlags(y: Argv, flags: readonly Flag[]): Argv {
  return flags
    .filter((flag) => !["help", "debug"].includes(flag.name) && !flag.hidden)
    .reduce(
      (all, flag) =>
        all.option(flag.name, {
          ...(flag.alias === undefined ? {} : { alias: [...flag.alias] }),
          type: flag.kind === "boolean" ? "boolean" : flag.kind === "list" ? "array" : "string",
          describe: flag.describe,
        }),
      y,
    );
}

export const names = (args: Readonly<Record<string, unknown>>): string[] =>
  ((args["task"] as (string | number)[] | undefined) ?? []).map(String);
