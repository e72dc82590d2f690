/** The command line for people: names, help, completion; the only user of yargs. Each command's module is loaded when it is called. */

import yargs, { type Argv } from "yargs";
import { exit } from "../core/errors.ts";
import { out, screen } from "../system/output.ts";
import { version } from "../version.ts";
import { type Flag, runFlags, statuslineFlags, tasksFlags } from "./flags.ts";
import { complete, number, wrongUsage } from "./usage.ts";

/** @returns the exit code. @throws CopseError */
export async function cli(argv: readonly string[]): Promise<number> {
  let work: () => Promise<number> = () => Promise.resolve(exit.ok);
  // Called when yargs is through: it lays out the help text for every handler that makes it wait.
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

type Done = (chosen: () => Promise<number>) => void;

const examples = `Examples:
  copse -w -b --label docs "Write the API docs"     a task in the background
  copse tasks                                       what is going on
  copse logs -f docs                                follow one
  copse run "fix the login" --verify "npm test"     in the foreground, with evidence
  copse run -b --exec -- npm run lint:fix           a command instead of an agent
  alias claude='copse claude'                       then: claude -w --background --label x "…"`;

function build(parser: Argv, done: Done): Argv {
  const list = (y: Argv) =>
    y
      .option("json", { type: "boolean", describe: "Print JSON" })
      .option("quiet", { alias: "q", type: "boolean", describe: "Print ids only" });
  const json = (y: Argv) => y.option("json", { type: "boolean", describe: "Print JSON" });
  return parser
    .scriptName("copse")
    .detectLocale(false)
    .usage(
      `Runs coding-agent tasks, each in its own git worktree, through a queue.\n\n${examples}\n\nUsage: copse <command>, or copse [flags] "<prompt>"`,
    )
    .command(["run [prompt]"], "Make a task (the default command)", (y) =>
      withFlags(
        y.usage(
          help("copse run [flags] [prompt]", [
            'copse run "fix the login" --verify "npm test"',
            'copse -w -b --label docs "Write the API docs"',
            "copse run -b --prompt-file task.md --timeout 45m",
            "copse run -b --exec --label lint -- npm run lint:fix",
          ]),
        ),
        runFlags,
      ),
    )
    .command(["tasks", "list", "ls"], "List tasks", (y) =>
      withFlags(
        y.usage(help("copse tasks", ["copse tasks", "copse tasks --all --state running", "copse tasks --json | jq '.tasks[].label'"])),
        tasksFlags,
      ),
    )
    .command(
      "show <task>",
      "One task's life, cost and next steps",
      (y) => json(y.usage(help("copse show <task>", ["copse show docs"]))),
      (args) => done(() => import("./commands/show.ts").then(({ show }) => show(String(args["task"]), args["json"] === true))),
    )
    .command(
      "logs <task>",
      "What the agent did",
      (y) =>
        json(y.usage(help("copse logs <task>", ["copse logs -f docs", "copse logs docs --tail 50", "copse logs docs --run 2 --raw"])))
          .option("follow", { alias: "f", type: "boolean", describe: "Keep printing as it grows" })
          .option("raw", { type: "boolean", describe: "The agent's own output, byte for byte" })
          .option("run", { type: "number", describe: "Only this run" })
          .option("tail", { type: "number", describe: "Only the last lines" })
          .option("since", { type: "string", describe: "Only runs of the last while, such as 2h" }),
      (args) =>
        done(() =>
          import("./commands/logs.ts").then(({ logs }) =>
            logs(String(args["task"]), {
              follow: args["follow"] === true,
              raw: args["raw"] === true,
              run: number(args, "run"),
              tail: number(args, "tail"),
              since: args["since"] as string | undefined,
              json: args["json"] === true,
            }),
          ),
        ),
    )
    .command(
      "stop <task..>",
      "End tasks; their work is kept",
      (y) => list(y.usage(help("copse stop <task..>", ["copse stop docs", "copse tasks -q --state queued | xargs copse stop"]))),
      (args) =>
        done(() => import("./commands/stop.ts").then(({ stop }) => stop(names(args), args["json"] === true, args["quiet"] === true))),
    )
    .command(
      "retry <task..>",
      "A new attempt in the same worktree",
      (y) => list(y.usage(help("copse retry <task..>", ["copse retry docs"]))),
      (args) =>
        done(() => import("./commands/retry.ts").then(({ retry }) => retry(names(args), args["json"] === true, args["quiet"] === true))),
    )
    .command(
      "wait [task..]",
      "Block until tasks have ended; the exit code tells",
      (y) =>
        list(
          y.usage(
            help("copse wait [task..]", [
              "copse wait",
              "copse wait docs tests --any",
              "copse wait docs --timeout 1h && git merge copse/docs",
            ]),
          ),
        )
          .option("any", { type: "boolean", describe: "Until the first has ended" })
          .option("timeout", { type: "string", describe: "At most this long" }),
      (args) =>
        done(() =>
          import("./commands/wait.ts").then(({ wait }) =>
            wait(names(args), {
              any: args["any"] === true,
              timeout: args["timeout"] as string | undefined,
              json: args["json"] === true,
              quiet: args["quiet"] === true,
            }),
          ),
        ),
    )
    .command(["send <task> <text>", "answer"], "Answer its question, or tell its agent something", (y) =>
      list(
        y.usage(
          help("copse send <task> <text>", [
            'copse send docs "Use Postgres"',
            "copse send docs 2",
            'copse send audit -- "- leave out vendor/"',
          ]),
        ),
      ),
    )
    .command("approve <task>", "Let it do what it asks for", (y) =>
      list(y.usage(help("copse approve <task>", ["copse approve docs", "copse approve docs --always"]))).option("always", {
        type: "boolean",
        describe: "For the rest of the task",
      }),
    )
    .command("deny <task> [why]", "Refuse it, with the reason its agent reads", (y) =>
      list(y.usage(help("copse deny <task> [why]", ['copse deny docs "Not on main; use a branch"']))),
    )
    .command(
      "inbox",
      "Every open question, answerable one after the other",
      (y) => list(y.usage(help("copse inbox", ["copse inbox", "copse inbox --json | jq -r '.tasks[].needs.text'"]))),
      (args) => done(() => import("./commands/inbox.ts").then(({ inbox }) => inbox(args["json"] === true, args["quiet"] === true))),
    )
    .command(
      "notify [policy]",
      "When to be told: on-complete, on-block, always, off",
      (y) =>
        json(y.usage(help("copse notify [policy]", ["copse notify", "copse notify always", "copse notify off --label docs"]))).option(
          "label",
          { alias: "l", type: "string", describe: "For this task only" },
        ),
      (args) =>
        done(() =>
          import("./commands/notify.ts").then(({ notify }) =>
            notify(args["policy"] as string | undefined, args["label"] as string | undefined, args["json"] === true),
          ),
        ),
    )
    .command(
      "attach <task>",
      "The agent's own session, interactive, in its worktree",
      (y) =>
        y.usage(help("copse attach <task>", ["copse attach docs", "copse attach docs --then deliver"])).option("then", {
          choices: ["queue", "deliver", "same"] as const,
          default: "queue" as const,
          describe: "Afterwards: go on in the background, deliver what is there, or leave as it is",
        }),
      (args) => done(() => import("./commands/attach.ts").then(({ attach }) => attach(String(args["task"]), args["then"] as "queue"))),
    )
    .command("runner <action>", "The background process: status, stop, logs", (y) =>
      y
        .usage(help("copse runner <status|stop|logs>", ["copse runner status", "copse runner logs -f"]))
        .command(
          "status",
          "Is it up, what does it hold",
          (z) => json(z.usage(help("copse runner status", ["copse runner status"]))),
          (args) => done(() => import("./commands/runner.ts").then(({ runnerStatus }) => runnerStatus(args["json"] === true))),
        )
        .command(
          "stop",
          "Let it leave; what runs goes on",
          (z) => json(z.usage(help("copse runner stop", ["copse runner stop"]))),
          (args) => done(() => import("./commands/runner.ts").then(({ runnerStop }) => runnerStop(args["json"] === true))),
        )
        .command(
          "logs",
          "What it said",
          (z) =>
            z
              .usage(help("copse runner logs", ["copse runner logs -f"]))
              .option("follow", { alias: "f", type: "boolean", describe: "Keep printing" }),
          (args) => done(() => import("./commands/runner.ts").then(({ runnerLogs }) => runnerLogs(args["follow"] === true))),
        )
        .demandCommand(1, 1),
    )
    .command("config", "What is set, and from where", (y) =>
      json(y.usage(help("copse config [get <key>|trust]", ["copse config", "copse config get limit", "copse config trust"])))
        .command(
          "get <key>",
          "One setting",
          (z) => json(z.usage(help("copse config get <key>", ["copse config get limit"]))),
          (args) =>
            done(() => import("./commands/config.ts").then(({ configGet }) => configGet(String(args["key"]), args["json"] === true))),
        )
        .command(
          "trust",
          "Approve the commands of this repository's file",
          (z) =>
            z
              .usage(help("copse config trust", ["copse config trust", "copse config trust --yes"]))
              .option("yes", { alias: "y", type: "boolean", describe: "Without asking" }),
          (args) => done(() => import("./commands/config.ts").then(({ configTrust }) => configTrust(args["yes"] === true))),
        )
        .command(["show", "$0"], "Everything", json, (args) =>
          done(() => import("./commands/config.ts").then(({ configShow }) => configShow(args["json"] === true))),
        ),
    )
    .command(
      "init",
      "A .worktrees folder to share settings by",
      (y) => json(y.usage(help("copse init", ["copse init && git add .worktrees"]))),
      (args) => done(() => import("./commands/init.ts").then(({ init }) => init(args["json"] === true))),
    )
    .command(
      "doctor",
      "Check everything a task needs",
      (y) => json(y.usage(help("copse doctor", ["copse doctor"]))),
      (args) => done(() => import("./commands/doctor.ts").then(({ doctor }) => doctor(args["json"] === true))),
    )
    .command("statusline", "One line for a prompt, tmux or Claude Code's status bar", (y) =>
      withFlags(
        y.usage(
          help("copse statusline [--claude] [-- other line's command]", [
            "set -g status-right '#(copse statusline)'          in ~/.tmux.conf",
            '"statusLine": {"type": "command", "command": "copse statusline --claude -- ~/my-line.sh"}   in Claude Code\'s settings',
          ]),
        ),
        statuslineFlags,
      ),
    )
    .command("claude", "Claude Code's own words (alias claude='copse claude')", (y) =>
      y.usage(
        help("copse claude [anything]", [
          "alias claude='copse claude'",
          'claude -w --background --label security-audit "Scan the codebase …"',
          "claude --resume <session-id>",
        ]),
      ),
    )
    .command(
      "completion [shell]",
      "Completion script for bash, zsh or fish",
      (y) =>
        y.usage(
          help("copse completion [bash|zsh|fish]", [
            "copse completion bash >> ~/.bashrc",
            "copse completion fish > ~/.config/fish/completions/copse.fish",
          ]),
        ),
      (args) => done(() => import("./commands/completion.ts").then(({ completion }) => completion(args["shell"] as string | undefined))),
    )
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

function help(usage: string, lines: readonly string[]): string {
  return `Examples:\n${lines.map((line) => `  ${line}`).join("\n")}\n\nUsage: ${usage}`;
}

function withFlags(y: Argv, flags: readonly Flag[]): Argv {
  return flags
    .filter((flag) => !["help", "debug"].includes(flag.name) && !flag.hidden)
    .reduce(
      (all, flag) =>
        all.option(flag.name, {
          ...(flag.alias === undefined ? {} : { alias: [...flag.alias] }),
          type: flag.kind === "boolean" ? "boolean" : flag.kind === "list" ? "array" : "string",
          describe: flag.later === undefined ? flag.describe : `${flag.describe} (not in this version yet)`,
        }),
      y,
    );
}

const names = (args: Readonly<Record<string, unknown>>): string[] => ((args["task"] as (string | number)[] | undefined) ?? []).map(String);
