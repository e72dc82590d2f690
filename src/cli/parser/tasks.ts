/** Commands that make tasks, look at them and talk to them. */
import type { Argv } from "yargs";
import { batchCommandFlags, runFlags, tasksFlags, watchFlags } from "../flags.ts";
import { number } from "../usage.ts";
import { type Done, help, json, list, names, withFlags } from "./words.ts";

export const taskCommands = (parser: Argv, done: Done): Argv =>
  parser
    .command(["run [prompt]"], "Make a task (the default command)", (y) =>
      withFlags(
        y.usage(
          help("copse run [flags] [prompt]", [
            'copse run "fix the login" --verify "npm test"',
            'copse -w -b --label docs "Write the API docs"',
            'copse run "explain the cache" --then "write its missing tests"',
            "copse run -b --prompt-file task.md --timeout 45m",
            "copse run -b --exec --label lint -- npm run lint:fix",
          ]),
        ),
        runFlags,
      ),
    )
    .command(["batch [name]"], "Many tasks by a name, from a file, or one for each line or issue", (y) =>
      withFlags(
        y.usage(
          help(
            "copse batch <name or file>, copse batch --each <prompt> [flags of run] < lines, or copse batch --issues <which> [prompt] [flags of run]",
            [
              "copse batch --list",
              "copse batch security-audit --set dir=src/api/ --dry-run",
              "copse batch .worktrees/batches/nightly.yaml --dry-run",
              "copse batch nightly.yaml -b && copse report --batch nightly",
              "copse batch nightly.yaml --failed",
              "copse batch --issues label:bug 'Fix {title} {body}' --pr -b",
              "git ls-files 'src/*.ts' | copse batch --each 'Review {}' --limit 2 -b",
            ],
          ),
        ),
        batchCommandFlags,
      ),
    )
    .command(["tasks", "list", "ls"], "List tasks", (y) =>
      withFlags(
        y.usage(
          help("copse tasks", [
            "copse tasks",
            "copse tasks --all --state running",
            "copse tasks --refresh",
            "copse tasks --json | jq '.tasks[].label'",
          ]),
        ),
        tasksFlags,
      ),
    )
    .command(["watch"], "Every task at a glance, live, with a key for each command", (y) =>
      withFlags(y.usage(help("copse watch", ["copse watch", "copse watch --here", "copse tasks --watch | tee tasks.log"])), watchFlags),
    )
    .command(
      "show <task>",
      "One task's life, cost and next steps",
      (y) => json(y.usage(help("copse show <task>", ["copse show docs"]))),
      (args) => done(() => import("../commands/show.ts").then(({ show }) => show(String(args["task"]), args["json"] === true))),
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
          import("../commands/logs.ts").then(({ logs }) =>
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
        done(() => import("../commands/stop.ts").then(({ stop }) => stop(names(args), args["json"] === true, args["quiet"] === true))),
    )
    .command(
      "retry <task..>",
      "A new attempt in the same worktree",
      (y) => list(y.usage(help("copse retry <task..>", ["copse retry docs"]))),
      (args) =>
        done(() => import("../commands/retry.ts").then(({ retry }) => retry(names(args), args["json"] === true, args["quiet"] === true))),
    )
    .command("priority <task> <number>", "Let it go before others, or after them", (y) =>
      list(y.usage(help("copse priority <task> <number>", ["copse priority docs 5", "copse priority docs -5"]))),
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
          import("../commands/wait.ts").then(({ wait }) =>
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
      (args) => done(() => import("../commands/inbox.ts").then(({ inbox }) => inbox(args["json"] === true, args["quiet"] === true))),
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
      (args) => done(() => import("../commands/attach.ts").then(({ attach }) => attach(String(args["task"]), args["then"] as "queue"))),
    );
