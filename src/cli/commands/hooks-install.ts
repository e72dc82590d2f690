/** `copse hooks install` and `uninstall`: Copse's hooks in a settings file of Claude Code, put in beside what is there and taken out to the byte. */

import { statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";
import { exclude } from "../../git/exclude.ts";
import { git, gitMaybe } from "../../git/git.ts";
import { findRepository, type Repository } from "../../git/repository.ts";
import type { SettingsHooks } from "../../hooks/entries.ts";
import { writeGuard } from "../../hooks/guard.ts";
import { install, isInstalled, obstacles, uninstall } from "../../hooks/settings.ts";
import { type Change, changeSettings } from "../../hooks/settings-change.ts";
import { projectSettings, readSettings, targetOf, userSettings } from "../../hooks/settings-file.ts";
import { wakeCommand, wantedOfSessions } from "../../hooks/wanted.ts";
import { stateDir } from "../../store/paths.ts";
import { BadJson } from "../../system/json-text.ts";
import { out } from "../../system/output.ts";
import { repositoryMaybe } from "../find.ts";

export type Scope = "user" | "project";

/** `hooks install --print`: what would be put in; nothing is written. */
export function hooksPrint(): number {
  out(`${JSON.stringify({ hooks: wantedOfSessions(stateDir()) }, null, 2)}\n`);
  return 0;
}

export async function hooksInstall(scope: Scope, json: boolean): Promise<number> {
  const file = fileOf(scope);
  const state = stateDir();
  const hooks = wantedOfSessions(state);
  // What cannot be read is refused before anything is done for it.
  const command = `copse hooks install --${scope}`;
  await inFile(file, command, () => install(readSettings(targetOf(file)), hooks));
  const kept = await keptFromGit(file, scope);
  writeGuard(state, wakeCommand());
  const change = await inFile(file, command, () => changeSettings(state, file, (text) => install(text, hooks)));
  const notes = [...kept, ...(await notesOn(file, change.after ?? ""))];
  if (json) out(`${JSON.stringify({ settings: { scope, file, change: kindOf(change) }, notes })}\n`);
  else out(safe(`${told(file, scope, change, hooks)}\n${notes.map((note) => `  ${note}\n`).join("")}`));
  return 0;
}

export async function hooksUninstall(scope: Scope, json: boolean): Promise<number> {
  const file = fileOf(scope);
  const without = (text: string | undefined) => (text === undefined ? undefined : uninstall(text));
  const change = await inFile(file, `copse hooks uninstall --${scope}`, () => changeSettings(stateDir(), file, without));
  const done =
    change.after === change.before
      ? `There are no hooks of Copse's in ${file}.`
      : change.after === undefined
        ? `Copse's hooks are out of ${file}; nothing else was in it, so it is removed.`
        : `Copse's hooks are out of ${file}; all else in it is as it was.`;
  if (json)
    out(`${JSON.stringify({ settings: { scope, file, change: change.after === change.before ? "none" : "removed" }, notes: [] })}\n`);
  else out(safe(`${done}\n`));
  return 0;
}

/** @throws CopseError NO_REPOSITORY */
function fileOf(scope: Scope): string {
  if (scope === "user") return userSettings();
  const repo = findRepository(process.cwd());
  if (repo.bare)
    throw new CopseError("NO_REPOSITORY", `${repo.top} is bare: it has no files, so no settings`, { hint: "Go into a worktree of it." });
  return projectSettings(repo);
}

async function inFile<T>(file: string, command: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BadJson)) throw error;
    throw new CopseError("BAD_CONFIG", `${file} is left as it is: ${error.message}`, {
      hint: `Claude Code does not take it so either (claude doctor says what). Mend that place, then: ${command}`,
      cause: error,
    });
  }
}

/**
 * A token goes into the file: it must not be committed. @returns what to tell of that
 * @throws CopseError CONFLICT when git tracks the file, or would with the next `git add`
 */
async function keptFromGit(file: string, scope: Scope): Promise<string[]> {
  const target = targetOf(file);
  const repo = repositoryMaybe(nearest(target));
  if (repo === undefined) return [];
  if (await isTracked(target))
    throw new CopseError("CONFLICT", `${target} is tracked by git, and a token would be committed with Copse's hooks`, {
      hint:
        scope === "user"
          ? "Take it out of that repository (git rm --cached), or install them for a project: copse hooks install --project"
          : "Take it out of the repository, as Claude Code means it to be: git rm --cached .claude/settings.local.json",
    });
  if (await isIgnored(target)) return [];
  if (scope === "user") return [`Git does not ignore it in ${repo.top}: do not add it there, for a token is in it.`];
  return await excluded(repo, target);
}

async function excluded(repo: Repository, target: string): Promise<string[]> {
  exclude(repo.commonDir, relative(repo.top, target));
  if (await isIgnored(target)) return ["Git ignores it from now on, by .git/info/exclude."];
  throw new CopseError("CONFLICT", `git does not ignore ${target}, and a token would be committed with Copse's hooks`, {
    hint: "A rule of the repository's .gitignore takes it in; see git check-ignore -v .claude/settings.local.json",
  });
}

const isTracked = async (file: string): Promise<boolean> =>
  (await git(nearest(file), ["--literal-pathspecs", "ls-files", "-z", "--", file])) !== "";

const isIgnored = async (file: string): Promise<boolean> =>
  (await gitMaybe(nearest(file), ["check-ignore", "-q", "--", file])) !== undefined;

/** The folder of a file, or the one above it that is there. */
function nearest(file: string): string {
  const dir = dirname(file);
  return dir === file || statSync(dir, { throwIfNoEntry: false })?.isDirectory() ? dir : nearest(dir);
}

async function notesOn(file: string, text: string): Promise<string[]> {
  const target = targetOf(file);
  const mode = statSync(target).mode & 0o777;
  return [
    ...((mode & 0o077) === 0
      ? []
      : [`Others on this machine may read it (mode ${mode.toString(8)}), and a token is in it: chmod 600 ${target}`]),
    ...obstacles(text).map((obstacle) => `They will not be called as they are: ${obstacle}.`),
  ];
}

function kindOf({ before, after }: Change): "installed" | "updated" | "none" {
  if (after === before) return "none";
  return before !== undefined && isInstalled(before) ? "updated" : "installed";
}

function told(file: string, scope: Scope, change: Change, hooks: SettingsHooks): string {
  const count = Object.keys(hooks).length;
  const kind = kindOf(change);
  if (kind === "none") return `Copse's hooks are in ${file} already; nothing was changed.`;
  if (kind === "updated") return `Copse's hooks in ${file} are brought up to date, for ${count} events.`;
  return `Copse's hooks are in ${file}, for ${count} events; what was in it is as it was. Out again: copse hooks uninstall --${scope}`;
}
