/** The flags of the commands that answer without yargs (`run`, `tasks`, `claude`): one table for parsing, help, completion and did-you-mean. */
import { parseArgs } from "node:util";
import { CopseError } from "../core/errors.ts";
import { similar } from "../core/similar.ts";

export interface Flag {
  readonly name: string;
  readonly alias?: readonly string[];
  readonly kind: "boolean" | "string" | "list";
  readonly describe: string;
  /** A capability that is not built yet: the flag is known and refused. */
  readonly later?: string;
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
  { name: "deliver", kind: "string", describe: "report (default), or branch to push it as well" },
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
  { name: "after", kind: "string", describe: "Wait for other tasks", later: "Chains of tasks" },
  { name: "then", kind: "list", describe: "Follow-up prompts", later: "Follow-up prompts" },
  { name: "pr", kind: "boolean", describe: "Open a pull request", later: "Pull requests" },
  { name: "draft", kind: "boolean", describe: "Open it as a draft", later: "Pull requests" },
  { name: "max-cost", kind: "string", describe: "Cost limit in USD", later: "Cost limits" },
  { name: "notify", kind: "string", describe: "When to notify", later: "Notifications" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

export const tasksFlags: readonly Flag[] = [
  { name: "all", alias: ["a"], kind: "boolean", describe: "Tasks of all repositories" },
  { name: "state", kind: "list", describe: "Only tasks in this state (repeatable)" },
  { name: "tag", kind: "list", describe: "Only tasks with this tag (repeatable)" },
  { name: "group", kind: "string", describe: "Only tasks of this group" },
  { name: "json", kind: "boolean", describe: "Print JSON" },
  { name: "quiet", alias: ["q"], kind: "boolean", describe: "Print ids only" },
  { name: "watch", kind: "boolean", describe: "Keep showing", later: "tasks --watch" },
  { name: "help", alias: ["h"], kind: "boolean", describe: "Show help" },
  { name: "debug", kind: "boolean", describe: "Say what is run, on standard error", hidden: true },
];

export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly words: readonly string[];
  /** Everything behind `--`; undefined when there was no `--`. */
  readonly rest: readonly string[] | undefined;
}

/**
 * Reads flags by the table. An argument with white space in its first part (`- first do this`) is text, not a flag;
 * `-w` takes the next word only when that can be a name. @throws CopseError USAGE with a suggestion, NOT_YET for a known flag to come
 */
export function parseFlags(argv: readonly string[], flags: readonly Flag[]): Parsed {
  const cut = argv.indexOf("--");
  const head = cut < 0 ? argv : argv.slice(0, cut);
  const rest = cut < 0 ? undefined : argv.slice(cut + 1);
  const options: Record<string, { type: "boolean" | "string"; multiple?: boolean; short?: string }> = {};
  const nameOf = new Map<string, string>();
  for (const flag of flags) {
    options[flag.name] = { type: flag.kind === "boolean" ? "boolean" : "string", multiple: flag.kind === "list" };
    nameOf.set(`--${flag.name}`, flag.name);
    for (const alias of flag.alias ?? []) nameOf.set(alias.length === 1 ? `-${alias}` : `--${alias}`, flag.name);
  }
  const { args, words } = normalize(head, flags, nameOf);
  try {
    const { values } = parseArgs({ args, options, strict: true, allowPositionals: false });
    for (const flag of flags) {
      if (flag.later !== undefined && values[flag.name] !== undefined)
        throw new CopseError("NOT_YET", `--${flag.name}: ${flag.later} are not in this version yet`, {
          hint: "Leave the flag out; see CHANGELOG.md for what there is.",
        });
    }
    return { values: values as Parsed["values"], words, rest };
  } catch (error) {
    if (error instanceof CopseError) throw error;
    throw new CopseError("USAGE", (error as Error).message.split("\n")[0]?.replace(/\. To specify.*/, "") ?? "", {
      hint: "See copse run --help.",
      cause: error,
    });
  }
}

/** Long names, values joined by `=`, words taken out: a form that parseArgs cannot misread. */
function normalize(
  head: readonly string[],
  flags: readonly Flag[],
  nameOf: ReadonlyMap<string, string>,
): { args: string[]; words: string[] } {
  const args: string[] = [];
  const words: string[] = [];
  const kindOf = new Map(flags.map((flag) => [flag.name, flag.kind]));
  for (let i = 0; i < head.length; i++) {
    const arg = head[i] as string;
    const [flag = "", ...value] = arg.split("=");
    if (!arg.startsWith("-") || arg === "-" || /\s/.test(flag)) {
      words.push(arg);
      continue;
    }
    const name = nameOf.get(flag) ?? shortCluster(arg, nameOf, kindOf, args);
    if (name === "") continue;
    if (name === undefined) throw unknownFlag(flag, flags);
    if (kindOf.get(name) === "boolean") args.push(value.length > 0 ? arg : `--${name}`);
    else if (value.length > 0) args.push(`--${name}=${value.join("=")}`);
    else if (name === "worktree" && !canBeName(head[i + 1])) args.push("--worktree=");
    else if (i + 1 >= head.length)
      throw new CopseError("USAGE", `${flag} needs a value`, {
        hint: `Example: ${flag} ${name === "label" ? "fix-login" : name === "timeout" ? "45m" : "VALUE"}`,
      });
    else args.push(`--${name}=${head[++i]}`);
  }
  return { args, words };
}

/** `-bq` as `-b -q`, booleans only; "" when it was one, undefined when it was not. */
function shortCluster(
  arg: string,
  nameOf: ReadonlyMap<string, string>,
  kindOf: ReadonlyMap<string, string>,
  args: string[],
): string | undefined {
  if (!/^-[a-z]{2,}$/.test(arg)) return undefined;
  const names = [...arg.slice(1)].map((letter) => nameOf.get(`-${letter}`));
  if (!names.every((name) => name !== undefined && kindOf.get(name) === "boolean")) return undefined;
  for (const name of names) args.push(`--${name}`);
  return "";
}

/** A value with a space in it is the prompt; one that begins with a dash is the next flag. */
const canBeName = (word: string | undefined): boolean => word !== undefined && !word.startsWith("-") && word !== "" && !/\s/.test(word);

function unknownFlag(flag: string, flags: readonly Flag[]): CopseError {
  const names = flags.filter((one) => !one.hidden).flatMap((one) => [one.name, ...(one.alias ?? [])]);
  const instead = similar(flag.replace(/^-+/, ""), names);
  return new CopseError("USAGE", `unknown flag ${flag}`, {
    hint:
      instead === undefined
        ? "See copse run --help; arguments for the agent itself go behind --."
        : `Did you mean ${instead.length === 1 ? "-" : "--"}${instead}?`,
  });
}
