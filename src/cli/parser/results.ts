/** Commands for what came out: removing worktrees and bringing them back. */
import type { Argv } from "yargs";
import { type Done, help, list, names } from "./words.ts";

const yes = (y: Argv) => y.option("yes", { alias: "y", type: "boolean", describe: "Do it, without asking" });

export const resultCommands = (parser: Argv, done: Done): Argv =>
  parser
    .command(
      "clean",
      "Remove worktrees that are proven safe (shows them first)",
      (y) =>
        yes(list(y.usage(help("copse clean [--yes]", ["copse clean", "copse clean --yes", "copse clean --all --json"]))))
          .option("all", {
            type: "boolean",
            describe: "Of all repositories",
          })
          .option("auto", { type: "boolean", describe: "Without asking, and only of tasks that have completed" }),
      (args) =>
        done(() =>
          import("../commands/clean.ts").then(({ clean }) =>
            clean({
              yes: args["yes"] === true,
              all: args["all"] === true,
              auto: args["auto"] === true,
              json: args["json"] === true,
              quiet: args["quiet"] === true,
            }),
          ),
        ),
    )
    .command(
      "rm <task..>",
      "Remove the worktree and branch of an ended task",
      (y) => yes(list(y.usage(help("copse rm <task..> [--yes]", ["copse rm docs", "copse rm docs api --yes"])))),
      (args) =>
        done(() =>
          import("../commands/clean.ts").then(({ rm }) =>
            rm(names(args), { yes: args["yes"] === true, json: args["json"] === true, quiet: args["quiet"] === true }),
          ),
        ),
    )
    .command(
      "restore <task>",
      "Bring back what clean or rm removed",
      (y) => list(y.usage(help("copse restore <task>", ["copse restore docs"]))),
      (args) =>
        done(() =>
          import("../commands/restore.ts").then(({ restore }) =>
            restore(String(args["task"]), args["json"] === true, args["quiet"] === true),
          ),
        ),
    );
