/**
 * `copse init --claude`: Copse inside Claude Code, as files that Claude Code finds by itself: a plugin in its `skills` folder, and the short names `/tasks` and `/notify` in `commands`.
 * No settings file is touched, nothing of the person's is overwritten, and what was written is noted beside it, so that `--remove` takes exactly that away.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CopseError, systemCode } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import { safeLine } from "../../core/safe.ts";
import { findRepository } from "../../git/repository.ts";
import { cannotWrite, readMaybe, replaceFile } from "../../store/files.ts";
import { packageRoot } from "../../store/templates.ts";
import { out } from "../../system/output.ts";
import { removeFile } from "../../system/remove-file.ts";

export interface ClaudeOptions {
  /** Into the repository's own `.claude`, for everybody who works in it, instead of the person's. */
  readonly project: boolean;
  /** Worktrees of sessions as well (or, to remove, only those). */
  readonly worktrees: boolean;
  readonly remove: boolean;
  readonly json: boolean;
}

/** By path below the `.claude` folder: the hash of each file as it was written, and the folders that were made for them. */
interface Written {
  readonly files: Readonly<Record<string, string>>;
  readonly folders: readonly string[];
}

const noteFile = "skills/copse/installed.json";
const optional = "skills/copse-worktrees/";

export function initClaude({ project, worktrees, remove, json }: ClaudeOptions): number {
  const top = project ? findRepository(process.cwd()).top : null;
  const root = top === null ? personal() : join(top, ".claude");
  if (top !== null) refuseLinks(top);
  try {
    const done = remove ? takeAway(root, worktrees) : putThere(root, worktrees);
    if (json) out(`${JSON.stringify({ folder: root, ...done })}\n`);
    else out(say(root, done, remove));
    return 0;
  } catch (error) {
    throw error instanceof CopseError ? error : cannotWrite(root, error);
  }
}

/** Where Claude Code keeps what is the person's. */
const personal = (): string => process.env["CLAUDE_CONFIG_DIR"] || join(homedir(), ".claude");

/** A repository's own link could lead the files anywhere. @throws CopseError EXISTS */
function refuseLinks(top: string): void {
  const names = [noteFile, ...Object.keys(shipped()), ...Object.keys(written(join(top, ".claude")).files)];
  const folders = names.flatMap((name) => name.split("/").map((_, n, parts) => join(".claude", ...parts.slice(0, n))));
  const link = [...new Set(folders)].find((name) => lstatSync(join(top, name), { throwIfNoEntry: false })?.isSymbolicLink());
  if (link !== undefined)
    throw new CopseError("EXISTS", `${join(top, link)} is a symbolic link; nothing is written through it`, {
      hint: "Leave out --project, or remove the link.",
    });
}

/** Written as a plain way down. */
const isPlain = (path: string): boolean => path.split("/").every((part) => !["", ".", ".."].includes(part));

interface Done {
  readonly made: readonly string[];
  readonly removed: readonly string[];
  /** There before, or changed since. */
  readonly kept: readonly string[];
}

function putThere(root: string, worktrees: boolean): Done {
  const known = written(root);
  const also = worktrees || Object.keys(known.files).some((name) => name.startsWith(optional));
  const wanted = Object.entries(shipped()).filter(([name]) => also || !name.startsWith(optional));
  const going = wanted.filter(([name, text]) => {
    const there = readMaybe(join(root, name));
    return there === undefined || (there !== text && known.files[name] === sha256(there));
  });
  const folders = new Set(known.folders);
  makeFolder(root, dirname(noteFile), folders);
  const files = { ...known.files, ...Object.fromEntries(going.map(([name, text]) => [name, sha256(text)])) };
  for (const [name] of going) makeFolder(root, dirname(name), folders);
  // Noted first: what a crash leaves half done is found again.
  note(root, { files, folders: [...folders] });
  for (const [name, text] of going) replaceFile(join(root, name), text, 0o644);
  const made = going.map(([name]) => name);
  const kept = wanted
    .map(([name]) => name)
    .filter((name) => !made.includes(name) && files[name] !== sha256(readMaybe(join(root, name)) ?? ""));
  return { made, removed: [], kept };
}

function takeAway(root: string, worktreesOnly: boolean): Done {
  const known = written(root);
  const names = Object.keys(known.files).filter((name) => !worktreesOnly || name.startsWith(optional));
  const there = names.filter((name) => readMaybe(join(root, name)) !== undefined);
  const removed = there.filter((name) => sha256(readMaybe(join(root, name)) ?? "") === known.files[name]);
  const kept = there.filter((name) => !removed.includes(name));
  for (const name of removed) removeFile(join(root, name));
  const files = Object.fromEntries(Object.entries(known.files).filter(([name]) => !names.includes(name)));
  if (Object.keys(files).length === 0) removeFile(join(root, noteFile));
  const left = [...known.folders].sort((a, b) => b.length - a.length).filter((name) => !removedFolder(join(root, name)));
  if (Object.keys(files).length > 0) note(root, { files, folders: left });
  return { made: [], removed, kept };
}

/** What the package brings, by its path below a `.claude` folder. */
function shipped(): Record<string, string> {
  const from = join(packageRoot(), "templates", "claude");
  const all: [string, string][] = [];
  const walk = (name: string): void => {
    for (const entry of readdirSync(join(from, name), { withFileTypes: true })) {
      const path = `${name}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else all.push([path, readFileSync(join(from, path), "utf8")]);
    }
  };
  for (const plugin of ["copse", "copse-worktrees"]) walk(plugin);
  const commands = all.filter(([name]) => name.startsWith("copse/commands/")).map(([name, text]) => [name.slice("copse/".length), text]);
  return Object.fromEntries([...all.map(([name, text]) => [`skills/${name}`, text]), ...commands]);
}

function written(root: string): Written {
  const text = readMaybe(join(root, noteFile));
  if (text === undefined) return { files: {}, folders: [] };
  try {
    const { files, folders } = JSON.parse(text) as Written;
    const plain = [...Object.keys(files), ...folders].every(
      (name) => name === "." || (/^(?:commands|skills)(?:\/|$)/.test(name) && isPlain(name)),
    );
    if (plain) return { files, folders };
  } catch {
    // Said below.
  }
  throw new CopseError("BAD_CONFIG", `${join(root, noteFile)}, which lists the files that Copse wrote, cannot be understood`, {
    hint: `Look into ${join(root, "skills")} and ${join(root, "commands")}, and remove Copse's files there yourself.`,
  });
}

const note = (root: string, what: Written): void => replaceFile(join(root, noteFile), `${JSON.stringify(what, null, 2)}\n`, 0o644);

/** Makes `name` below `root`, and enters into `made` what was not there. */
function makeFolder(root: string, name: string, made: Set<string>): void {
  if (mkdirSync(root, { recursive: true }) !== undefined) made.add(".");
  const parts = name.split("/");
  for (let n = 1; n <= parts.length; n++) {
    const part = parts.slice(0, n).join("/");
    try {
      mkdirSync(join(root, part));
      made.add(part);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
}

/** Only an empty one goes. */
function removedFolder(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    if (["ENOTEMPTY", "EEXIST"].includes(systemCode(error))) return false;
    throw error;
  }
}

function say(root: string, { made, removed, kept }: Done, remove: boolean): string {
  const rows = [
    ...made.map((name) => `made ${join(root, name)}`),
    ...removed.map((name) => `removed ${join(root, name)}`),
    ...kept.map((name) => `kept ${join(root, name)}, which ${remove ? "was changed since" : "is not Copse's, or was changed"}`),
  ];
  const short = ["tasks", "notify"].map((name) => (kept.includes(`commands/${name}.md`) ? `/copse:${name}` : `/${name}`)).join(" and ");
  const end = remove
    ? removed.length + kept.length === 0
      ? `Nothing of Copse's is in ${root}.`
      : "Sessions that are open keep it until they end."
    : `In a new session of Claude Code: ${short}. For its status line, see copse help statusline.`;
  return `${[...rows, end].map((row) => safeLine(row, 1000)).join("\n")}\n`;
}
