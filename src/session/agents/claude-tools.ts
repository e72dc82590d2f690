/** What one tool call of Claude Code says to a person: its detail for the record, the activity shown, the file it changes. Pure. */
import { isAbsolute, posix, relative } from "node:path";
import { safeLine } from "../../core/safe.ts";

/** Input of a tool as the model sent it; nothing in it is certain. */
export type ToolInput = Readonly<Record<string, unknown>>;

/** `activity` is null for tools whose calls say nothing about the work. */
export interface ToolView {
  readonly detail: string;
  readonly activity: string | null;
  readonly changes?: string;
}

const maxActivity = 80;

/** Describes a call; `roots` are names of the worktree, to shorten paths. */
export function viewTool(name: string, input: ToolInput, roots: readonly string[]): ToolView {
  const text = (key: string) => (typeof input[key] === "string" ? input[key] : "");
  const path = (key: string) => shorten(text(key), roots);
  switch (name) {
    case "Read":
      return { detail: path("file_path"), activity: reading(path("file_path")) };
    case "LS":
      return { detail: path("path"), activity: scanning(path("path")) };
    case "Grep":
      return { detail: [text("pattern"), path("path")].filter(Boolean).join(" in "), activity: scanning(folderOf(path("path"))) };
    case "Glob":
      return {
        detail: [text("pattern"), path("path")].filter(Boolean).join(" in "),
        activity: scanning(posix.join(path("path") || ".", fixedPart(shorten(text("pattern"), roots)))),
      };
    case "Edit":
    case "MultiEdit":
    case "Write":
      return changing(path("file_path"));
    case "NotebookEdit":
      return changing(path("notebook_path"));
    case "Bash":
    case "PowerShell":
      return { detail: text("command"), activity: shown(`running ${text("command")}`) };
    case "Monitor":
      return { detail: text("command"), activity: shown(`watching ${text("description") || text("command")}`) };
    case "Agent":
    case "Task":
      return { detail: text("description"), activity: shown(`subagent: ${text("description") || text("subagent_type")}`) };
    case "WebFetch":
      return { detail: text("url"), activity: shown(`fetching ${hostOf(text("url"))}`) };
    case "WebSearch":
      return { detail: text("query"), activity: shown(`searching the web: ${text("query")}`) };
    case "Skill":
      return { detail: text("skill"), activity: shown(`skill: ${text("skill")}`) };
    case "TodoWrite":
      return { detail: todoSteps(input) ?? "", activity: todoSteps(input) };
    case "TaskCreate":
      return { detail: text("subject"), activity: null };
    case "TaskUpdate":
      return { detail: [text("taskId"), text("status") || text("subject")].filter(Boolean).join(" "), activity: null };
    case "ExitPlanMode":
      return { detail: text("plan"), activity: "planning" };
    case "AskUserQuestion":
    case "TaskList":
    case "TaskGet":
    case "TaskOutput":
    case "TaskStop":
    case "ToolSearch":
      return { detail: compact(input), activity: null };
    default:
      return { detail: compact(input), activity: shown(`using ${name.replace(/^mcp__/, "").replace("__", ": ")}`) };
  }
}

/** `3 of 7 steps`. */
export const steps = (completed: number, total: number): string => `${completed} of ${total} steps`;

/** A path inside one of `roots` relative to it (`.` for the root itself), any other as it is. */
export function shorten(path: string, roots: readonly string[]): string {
  if (!isAbsolute(path)) return path;
  for (const root of roots) {
    const rest = relative(root, path);
    if (rest === "") return ".";
    if (rest !== ".." && !rest.startsWith("../") && !isAbsolute(rest)) return rest;
  }
  return path;
}

const shown = (words: string) => safeLine(words, maxActivity);
const changing = (path: string): ToolView => ({ detail: path, activity: shown(`editing ${path}`), changes: path });
const scanning = (folder: string) =>
  shown(`scanning ${folder === "" || folder === "." ? "./" : folder.endsWith("/") ? folder : `${folder}/`}`);

/** A file's folder is what is being looked through; a file at the top is named itself. */
function reading(path: string): string {
  const folder = posix.dirname(path);
  return folder === "." ? shown(`reading ${path}`) : scanning(folder);
}

/** Grep takes a file or a folder and does not say which: a last part with an extension is taken for a file. */
const folderOf = (path: string) => (/^[^.].*\.\w+$/.test(posix.basename(path)) ? posix.dirname(path) : path);

/** The folders of a glob before its first wildcard. */
function fixedPart(pattern: string): string {
  const parts = pattern.split("/");
  const wild = parts.findIndex((part) => /[*?[{]/.test(part));
  return parts.slice(0, wild === -1 ? -1 : wild).join("/");
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function todoSteps(input: ToolInput): string | null {
  if (!Array.isArray(input.todos) || input.todos.length === 0) return null;
  return steps(
    input.todos.filter((todo: unknown) => (todo as { status?: unknown } | null)?.status === "completed").length,
    input.todos.length,
  );
}

const compact = (input: ToolInput) => (Object.keys(input).length === 0 ? "" : JSON.stringify(input));
