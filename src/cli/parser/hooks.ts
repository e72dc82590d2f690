/** `hooks`: a command with commands of its own. What stands behind `--` is a program of the person's, and never comes to yargs. */
import type { Argv } from "yargs";
import { type Done, help, json } from "./words.ts";

export const hookCommands = (parser: Argv, done: Done): Argv =>
  parser.command("hooks <command>", "What a session runs and has called, for hooks that people write", (hooks) => {
    return hooks
      .usage(
        help("copse hooks <command>", [
          "copse hooks run -- ./my-hook.sh        # as a hook: my-hook.sh gets background_tasks and tools_called_this_turn as well",
          "copse hooks record events.ndjson       # as a hook: keeps every event",
          "copse hooks replay events.ndjson --event Stop -- ./my-hook.sh",
          "copse hooks show",
          "copse hooks install                    # puts Copse's hooks into Claude Code's settings",
        ]),
      )
      .command("run", "As a hook: enter the event, and give it with all that is known to the command behind --", (y) =>
        y.usage(help("copse hooks run [-- <command..>]", ["copse hooks run", "copse hooks run -- ./my-hook.sh"])),
      )
      .command(
        "record <file>",
        "As a hook: add the event to a recording",
        (y) => y.usage(help("copse hooks record <file>", ["copse hooks record /tmp/events.ndjson"])),
        (args) => done(() => import("../commands/hooks.ts").then(({ hooksRecord }) => hooksRecord(String(args["file"])))),
      )
      .command(
        "replay <file>",
        "Play a recording to a hook, with what was known at each event",
        (y) =>
          json(
            y.usage(
              help("copse hooks replay <file> [-- <command..>]", [
                "copse hooks replay events.ndjson",
                "copse hooks replay events.ndjson --event Stop -- ./my-hook.sh",
              ]),
            ),
          ).option("event", { type: "string", array: true, describe: "Only events of this name (repeatable)" }),
        (args) =>
          done(() =>
            import("../commands/hooks.ts").then(({ hooksReplay }) => {
              const at = process.argv.indexOf("--");
              const events = ((args["event"] as string[] | undefined) ?? []).map(String);
              return hooksReplay(String(args["file"]), {
                command: at < 0 ? [] : process.argv.slice(at + 1),
                events,
                json: args["json"] === true,
              });
            }),
          ),
      )
      .command(
        "slash",
        "As a hook: answer /tasks and /notify inside Claude Code (UserPromptExpansion)",
        (y) => y.usage(help("copse hooks slash", ["copse hooks slash           # as a hook; copse init --claude installs it"])),
        () => done(() => import("../commands/hooks-slash.ts").then(({ hooksSlash }) => hooksSlash())),
      )
      .command(
        "worktree",
        "As a hook: the worktree of a session of your own, made and removed as a task's (WorktreeCreate, WorktreeRemove)",
        (y) =>
          y.usage(
            help("copse hooks worktree", ["copse hooks worktree        # as both hooks; copse init --claude --worktrees installs them"]),
          ),
        () => done(() => import("../commands/hooks-worktree.ts").then(({ hooksWorktree }) => hooksWorktree())),
      )
      .command(
        "show",
        "Sessions heard of, with what they run and have called",
        (y) =>
          json(y.usage(help("copse hooks show", ["copse hooks show --session 8bd4"]))).option("session", {
            type: "string",
            describe: "Only the one that begins so",
          }),
        (args) =>
          done(() =>
            import("../commands/hooks.ts").then(({ hooksShow }) =>
              hooksShow(args["session"] === undefined ? null : String(args["session"]), args["json"] === true),
            ),
          ),
      )
      .command(
        "log",
        "What sessions did, event by event, and what hooks and gates said to it",
        (y) =>
          json(y.usage(help("copse hooks log", ["copse hooks log --session 8bd4", "copse hooks log -f"])))
            .option("session", { type: "string", describe: "Only the one that begins so; ended ones as well" })
            .option("follow", { alias: "f", type: "boolean", describe: "Go on as more is heard" }),
        (args) =>
          done(() =>
            import("../commands/hooks-session.ts").then(({ hooksLog }) =>
              hooksLog({
                session: args["session"] === undefined ? null : String(args["session"]),
                follow: args["follow"] === true,
                json: args["json"] === true,
              }),
            ),
          ),
      )
      .command("start", "As a hook of SessionStart: make sure of a runner, and give the event to your hooks", (y) =>
        y.usage(help("copse hooks start", ["copse hooks start"])),
      )
      .command("wake", "Start the runner, if none is up", (y) => y.usage(help("copse hooks wake", ["copse hooks wake"])))
      .command(
        "install",
        "Put Copse's hooks into Claude Code's settings, beside what is there",
        (y) =>
          scoped(
            y.usage(
              help("copse hooks install [--user|--project|--print]", [
                "copse hooks install                # in ~/.claude/settings.json: all your sessions",
                "copse hooks install --project      # in .claude/settings.local.json: this repository's",
                "copse hooks install --print        # only shows them",
              ]),
            ),
          )
            .option("print", { type: "boolean", describe: "Print them as JSON, and write nothing" })
            .conflicts("print", ["user", "project"])
            .epilogue("A token is in them, so --project uses the file that is not committed, and a file that git tracks is refused."),
        (args) =>
          done(() =>
            import("../commands/hooks-install.ts").then(({ hooksInstall, hooksPrint }) =>
              args["print"] === true ? hooksPrint() : hooksInstall(scopeOf(args), args["json"] === true),
            ),
          ),
      )
      .command(
        "uninstall",
        "Take them out again; all else stays, byte for byte",
        (y) =>
          scoped(y.usage(help("copse hooks uninstall [--user|--project]", ["copse hooks uninstall", "copse hooks uninstall --project"]))),
        (args) =>
          done(() =>
            import("../commands/hooks-install.ts").then(({ hooksUninstall }) => hooksUninstall(scopeOf(args), args["json"] === true)),
          ),
      )
      .demandCommand(1);
  });

const scoped = (y: Argv): Argv =>
  json(y)
    .option("user", { type: "boolean", describe: "Your settings, for all sessions (the default)" })
    .option("project", { type: "boolean", describe: "Your settings for this repository" })
    .conflicts("user", "project");

const scopeOf = (args: Readonly<Record<string, unknown>>): "user" | "project" => (args["project"] === true ? "project" : "user");
