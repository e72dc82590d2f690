/**
 * Which command each lever of the dashboard is: one table, pure. The page shows it before it is pressed, the server runs exactly that. What people typed stands behind `--`, in `--flag=…`, or goes in
 * by standard input: it never becomes a flag. Ids of tasks are letters and digits (`lever-check.ts`).
 */
import { quoted } from "../core/quoted.ts";
import type { NotifyPolicy, OnFailure } from "../core/task.ts";

/** The fields of a new task: `run`'s flags. What is left out or "" is not given. */
export interface RunFields {
  readonly prompt: string;
  readonly label?: string;
  readonly agent?: string;
  readonly model?: string;
  /** A command instead of an agent. */
  readonly exec?: readonly string[];
  readonly base?: string;
  readonly after?: readonly string[];
  readonly onFailure?: OnFailure;
  readonly then?: readonly string[];
  readonly verify?: readonly string[];
  readonly fix?: number;
  readonly deliver?: "report" | "branch" | "pr";
  readonly draft?: boolean;
  readonly priority?: number;
  readonly group?: string;
  readonly tags?: readonly string[];
  readonly timeout?: string;
  readonly maxCostUsd?: number;
  readonly retries?: number;
  readonly permissionMode?: string;
  readonly allow?: readonly string[];
  readonly notify?: NotifyPolicy;
}

/**
 * What can be done. `task` is an id; `repo` the root of a repository that has tasks.
 */
export type Lever =
  | { readonly do: "run"; readonly repo: string; readonly fields: RunFields }
  | { readonly do: "send"; readonly task: string; readonly text: string }
  | { readonly do: "approve"; readonly task: string; readonly always?: boolean }
  | { readonly do: "deny"; readonly task: string; readonly why?: string }
  | { readonly do: "stop" | "retry" | "restore" | "rm"; readonly task: string }
  | { readonly do: "pr"; readonly task: string; readonly ready?: boolean; readonly dryRun?: boolean }
  | { readonly do: "merge"; readonly task: string; readonly how?: "merge" | "squash" | "rebase"; readonly verify?: boolean }
  /** `repo` null: of all repositories. Without `yes`: only what would be removed. */
  | { readonly do: "clean"; readonly repo: string | null; readonly yes: boolean }
  | { readonly do: "notify"; readonly task: string | null; readonly policy: NotifyPolicy }
  | { readonly do: "priority"; readonly task: string; readonly priority: number }
  | { readonly do: "pause" | "resume" }
  /** null: as the configuration says. */
  | { readonly do: "limit"; readonly limit: number | null }
  /** For a terminal: shown, never run here (`commandOf(…).runs` is false). */
  | { readonly do: "attach"; readonly task: string };

/** A remark on a line of a diff. */
export interface Remark {
  readonly path: string;
  /** In the new file, or, for a removed line, in the old one. */
  readonly line: number;
  readonly side: "new" | "old";
  /** The line itself. */
  readonly quote: string;
  readonly text: string;
}

export interface Command {
  /** Behind `copse`. */
  readonly argv: readonly string[];
  /** What goes in by standard input; null for nothing. */
  readonly stdin: string | null;
  /** false: only for a person's terminal. */
  readonly runs: boolean;
}

/** One argument holds 128 KB; what is longer, or looks like a flag, goes in by standard input. */
const longestWord = 32 * 1024;

export function commandOf(lever: Lever): Command {
  switch (lever.do) {
    case "run":
      return runCommand(lever.fields);
    case "send":
      return does("send", lever.task, "--json", "--", lever.text);
    case "approve":
      return does("approve", lever.task, ...flag("always", lever.always), "--json");
    case "deny":
      return does("deny", lever.task, "--json", ...(lever.why === undefined || lever.why.trim() === "" ? [] : ["--", lever.why]));
    case "stop":
    case "retry":
    case "restore":
      return does(lever.do, lever.task, "--json");
    case "rm":
      return does("rm", lever.task, "--yes", "--json");
    case "pr":
      return does("pr", lever.task, ...flag("dry-run", lever.dryRun), ...flag("ready", lever.ready), "--json");
    case "merge": {
      const how = lever.how === undefined || lever.how === "merge" ? [] : [`--${lever.how}`];
      return does("merge", lever.task, ...how, ...(lever.verify === false ? ["--no-verify"] : []), "--json");
    }
    case "clean":
      return does("clean", ...flag("all", lever.repo === null), ...flag("yes", lever.yes), "--json");
    case "notify":
      return does("notify", lever.policy, ...value("label", lever.task ?? undefined), "--json");
    case "priority":
      return does("priority", lever.task, String(lever.priority), "--json");
    case "pause":
    case "resume":
      return does("runner", lever.do, "--json");
    case "limit":
      return does("runner", "limit", lever.limit === null ? "default" : String(lever.limit), "--json");
    case "attach":
      return { ...does("attach", lever.task), runs: false };
  }
}

const does = (...argv: string[]): Command => ({ argv, stdin: null, runs: true });
const flag = (name: string, given: boolean | undefined): string[] => (given === true ? [`--${name}`] : []);
const value = (name: string, given: string | number | undefined): string[] =>
  given === undefined || given === "" ? [] : [`--${name}=${given}`];
const values = (name: string, given: readonly string[] | undefined): string[] => (given ?? []).flatMap((one) => value(name, one));

function runCommand(fields: RunFields): Command {
  const exec = fields.exec !== undefined && fields.exec.length > 0;
  const flags = [
    ...value("label", fields.label),
    ...value("agent", fields.agent),
    ...value("model", fields.model),
    ...value("base", fields.base),
    ...values("after", fields.after),
    ...value("on-failure", fields.onFailure),
    ...values("then", fields.then),
    ...values("verify", fields.verify),
    ...value("fix", fields.fix),
    ...value("deliver", fields.deliver),
    ...flag("draft", fields.draft),
    ...value("priority", fields.priority),
    ...value("group", fields.group),
    ...values("tag", fields.tags),
    ...value("timeout", fields.timeout),
    ...value("max-cost", fields.maxCostUsd),
    ...value("retries", fields.retries),
    ...value("permission-mode", fields.permissionMode),
    ...values("allow", fields.allow),
    ...value("notify", fields.notify),
    ...flag("exec", exec),
  ];
  const word = !exec && isWord(fields.prompt) ? [fields.prompt] : [];
  // It ends as a text in a shell does, so that what is shown does the same.
  const stdin = word.length === 0 && fields.prompt !== "" ? fields.prompt.replace(/\n?$/, "\n") : null;
  const argv = ["run", "--background", "--json", ...flags, ...(stdin === null ? [] : ["--prompt-file=-"]), ...word];
  return { argv: exec ? [...argv, "--", ...(fields.exec ?? [])] : argv, stdin, runs: true };
}

const isWord = (prompt: string): boolean => prompt !== "" && !prompt.startsWith("-") && prompt.length <= longestWord;

/** As a shell reads it back; `--json`, which is only for the page, is left out. */
export function commandLine({ argv, stdin }: Command): string {
  const end = argv.indexOf("--");
  const shown = argv.filter((word, i) => word !== "--json" || (end >= 0 && i > end));
  const line = ["copse", ...shown].map(quoted).join(" ");
  return stdin === null ? line : `${line} <<'${mark(stdin)}'\n${stdin}${mark(stdin)}`;
}

/** A word that no line of the text is. */
function mark(text: string): string {
  let word = "END";
  while (text.split("\n").includes(word)) word += "_";
  return word;
}

/** Remarks on lines of a diff as one message to the agent. */
export function guidance(remarks: readonly Remark[], words = ""): string {
  const notes = remarks.map(
    ({ path, line, side, quote, text }) =>
      `${path}:${line}${side === "old" ? " (as it was before)" : ""}\n> ${quote.replaceAll(/\r?\n/g, "\n> ").slice(0, 300)}\n${text.trim()}`,
  );
  return [words.trim(), notes.length === 0 ? "" : "Remarks on the diff:", ...notes].filter((part) => part !== "").join("\n\n");
}
