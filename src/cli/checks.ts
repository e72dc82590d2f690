/** Verdicts of `doctor`: what was seen in, well or not and what to do out. Pure. */
import type { CopseError } from "../core/errors.ts";
import type { Gates } from "../core/hook-settings.ts";
import { type Hello, isOlder } from "../core/protocol.ts";
import type { Repository } from "../git/repository.ts";

export interface Verdict {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly text: string;
  /** The next step; null when all is well. */
  readonly fix: string | null;
}

const ok = (name: string, text: string): Verdict => ({ name, status: "ok", text, fix: null });
const warn = (name: string, text: string, fix: string): Verdict => ({ name, status: "warn", text, fix });
const fail = (name: string, text: string, fix: string): Verdict => ({ name, status: "fail", text, fix });

export function node(version: string): Verdict {
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19) || major === 21 || (major === 22 && minor < 12))
    return fail("node", `${version} is too old`, "Install Node 24, 22.12 or 20.19.");
  if (major === 20) return warn("node", `${version} works, but has had no security fixes since April 2026`, "Install Node 24.");
  return ok("node", version);
}

/** `worktree list -z` and sparse-checkout in new worktrees need 2.36. */
export function git(output: string): Verdict {
  const [, version = "", major = "0", minor = "0"] = /git version ((\d+)\.(\d+)\S*)/.exec(output) ?? [];
  if (version === "") return fail("git", "git is not on your PATH", "Install git 2.36 or newer.");
  if (Number(major) < 2 || (Number(major) === 2 && Number(minor) < 36))
    return fail("git", `${version} is too old`, "Install git 2.36 or newer.");
  return ok("git", version);
}

export const config = (warnings: readonly string[]): Verdict =>
  warnings.length === 0 ? ok("configuration", "well formed") : warn("configuration", warnings.join("; "), "See copse config.");
export const badConfig = (error: CopseError): Verdict => fail("configuration", error.message, error.hint ?? "See copse config.");
export const trust = (trusted: boolean): Verdict =>
  trusted
    ? ok("trust", "the project's commands are approved")
    : warn("trust", "the project's configuration runs commands that you have not approved", "Read and approve them: copse config trust");
export const stateFolder = (path: string, problem: string | undefined): Verdict =>
  problem === undefined ? ok("state", path) : fail("state", problem, "Make it writable, or name another folder with COPSE_STATE_DIR.");

export function room(path: string, seen: { bytes: number; inodes: number } | undefined, minMb: number): Verdict {
  if (seen === undefined) return warn("disk", `the room at ${path} cannot be read`, "Look yourself: df -h");
  const mb = Math.floor(seen.bytes / 1024 / 1024);
  if (mb < minMb)
    return fail(
      "disk",
      `${mb} MB free at ${path}; tasks start from ${minMb} MB up`,
      "Free some space, or set minFreeMb in your configuration.",
    );
  return ok("disk", `${mb >= 10_240 ? `${Math.floor(mb / 1024)} GB` : `${mb} MB`} free at ${path}`);
}

export const limit = (tasks: number, cores: number): Verdict =>
  tasks > 2 * cores
    ? warn("limit", `${tasks} tasks at once on ${cores} cores`, "Lower `limit` in your configuration if the machine becomes slow.")
    : ok("limit", `${tasks} tasks at once, ${cores} cores`);

export const noClaude = (): Verdict =>
  warn("claude", "Claude Code is not on your PATH; tasks can only run commands", "Install it: npm install -g @anthropic-ai/claude-code");

/** On Node 20 npm silently installs an older Claude Code, which ends background work early and resumes in fewer places. */
export function claude(path: string, version: string, nodeVersion: string): Verdict {
  const number = version.split(" ")[0] ?? "";
  if (!/^\d/.test(number))
    return warn("claude", `${path} does not say its version`, "Install it again: npm install -g @anthropic-ai/claude-code");
  if (!isOlder(number, "2.1.300")) return ok("claude", `${number} (${path})`);
  const why = nodeVersion.startsWith("v20.") ? "; on Node 20, npm installs 2.1.197 unless told otherwise" : "";
  return warn("claude", `${number} is older than what Copse is tested with${why}`, "npm install -g @anthropic-ai/claude-code@2.1.329");
}

/** `claude auth status` prints JSON and asks nobody. */
export function claudeLogin(output: string): Verdict {
  try {
    const { loggedIn, authMethod } = JSON.parse(output) as { loggedIn?: boolean; authMethod?: string };
    return loggedIn === true
      ? ok("claude login", `logged in (${authMethod ?? "unknown method"})`)
      : warn("claude login", "not logged in: claude tasks will fail", "claude /login");
  } catch {
    return warn("claude login", "cannot be told", "Look yourself: claude auth status");
  }
}

/** An older version's, or of a port that had to be given up. */
export const hooksStale = (file: string): Verdict =>
  warn("hooks", `those in ${file} are not the ones this version would put there`, "Bring them up to date: copse hooks install");

/** Where Copse's hooks are, and which gates are held against what they bring; `problem`: why a settings file cannot be read. */
export function hooks(installed: readonly string[], problem: string | undefined, gates: Gates = {}): Verdict {
  if (problem !== undefined)
    return warn("hooks", problem, "Claude Code does not take such settings either; mend the file (claude doctor says more).");
  const on = Object.entries(gates).flatMap(([name, setting]) => (setting === false ? [] : [name]));
  if (installed.length === 0)
    return ok("hooks", `not installed (copse hooks install)${on.length === 0 ? "" : `; gates for tasks alone: ${on.join(", ")}`}`);
  return ok("hooks", `installed in ${installed.join(", ")}${on.length === 0 ? "" : `; gates: ${on.join(", ")}`}`);
}

export function runner(hello: Hello | undefined, mine: string): Verdict {
  if (!hello) return ok("runner", "none is up; one starts when a task needs it");
  if (isOlder(mine, hello.version)) return warn("runner", `a newer runner is up (${hello.version}; this is ${mine})`, "Update this Copse.");
  if (isOlder(hello.version, mine))
    return warn(
      "runner",
      `an older runner is up (${hello.version}); the next task replaces it, nothing is lost`,
      "Or at once: copse runner stop",
    );
  return ok("runner", `pid ${hello.pid}, version ${hello.version}`);
}

export const runnerTrouble = (error: CopseError): Verdict => fail("runner", error.message, error.hint ?? "See copse runner logs.");
export const records = (all: number, bad: readonly string[]): Verdict =>
  bad.length === 0
    ? ok("records", `${all} tasks, all readable`)
    : fail(
        "records",
        `${bad.length} of ${all} task records cannot be read: ${bad[0]}`,
        "Move that folder away; other tasks are not touched by it.",
      );
export const noRepository = (): Verdict => warn("repository", "this folder is not inside a git repository", "Go into one to check it too.");

/** `core.bare = true` beside a checkout is the mark other tools' worktree code has left behind. */
export const repository = (repo: Repository, bare: boolean): Verdict =>
  bare && !repo.bare && repo.commonDir === `${repo.root}/.git`
    ? fail("repository", `${repo.root} has a checkout but core.bare is true`, `git -C ${repo.root} config core.bare false`)
    : ok("repository", repo.root);
export const base = (branch: string | undefined): Verdict =>
  ok("base", branch === undefined ? "HEAD, or origin's main or master (no remote says what its default branch is)" : branch);
export const worktrees = (known: number, lost: readonly string[]): Verdict =>
  lost.length === 0
    ? ok("worktrees", `${known} known to git`)
    : warn(
        "worktrees",
        `git does not know the worktrees of ${lost.join(", ")}`,
        `Make them again: copse stop ${lost[0]} && copse retry ${lost[0]}`,
      );
