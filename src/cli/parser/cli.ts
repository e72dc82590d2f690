/** The command line for people: names, help, completion; the only user of yargs. Each command's module is loaded when it is called. */

import yargs, { type Argv } from "yargs";
import { exit } from "../../core/errors.ts";
import { out, screen } from "../../system/output.ts";
import { version } from "../../version.ts";
import { complete, wrongUsage } from "../usage.ts";
import { hookCommands } from "./hooks.ts";
import { resultCommands } from "./results.ts";
import { settingsCommands } from "./settings.ts";
import { taskCommands } from "./tasks.ts";
import type { Done } from "./words.ts";

/** @returns the exit code. @throws CopseError */
export async function cli(argv: readonly string[]): Promise<number> {
  let work: () => Promise<number> = () => Promise.resolve(exit.ok);
  const done = (chosen: () => Promise<number>) => {
    work = chosen;
  };
  const parser = build(yargs([...(argv[0] === "help" ? [...argv.slice(1), "--help"] : argv)]), done);
  if (argv.length === 0) {
    parser.showHelp((text) => out(`${text}\n`));
    return exit.ok;
  }
  await parser.parseAsync();
  return await work();
}

const examples = `Examples:
  copse -w -b --label docs "Write the API docs"     a task in the background
  copse tasks                                       what is going on
  copse logs -f docs                                follow one
  copse run "fix the login" --verify "npm test"     in the foreground, with evidence
  copse run -b --exec -- npm run lint:fix           a command instead of an agent
  alias claude='copse claude'                       then: claude -w --background --label x "…"`;

function build(parser: Argv, done: Done): Argv {
  const named = parser
    .scriptName("copse")
    .detectLocale(false)
    .usage(
      `Runs coding-agent tasks, each in its own git worktree, through a queue.\n\n${examples}\n\nUsage: copse <command>, or copse [flags] "<prompt>"`,
    );
  return settingsCommands(hookCommands(resultCommands(taskCommands(named, done), done), done), done)
    .completion("get-completion", false as never, complete)
    .version(version)
    .option("debug", { type: "boolean", hidden: true })
    .help()
    .alias("help", "h")
    .wrap(Math.min(100, screen().columns ?? 100))
    .demandCommand(1)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      throw wrongUsage(message);
    });
}
