/** Commands for what came out: seeing it, taking it over, reporting, cleaning up. */
import type { Argv } from "yargs";
import { type Done, help, json, list, names } from "./words.ts";

const yes = (y: Argv) => y.option("yes", { alias: "y", type: "boolean", describe: "Do it, without asking" });

export const resultCommands = (parser: Argv, done: Done): Argv =>
  parser
    .command(
      "diff <task>",
      "What it changed against its base",
      (y) =>
        json(y.usage(help("copse diff <task>", ["copse diff docs", "copse diff docs --stat", "copse diff docs --web"])))
          .option("stat", { type: "boolean", describe: "Files and how much of them" })
          .option("name-only", { type: "boolean", describe: "Names of files" })
          .option("web", { type: "boolean", describe: "In the dashboard" })
          .conflicts("web", ["stat", "name-only"]),
      (args) =>
        done(() =>
          import("../commands/diff.ts").then(({ diff }) =>
            diff(String(args["task"]), {
              stat: args["stat"] === true,
              nameOnly: args["name-only"] === true,
              web: args["web"] === true,
              json: args["json"] === true,
            }),
          ),
        ),
    )
    .command(
      "merge <task>",
      "Take its work over, once its checks pass on the merged result",
      (y) =>
        json(y.usage(help("copse merge <task> [--squash|--rebase]", ["copse merge docs", "copse merge docs --squash"])))
          .option("squash", { type: "boolean", describe: "As one commit" })
          .option("rebase", { type: "boolean", describe: "Its commits on top, without a merge commit" })
          .option("no-ff", { type: "boolean", describe: "With a merge commit (the default)" })
          .option("verify", { type: "boolean", default: true, describe: "Run its checks on the merged result" })
          .conflicts({ squash: ["rebase", "no-ff"], rebase: ["no-ff"] }),
      (args) =>
        done(() =>
          import("../commands/merge.ts").then(({ merge }) =>
            merge(String(args["task"]), {
              how: args["squash"] === true ? "squash" : args["rebase"] === true ? "rebase" : "merge",
              verify: args["verify"] !== false,
              json: args["json"] === true,
            }),
          ),
        ),
    )
    .command(
      "pr <task>",
      "Open its pull request, or bring it up to date",
      (y) =>
        json(y.usage(help("copse pr <task>", ["copse pr docs", "copse pr docs --dry-run", "copse pr docs --ready"])))
          .option("dry-run", { type: "boolean", describe: "Print all of it; push nothing, ask nobody" })
          .option("ready", { type: "boolean", describe: "Not as a draft" }),
      (args) =>
        done(() =>
          import("../commands/pr.ts").then(({ pr }) =>
            pr(String(args["task"]), { dryRun: args["dry-run"] === true, ready: args["ready"] === true, json: args["json"] === true }),
          ),
        ),
    )
    .command(
      "report [task..]",
      "One page over several tasks: done, evidence, failed, needs you, cost",
      (y) =>
        json(
          y.usage(
            help("copse report [task..]", [
              "copse report --since yesterday",
              "copse report docs api --out report.md",
              "copse report --batch nightly",
              "copse report docs --comment",
              "copse report --json",
            ]),
          ),
        )
          .option("since", { type: "string", describe: "Ended since: yesterday, 8h, 2026-11-20 (default 24h)" })
          .option("all", { type: "boolean", describe: "Of all repositories" })
          .option("batch", { type: "string", describe: "Of this batch, whenever they ended" })
          .option("out", { alias: "o", type: "string", describe: "Into this file" })
          .option("comment", { type: "boolean", describe: "Onto the pull request of each task, as a comment" }),
      (args) =>
        done(() =>
          import("../commands/report.ts").then(({ report }) =>
            report(names(args), {
              since: args["since"] as string | undefined,
              batch: args["batch"] === undefined ? undefined : String(args["batch"]),
              all: args["all"] === true,
              json: args["json"] === true,
              out: args["out"] as string | undefined,
              comment: args["comment"] === true,
            }),
          ),
        ),
    )
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
    )
    .command(
      "adopt <worktree> [prompt]",
      "Make a task of a worktree that somebody else made",
      (y) =>
        list(
          y.usage(
            help("copse adopt <worktree>", ["copse adopt .claude/worktrees/bold-oak", 'copse adopt ../wt --label api "Finish the API"']),
          ),
        ).option("label", { alias: "l", type: "string", describe: "Its name (made from the folder's)" }),
      (args) =>
        done(() =>
          import("../commands/adopt.ts").then(({ adopt }) =>
            adopt(String(args["worktree"]), {
              label: args["label"] === undefined ? null : String(args["label"]),
              prompt: args["prompt"] === undefined ? null : String(args["prompt"]),
              json: args["json"] === true,
              quiet: args["quiet"] === true,
            }),
          ),
        ),
    )
    .command(
      "deps",
      "Update dependencies: all at once, the culprits found and left out, the rest checked as a whole",
      (y) =>
        json(
          y.usage(
            help("copse deps [--target minor]", [
              "copse deps --dry-run",
              "copse deps",
              'copse deps --target patch --verify "npm test" --verify "npm run build"',
              'copse deps --only "@types/*" --ignore react',
            ]),
          ),
        )
          .option("target", { choices: ["patch", "minor", "latest"] as const, default: "minor" as const, describe: "How far to go" })
          .option("verify", { type: "string", array: true, describe: "A command that has to pass (repeatable; default: npm test)" })
          .option("only", { type: "string", array: true, describe: "Only these packages; * stands for anything" })
          .option("ignore", { type: "string", array: true, describe: "Not these" })
          .option("base", { type: "string", describe: "The commit to start from" })
          .option("limit", { type: "string", describe: "Checks at once" })
          .option("dry-run", { type: "boolean", describe: "List what could be updated; try nothing" })
          .option("fresh", { type: "boolean", describe: "Begin anew, not where an earlier one was cut short" }),
      (args) =>
        done(() =>
          import("../commands/deps.ts").then(({ deps }) => {
            const some = (name: string) => ((args[name] as string[] | undefined) ?? []).map(String);
            return deps({
              target: args["target"] as "patch" | "minor" | "latest",
              verify: some("verify"),
              only: some("only"),
              ignore: some("ignore"),
              base: args["base"] as string | undefined,
              limit: args["limit"] as string | undefined,
              dryRun: args["dry-run"] === true,
              fresh: args["fresh"] === true,
              json: args["json"] === true,
            });
          }),
        ),
    );
