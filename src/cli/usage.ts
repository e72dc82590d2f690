/** What the command line says around its commands: a number that is none, refusals in our wording with a suggestion, words to complete. */
import { CopseError } from "../core/errors.ts";
import { similar } from "../core/similar.ts";
import { findRepository } from "../git/repository.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import { stateDir } from "../store/paths.ts";
import { namedBatches } from "./batch/library.ts";
import { commandNames } from "./names.ts";

export function number(args: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = args[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new CopseError("USAGE", `--${name}: expected a whole number from 1 up`, { hint: `Example: --${name} 2` });
}

/** yargs' refusals in our wording, with a suggestion. */
export function wrongUsage(message: string): CopseError {
  const [, word] = /Unknown arguments?: (\S+?)(?:,|$)/.exec(message) ?? [];
  const instead =
    word === undefined
      ? undefined
      : similar(word, [...commandNames, "json", "quiet", "follow", "raw", "run", "tail", "since", "any", "timeout", "then"]);
  const text = message.startsWith("Not enough")
    ? "something is missing: this command needs the name of a task or an action"
    : message.charAt(0).toLowerCase() + message.slice(1);
  return new CopseError("USAGE", text.replace(/\n/g, "; "), {
    hint: instead === undefined ? "See the command with --help." : `Did you mean ${instead}?`,
  });
}

function namedHere(): string[] {
  try {
    const repo = findRepository(process.cwd());
    return namedBatches(repo.bare ? null : repo.top).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Labels of tasks complete wherever a task is named; silent on any trouble. */
export function complete(
  current: string,
  args: { readonly _: readonly (string | number)[] },
  defaults: (done: (err: Error | null, words?: string[]) => void) => void,
  done: (words: string[]) => void,
): void {
  const verb = String(args._[1] ?? "");
  if (verb === "batch" && !current.startsWith("-") && args._.length <= 3) {
    // The shell completes paths where no name fits.
    done(namedHere().filter((name) => name.startsWith(current) && /^[\w.-]+$/.test(name)));
    return;
  }
  if (
    !["show", "logs", "stop", "retry", "priority", "wait", "attach", "send", "answer", "approve", "deny"].includes(verb) ||
    current.startsWith("-")
  ) {
    defaults((_error, words) => done(words ?? []));
    return;
  }
  try {
    done(
      [...new Set([...readIndex(stateDir()).values()].map((entry) => taskOf(entry).label))]
        .filter((label) => label.startsWith(current) && /^[\w.-]+$/.test(label))
        .slice(-200),
    );
  } catch {
    done([]);
  }
}
