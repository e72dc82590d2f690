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
            help("copse deps [--target minor] [--pr]", [
              "copse deps --dry-run",
              "copse deps",
              'copse deps --target patch --verify "npm test" --verify "npm run build"',
              'copse deps --only "@types/*" --ignore react',
              'copse deps --pr --group dev --group "eslint=eslint,@eslint/*"',
              "copse deps -b --pr --fix --majors",
            ]),
          ),
        )
          .option("background", { alias: ["b", "bg"], type: "boolean", describe: "Return the prompt at once; it runs as a task" })
          .option("target", { choices: ["patch", "minor", "latest"] as const, describe: "How far to go (default: minor)" })
          .option("verify", { type: "string", array: true, describe: "A command that has to pass (repeatable; default: npm test)" })
          .option("only", { type: "string", array: true, describe: "Only these packages; * stands for anything" })
          .option("ignore", { type: "string", array: true, describe: "Not these" })
          .option("group", { type: "string", array: true, describe: "A branch each: dev, kind, or name=pattern,pattern (repeatable)" })
          .option("min-age", { type: "string", describe: "Versions have to be out so long (default: as npm is set, else 3d; 0: no rule)" })
          .option("engines", { type: "boolean", describe: "Only what runs with the project's Node, or --no-engines (default: yes)" })
          .option("other-updaters", { type: "boolean", describe: "Keep to Dependabot's and Renovate's files (default: yes)" })
          .option("pr", { type: "boolean", describe: "Push, and open a pull request for each group, or bring its open one up to date" })
          .option("deliver", { choices: ["report", "branch", "pr"] as const, describe: "report (default), branch to push it, or pr" })
          .option("draft", { type: "boolean", describe: "Open it as a draft (the default; see `pr.draft`)" })
          .option("split", { type: "boolean", describe: "A commit for each update, or --no-split (default: when it is pushed)" })
          .option("fix", { type: "boolean", describe: "Hand each update that fails to an agent, a task each" })
          .option("majors", { type: "boolean", describe: "Hand newer majors that were not tried to an agent, a task each" })
          .option("max-tasks", { type: "string", describe: "Tasks for agents at most (default 5)" })
          .option("agent", { type: "string", describe: "The agent they get" })
          .option("model", { type: "string", describe: "Its model" })
          .option("base", { type: "string", describe: "The commit to start from" })
          .option("limit", { type: "string", describe: "Checks at once" })
          .option("dry-run", { type: "boolean", describe: "List what could be updated; try nothing" })
          .option("fresh", { type: "boolean", describe: "Begin anew, not where an earlier one was cut short" })
          .option("quiet", { alias: "q", type: "boolean", describe: "With --background: print the id only" }),
      (args) =>
        done(() =>
          import("../commands/deps.ts").then(({ deps, depsInBackground }) => {
            const some = (name: string) => ((args[name] as string[] | undefined) ?? []).map(String);
            const one = (name: string) => (args[name] === undefined ? undefined : String(args[name]));
            if (args["background"] === true && args["dry-run"] !== true)
              return depsInBackground({ json: args["json"] === true, quiet: args["quiet"] === true });
            return deps({
              target: args["target"] as "patch" | "minor" | "latest" | undefined,
              verify: some("verify"),
              only: some("only"),
              ignore: some("ignore"),
              group: some("group"),
              minAge: one("min-age"),
              engines: args["engines"] as boolean | undefined,
              otherUpdaters: args["other-updaters"] as boolean | undefined,
              base: one("base"),
              limit: one("limit"),
              deliver: args["deliver"] as "report" | "branch" | "pr" | undefined,
              pr: args["pr"] === true,
              draft: args["draft"] === true,
              split: args["split"] as boolean | undefined,
              fix: args["fix"] === true,
              majors: args["majors"] === true,
              maxTasks: one("max-tasks"),
              agent: one("agent"),
              model: one("model"),
              dryRun: args["dry-run"] === true,
              fresh: args["fresh"] === true,
              json: args["json"] === true,
            });
          }),
        ),
    );
