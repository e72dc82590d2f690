/** Which command a command line means. `tasks` and `run` go straight to their module; everything else, and all help, through yargs. */
import { CopseError } from "../core/errors.ts";
import { similar } from "../core/similar.ts";
import { claudeCommand } from "./commands/claude.ts";
import { statusline } from "./commands/statusline.ts";
import { tasks } from "./commands/tasks.ts";
import { parseFlags, runFlags } from "./flags.ts";
import { commandNames } from "./names.ts";

const wantsHelp = (argv: readonly string[]): boolean => {
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  return own.includes("--help") || own.includes("-h");
};

/** @returns the exit code. @throws CopseError */
export async function route(argv: readonly string[]): Promise<number> {
  const [first = ""] = argv;
  if (wantsHelp(argv) && first !== "claude") return await viaYargs(argv);
  switch (first) {
    case "tasks":
    case "list":
    case "ls":
      return await tasks(argv.slice(1));
    case "watch":
      return await (await import("./commands/watch.ts")).watch(argv.slice(1));
    case "send":
    case "answer":
    case "approve":
    case "deny":
      return await (await import("./commands/answer.ts")).answerCommand(argv);
    case "priority":
      return await (await import("./commands/priority.ts")).priority(argv.slice(1));
    case "statusline":
      return statusline(argv.slice(1));
    case "run":
      return await (await import("./commands/run.ts")).run(argv.slice(1));
    case "batch":
      if (argv[1] === "--combine" && argv.length === 2) return await (await import("./batch/combine.ts")).combineBatch();
      return await (await import("./commands/batch.ts")).batch(argv.slice(1));
    case "hooks":
      // As a hook it is waited for at every event.
      if (argv[1] === "run") return await (await import("./commands/hooks.ts")).hooksRun(argv.slice(argv[2] === "--" ? 3 : 2));
      if (argv[1] === "start") return await (await import("./commands/hooks-session.ts")).hooksStart();
      if (argv[1] === "wake") return await (await import("./commands/hooks-session.ts")).hooksWake();
      if (argv[1] === "slash" && argv.length === 2) return await (await import("./commands/hooks-slash.ts")).hooksSlash();
      if (argv[1] === "worktree" && argv.length === 2) return await (await import("./commands/hooks-worktree.ts")).hooksWorktree();
      return await viaYargs(argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv);
    case "mcp":
      return await (await import("./commands/mcp.ts")).mcp(argv.slice(1));
    case "claude":
      return await claudeCommand(argv.slice(1));
  }
  if (argv.length === 0 || commandNames.includes(first) || ["--version", "--get-yargs-completions"].includes(first))
    return await viaYargs(argv);
  requireNoTypo(argv);
  const parsed = parseFlags(argv, runFlags);
  const [word = ""] = parsed.words;
  if (parsed.words.length === 1 && commandNames.includes(word))
    throw new CopseError("USAGE", `the command comes first: copse ${word} …`, { hint: `To use it as a prompt: copse run "${word}"` });
  return await (await import("./commands/run.ts")).runParsed(parsed);
}

const viaYargs = async (argv: readonly string[]): Promise<number> => (await import("./parser/cli.ts")).cli(argv);

/** A single word alone is rather a mistyped command than a prompt. @throws CopseError USAGE */
function requireNoTypo(argv: readonly string[]): void {
  const [first = ""] = argv;
  if (first.startsWith("-") || /\s/.test(first)) return;
  const instead = similar(first, commandNames);
  throw new CopseError("USAGE", `unknown command ${first}`, {
    hint: `${instead === undefined ? "See copse --help." : `Did you mean copse ${instead}?`} To use it as a prompt: copse run "${first}"`,
  });
}
