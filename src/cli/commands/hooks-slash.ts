/**
 * `copse hooks slash`, as a hook of Claude Code (UserPromptExpansion): `/tasks` and `/notify` are answered at once with what the command line prints, and the model is not asked.
 * What the person typed behind them comes as JSON and goes on as words of a command line; no shell ever sees it.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { exit } from "../../core/errors.ts";
import { type HookEvent, hookEvent, textIn } from "../../hooks/event.ts";
import { readMaybe } from "../../store/files.ts";
import { runCommand } from "../../system/command.ts";
import { out } from "../../system/output.ts";
import { readStandardInput } from "../stdin.ts";

const mostBytes = 16 * 1024 * 1024;
const answerMs = 20_000;
const names = ["tasks", "notify"];

/** Anything else than our own two commands is left to Claude Code: nothing is printed. */
export async function hooksSlash(): Promise<number> {
  const event = hookEvent(readStandardInput(mostBytes).toString("utf8"));
  const name = event && ourCommand(event);
  if (event === undefined || name === undefined) return exit.ok;
  const words = (textIn(event, "command_args") ?? "").split(/\s+/).filter((word) => word !== "");
  const watching = name === "tasks" && words.some((word) => word === "--watch" || word.startsWith("--watch="));
  const text = watching
    ? "copse: a slash command shows the list once; copse tasks --watch belongs into a terminal"
    : await answer(event, [name, ...words]);
  // In these words Claude Code shows nothing but the text, and ends the turn before it began.
  if (text !== undefined) out(`${JSON.stringify({ continue: false, stopReason: `\n${text}` })}\n`);
  return exit.ok;
}

/** What our own command line prints; undefined when it could not be run: then the command expands as its file says. */
async function answer(event: HookEvent, argv: readonly string[]): Promise<string | undefined> {
  const cwd = textIn(event, "cwd");
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [process.argv[1] ?? "", ...argv], {
    ...(cwd === undefined ? {} : { cwd }),
    timeoutMs: answerMs,
  });
  return exitCode === null ? undefined : `${stdout}\n${stderr}`.trim();
}

/** A short name is ours only where the file behind it says so: others may have a `/notify` of their own. */
function ourCommand(event: HookEvent): string | undefined {
  const full = textIn(event, "command_name") ?? "";
  const name = full.replace(/^copse:/, "");
  if (!names.includes(name)) return undefined;
  const source = textIn(event, "command_source");
  if (full !== name) return source === "plugin" ? name : undefined;
  const folder =
    source === "userSettings"
      ? process.env["CLAUDE_CONFIG_DIR"] || join(homedir(), ".claude")
      : source === "projectSettings"
        ? join(process.env["CLAUDE_PROJECT_DIR"] ?? textIn(event, "cwd") ?? "", ".claude")
        : undefined;
  if (folder === undefined) return undefined;
  return readMaybe(join(folder, "commands", `${name}.md`))?.includes(`!\`copse ${name}\``) ? name : undefined;
}
