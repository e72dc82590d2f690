/** Commands about the runner, settings, notifications and the machine. */
import type { Argv } from "yargs";
import { CopseError } from "../../core/errors.ts";
import { mcpFlags, statuslineFlags } from "../flags.ts";
import { number } from "../usage.ts";
import { type Done, help, json, withFlags } from "./words.ts";

export const settingsCommands = (parser: Argv, done: Done): Argv =>
  parser
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
          import("../commands/notify.ts").then(({ notify }) =>
            notify(args["policy"] as string | undefined, args["label"] as string | undefined, args["json"] === true),
          ),
        ),
    )
    .command("runner <action>", "The background process and its queue", (y) =>
      y
        .usage(
          help("copse runner <status|stop|pause|resume|limit|logs>", [
            "copse runner status",
            "copse runner limit 5",
            "copse runner logs -f",
          ]),
        )
        .command(
          "status",
          "Is it up, what does it hold",
          (z) => json(z.usage(help("copse runner status", ["copse runner status"]))),
          (args) => done(() => import("../commands/runner.ts").then(({ runnerStatus }) => runnerStatus(args["json"] === true))),
        )
        .command(
          "stop",
          "Let it leave; what runs goes on",
          (z) => json(z.usage(help("copse runner stop", ["copse runner stop"]))),
          (args) => done(() => import("../commands/runner.ts").then(({ runnerStop }) => runnerStop(args["json"] === true))),
        )
        .command(
          "pause",
          "Start nothing more; what runs goes on",
          (z) => json(z.usage(help("copse runner pause", ["copse runner pause"]))),
          (args) => done(() => import("../commands/queue.ts").then(({ setPaused }) => setPaused(true, args["json"] === true))),
        )
        .command(
          "resume",
          "Go on starting what waits",
          (z) => json(z.usage(help("copse runner resume", ["copse runner resume"]))),
          (args) => done(() => import("../commands/queue.ts").then(({ setPaused }) => setPaused(false, args["json"] === true))),
        )
        .command(
          "limit <number>",
          "Tasks at once, instead of the configured limit (default: that again)",
          (z) =>
            json(z.usage(help("copse runner limit <number|default>", ["copse runner limit 5", "copse runner limit default"]))).string(
              "number",
            ),
          (args) =>
            done(() => import("../commands/queue.ts").then(({ setLimit }) => setLimit(String(args["number"]), args["json"] === true))),
        )
        .command(
          "logs",
          "What it said",
          (z) =>
            z
              .usage(help("copse runner logs", ["copse runner logs -f"]))
              .option("follow", { alias: "f", type: "boolean", describe: "Keep printing" }),
          (args) => done(() => import("../commands/runner.ts").then(({ runnerLogs }) => runnerLogs(args["follow"] === true))),
        )
        .demandCommand(1, 1),
    )
    .command(
      "ui",
      "The dashboard, in the browser",
      (y) =>
        json(y.usage(help("copse ui", ["copse ui", "copse ui --no-open --port 4000", "copse ui --stop"])))
          .option("open", { type: "boolean", default: true, describe: "Open it (--no-open: only print its address)" })
          .option("port", { type: "number", describe: "At this port of this machine" })
          .option("stop", { type: "boolean", describe: "Serve it no more, and let nobody in" })
          .conflicts("stop", ["port"]),
      (args) =>
        done(async () => {
          const { ui, uiStop } = await import("../commands/ui.ts");
          const asJson = args["json"] === true;
          if (args["stop"] === true) return uiStop(asJson);
          return ui({ port: number(args, "port") ?? null, open: args["open"] !== false, json: asJson });
        }),
    )
    .command("config", "What is set, and from where", (y) =>
      json(y.usage(help("copse config [get <key>|trust]", ["copse config", "copse config get limit", "copse config trust"])))
        .command(
          "get <key>",
          "One setting",
          (z) => json(z.usage(help("copse config get <key>", ["copse config get limit"]))),
          (args) =>
            done(() => import("../commands/config.ts").then(({ configGet }) => configGet(String(args["key"]), args["json"] === true))),
        )
        .command(
          "trust",
          "Approve the commands of this repository's file",
          (z) =>
            z
              .usage(help("copse config trust", ["copse config trust", "copse config trust --yes"]))
              .option("yes", { alias: "y", type: "boolean", describe: "Without asking" }),
          (args) => done(() => import("../commands/config.ts").then(({ configTrust }) => configTrust(args["yes"] === true))),
        )
        .command(["show", "$0"], "Everything", json, (args) =>
          done(() => import("../commands/config.ts").then(({ configShow }) => configShow(args["json"] === true))),
        ),
    )
    .command(
      "init",
      "A .worktrees folder to share settings by; with --claude, Copse inside Claude Code",
      (y) =>
        json(
          y.usage(
            help("copse init [--claude]", [
              "copse init && git add .worktrees",
              "copse init --claude                # /tasks and /notify in every session of yours",
              "copse init --claude --worktrees    # and claude -w gets its worktrees from Copse",
              "copse init --claude --project      # into this repository's .claude, to share",
              "copse init --claude --remove",
            ]),
          ),
        )
          .option("claude", { type: "boolean", describe: "Install Copse's commands into Claude Code" })
          .option("project", { type: "boolean", describe: "For this repository instead of for you" })
          .option("worktrees", { type: "boolean", describe: "Worktrees of sessions too (with --remove: only those)" })
          .option("remove", { type: "boolean", describe: "Take away again what was installed" }),
      (args) =>
        done(async () => {
          const given = (name: string) => args[name] === true;
          const alone = ["project", "worktrees", "remove"].find(given);
          if (!given("claude") && alone !== undefined)
            throw new CopseError("USAGE", `--${alone} goes with --claude`, { hint: `copse init --claude --${alone}` });
          if (!given("claude")) return (await import("../commands/init.ts")).init(given("json"));
          const { initClaude } = await import("../commands/init-claude.ts");
          return initClaude({ project: given("project"), worktrees: given("worktrees"), remove: given("remove"), json: given("json") });
        }),
    )
    .command(
      "doctor",
      "Check everything a task needs",
      (y) => json(y.usage(help("copse doctor", ["copse doctor"]))),
      (args) => done(() => import("../commands/doctor.ts").then(({ doctor }) => doctor(args["json"] === true))),
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
    .command("mcp", "The queue as tools for an agent: an MCP server on standard input", (y) =>
      withFlags(
        y.usage(
          help("copse mcp [flags]", [
            "claude mcp add copse -- copse mcp                  for Claude Code in this project",
            "claude mcp add -s user copse -- copse mcp          for all of your projects",
            '{"mcpServers": {"copse": {"command": "copse", "args": ["mcp"]}}}   for other programs',
          ]),
        ),
        mcpFlags,
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
      (args) => done(() => import("../commands/completion.ts").then(({ completion }) => completion(args["shell"] as string | undefined))),
    );
