/** The flags of the commands that answer without yargs (`run`, `tasks`, `claude`): one table for parsing, help, completion and did-you-mean. */
import { CopseError } from "../core/errors.ts";
import { similar } from "../core/similar.ts";

export interface Flag {
  readonly name: string;
  readonly alias?: readonly string[];
  readonly kind: "boolean" | "string" | "list";
  readonly describe: string;
  readonly hidden?: boolean;
}

export const runFlags: readonly Flag[] = [
  { name: "background", alias: ["b", "bg"], kind: "boolean", describe: "Return the prompt at once; the task runs in the background" },
  { name: "worktree", alias: ["w"], kind: "string", describe: "Work in an own worktree (the default), optionally named" },
  { name: "no-worktree", kind: "boolean", describe: "Work in the current checkout instead" },
  { name: "label", alias: ["l", "n", "name"], kind: "string", describe: "The task's name; also names branch and worktree" },
  { name: "prompt-file", kind: "string", describe: "Read the prompt from a file (- for standard input)" },
  { name: "agent", kind: "string", describe: "claude, or an agent of your configuration" },
  { name: "model", kind: "string", describe: "Model for the agent" },
  { name: "exec", kind: "boolean", describe: "Run the command behind -- instead of an agent" },
  { name: "base", kind: "string", describe: "Start from this ref, or from another task's branch (@label)" },
  { name: "verify", kind: "list", describe: "Command to run afterwards as evidence (repeatable)" },
  { name: "no-verify", kind: "boolean", describe: "Leave out the checks of the configuration (`verify` in it)" },
  { name: "fix", kind: "string", describe: "Send work whose checks fail back to its agent, up to N times" },
  {
    name: "then",
    kind: "list",
    describe: "Follow-up prompt for the same session and worktree, in the background once the prompt is answered (repeatable)",
  },
  { name: "no-then", kind: "boolean", describe: "Leave out the follow-ups of the configuration (`after` in it)" },
  { name: "deliver", kind: "string", describe: "report (default), branch to push it as well, or pr" },
  {
    name: "open-issues",
    kind: "string",
    describe: "Open an issue on the forge for each Markdown file that it leaves in this folder of its worktree",
  },
  { name: "priority", kind: "string", describe: "Higher goes first; default 0" },
  { name: "group", kind: "string", describe: "Group with a limit of its own" },
  { name: "tag", kind: "list", describe: "Tag to filter by (repeatable)" },
  { name: "timeout", kind: "string", describe: "Time limit, such as 45m" },
  { name: "retries", kind: "string", describe: "New attempts after a failed one; default 0" },
  { name: "permission-mode", kind: "string", describe: "Permission mode of the agent" },
  {
    name: "allow",
    alias: ["allowedTools", "allowed-tools"],
    kind: "list",
    describe: "Permission rule the agent may use unasked (repeatable)",
  },
  { name: "json", kind: "boolean", describe: "Print JSON" },
  { name: "quiet", alias: ["q"], kind: "boolean", describe: "Print the id only" },
  { name: "after", kind: "list", describe: "Start once these tasks have ended well: labels or ids, with commas between (repeatable)" },
  {
    name: "on-failure",
    kind: "string",
    describe: "If one of them does not: skip this task (default), hold it until that is mended, or run it all the same",
  },
  { name: "pr", kind: "boolean", describe: "Open a pull request when it is done (as --deliver pr)" },
  { name: "draft", kind: "boolean", describe: "Open it as a draft (the default; see `pr.draft`)" },
  { name: "max-cost", kind: "string", describe: "Stop it when it has cost more than this many USD" },
  { name: "notify", kind: "string", describe: "When to be told: on-complete, on-block, always, off" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

/** Of `batch`: with a file its own few; with `--each` or `--issues` also those of `run`, for every task. */
export const batchFlags: readonly Flag[] = [
  { name: "each", kind: "string", describe: "A task for each line of standard input: a prompt in which {} stands for the line" },
  {
    name: "issues",
    kind: "string",
    describe:
      "A task for each of the forge's issues: label:bug, assignee:ann, milestone:v2, state:all, or 12,15; {title} {body} {number} {url} {labels} in the prompt",
  },
  { name: "no-close", kind: "boolean", describe: "Pull requests do not say that they fix an issue" },
  { name: "dry-run", kind: "boolean", describe: "Show what would be started; start nothing" },
  { name: "failed", kind: "boolean", describe: "Only what has failed, once more" },
  { name: "fresh", kind: "boolean", describe: "Everything anew, what is completed too" },
  { name: "set", kind: "list", describe: "NAME=VALUE for a variable of the file, or for a matrix; there repeatable" },
  { name: "list", kind: "boolean", describe: "Show the batches that go by a name" },
  { name: "copy", kind: "boolean", describe: "Put a batch that comes with Copse into .worktrees/batches, to change it" },
  { name: "batch", kind: "string", describe: "The batch's name (without a file)" },
  { name: "limit", kind: "string", describe: "Tasks of it at once, within the machine's limit (without a file)" },
  { name: "budget", kind: "string", describe: "USD for all of it: when that is spent nothing more starts (without a file)" },
];

/** What `run` has and a batch has no use for: every task has its own worktree, and its label is made. */
export const notInBatch = ["worktree", "no-worktree", "label", "prompt-file", "exec", "after"];

export const batchCommandFlags: readonly Flag[] = [...batchFlags, ...runFlags.filter(({ name }) => !notInBatch.includes(name))];

export const tasksFlags: readonly Flag[] = [
  { name: "all", alias: ["a"], kind: "boolean", describe: "Tasks of all repositories" },
  { name: "state", kind: "list", describe: "Only tasks in this state (repeatable)" },
  { name: "tag", kind: "list", describe: "Only tasks with this tag (repeatable)" },
  { name: "group", kind: "string", describe: "Only tasks of this group" },
  { name: "batch", kind: "string", describe: "Only tasks of this batch" },
  { name: "json", kind: "boolean", describe: "Print JSON" },
  { name: "quiet", alias: ["q"], kind: "boolean", describe: "Print ids only" },
  { name: "watch", kind: "boolean", describe: "Keep showing, once a second" },
  { name: "refresh", kind: "boolean", describe: "Ask the forge first what became of their pull requests" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

export const watchFlags: readonly Flag[] = [
  { name: "here", kind: "boolean", describe: "Only tasks of this repository" },
  { name: "all", alias: ["a"], kind: "boolean", describe: "Tasks of all repositories (the default)" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

/** What every command takes that prints tasks. */
export const listFlags: readonly Flag[] = [
  { name: "json", kind: "boolean", describe: "Print JSON" },
  { name: "quiet", alias: ["q"], kind: "boolean", describe: "Print ids only" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

/** `send`, `approve`, `deny`: what they take besides a task and a text that may begin with a dash. */
export const answerFlags: readonly Flag[] = [{ name: "always", kind: "boolean", describe: "For the rest of the task" }, ...listFlags];

export const statuslineFlags: readonly Flag[] = [
  { name: "claude", kind: "boolean", describe: "Standard input is Claude Code's status JSON" },
  { name: "repo", kind: "boolean", describe: "Count the tasks of this repository only" },
  { name: "json", kind: "boolean", describe: "Print JSON" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

export const mcpFlags: readonly Flag[] = [
  { name: "allow-approve", kind: "boolean", describe: "A tool that approves what tasks ask permission for" },
  { name: "allow-verify", kind: "boolean", describe: "Let task_start name commands to run as evidence" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly words: readonly string[];
  /** Everything behind `--`; undefined when there was no `--`. */
  readonly rest: readonly string[] | undefined;
}

type Values = Record<string, string | boolean | string[] | undefined>;

/**
 * Reads flags by the table. An argument with white space in its first part (`- first do this`) is text, not a flag;
 * `-w` takes the next word only when that can be a name. @throws CopseError USAGE with a suggestion
 */
export function parseFlags(argv: readonly string[], flags: readonly Flag[]): Parsed {
  const cut = argv.indexOf("--");
  const head = cut < 0 ? argv : argv.slice(0, cut);
  const rest = cut < 0 ? undefined : argv.slice(cut + 1);
  const known = namesOf(flags);
  const values: Values = {};
  const words: string[] = [];
  for (let i = 0; i < head.length; i++) {
    const arg = head[i] as string;
    const [name = "", ...value] = arg.split("=");
    if (!arg.startsWith("-") || arg === "-" || /\s/.test(name)) {
      words.push(arg);
      continue;
    }
    const found = known.has(name) ? [known.get(name) as Flag] : cluster(arg, known);
    if (found === undefined) throw unknownFlag(name, flags);
    for (const flag of found) {
      const taken = take(values, flag, name, value.length > 0 ? value.join("=") : undefined, head[i + 1], known);
      if (taken) i++;
    }
  }
  return { values, words, rest };
}

function namesOf(flags: readonly Flag[]): Map<string, Flag> {
  return new Map(
    flags.flatMap((flag) =>
      [flag.name, ...(flag.alias ?? [])].map((name): [string, Flag] => [name.length === 1 ? `-${name}` : `--${name}`, flag]),
    ),
  );
}

/** `-bq` as `-b -q`, where both take no value. */
function cluster(arg: string, known: ReadonlyMap<string, Flag>): Flag[] | undefined {
  if (!/^-[a-z]{2,}$/.test(arg)) return undefined;
  const flags = [...arg.slice(1)].map((letter) => known.get(`-${letter}`));
  return flags.every((flag) => flag?.kind === "boolean") ? (flags as Flag[]) : undefined;
}

/** Sets one flag. @returns whether the next word was its value. */
function take(
  values: Values,
  flag: Flag,
  typed: string,
  value: string | undefined,
  next: string | undefined,
  known: ReadonlyMap<string, Flag>,
): boolean {
  if (flag.kind === "boolean") {
    if (value !== undefined)
      throw new CopseError("USAGE", `${typed} takes no value, got "${value}"`, { hint: `Write ${typed} alone, or leave it out.` });
    values[flag.name] = true;
    return false;
  }
  const fromNext = value === undefined && (flag.name !== "worktree" || canBeName(next));
  if (fromNext && (next === undefined || known.has(next.split("=")[0] as string))) {
    throw new CopseError("USAGE", `${typed} needs a value`, {
      hint: `Example: ${typed} ${flag.name === "label" ? "fix-login" : flag.name === "timeout" ? "45m" : "VALUE"}`,
    });
  }
  const given = value ?? (fromNext ? (next as string) : "");
  values[flag.name] = flag.kind === "list" ? [...((values[flag.name] as string[] | undefined) ?? []), given] : given;
  return fromNext;
}

/** A value with a space in it is the prompt; one that begins with a dash is the next flag. */
const canBeName = (word: string | undefined): boolean => word !== undefined && !word.startsWith("-") && word !== "" && !/\s/.test(word);

function unknownFlag(flag: string, flags: readonly Flag[]): CopseError {
  const names = flags.filter((one) => !one.hidden).flatMap((one) => [one.name, ...(one.alias ?? [])]);
  const instead = similar(flag.replace(/^-+/, ""), names);
  return new CopseError("USAGE", `unknown flag ${flag}`, {
    hint:
      instead === undefined
        ? "See copse --help; arguments for the agent itself go behind --."
        : `Did you mean ${instead.length === 1 ? "-" : "--"}${instead}?`,
  });
}
