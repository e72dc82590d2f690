/** `copse doctor`: looks at everything a task needs, changes nothing; every line that is not well ends with the command that helps. Probes are here, verdicts in `../checks.ts`. */

import { availableParallelism } from "node:os";
import { type CopseError, exit, messageOf } from "../../core/errors.ts";
import type { Gates } from "../../core/hook-settings.ts";
import { safe } from "../../core/safe.ts";
import { gitMaybe } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { listWorktrees } from "../../git/worktrees.ts";
import { install, isInstalled } from "../../hooks/settings.ts";
import { projectSettings, readSettings, userSettings } from "../../hooks/settings-file.ts";
import { wantedOfSessions } from "../../hooks/wanted.ts";
import { loadConfig } from "../../store/config.ts";
import { makeDir } from "../../store/files.ts";
import { isOpen, readLately, taskOf } from "../../store/index-file.ts";
import { stateDir } from "../../store/paths.ts";
import { listTaskDirs, readTask } from "../../store/tasks.ts";
import { executableOf, isTrusted } from "../../store/trust.ts";
import { runCommand } from "../../system/command.ts";
import { roomAt } from "../../system/disk.ts";
import { out, screen } from "../../system/output.ts";
import { which } from "../../system/which.ts";
import { version } from "../../version.ts";
import * as check from "../checks.ts";
import { findRunner } from "../client.ts";
import { repositoryMaybe } from "../find.ts";
import { paintFor } from "../view/paint.ts";

export async function doctor(json: boolean): Promise<number> {
  const repo = repositoryMaybe(process.cwd());
  const state = stateDir();
  const all: check.Verdict[] = [check.node(process.version), check.git((await runCommand("git", ["--version"])).stdout)];
  all.push(...configChecks(repo));
  all.push(check.stateFolder(state, stateProblem(state)), check.room(state, roomAt(state), loadConfig(null).config.minFreeMb));
  all.push(check.limit(loadConfig(null).config.limit, availableParallelism()));
  all.push(...(await claudeChecks()), hooksCheck(repo));
  all.push(await runnerCheck(state));
  all.push(...taskChecks(state));
  if (repo) all.push(...(await repositoryChecks(repo, state)));
  else all.push(check.noRepository());
  if (json) out(`${JSON.stringify({ checks: all })}\n`);
  else {
    const paint = paintFor(screen());
    const mark = { ok: paint.green("ok  "), warn: paint.yellow("warn"), fail: paint.red("fail") };
    for (const one of all)
      out(
        `${mark[one.status]}  ${one.name.padEnd(14)} ${safe(one.text)}${one.fix === null ? "" : `\n${" ".repeat(21)}${safe(one.fix)}`}\n`,
      );
  }
  return all.some((one) => one.status === "fail") ? exit.failed : exit.ok;
}

function stateProblem(state: string): string | undefined {
  try {
    makeDir(state);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function configChecks(repo: Repository | undefined): check.Verdict[] {
  try {
    const loaded = loadConfig(repo?.top ?? null);
    const what = repo === undefined ? undefined : executableOf(loaded.project, repo.id);
    return [check.config(loaded.warnings), ...(what === undefined || repo === undefined ? [] : [check.trust(isTrusted(what, repo.id))])];
  } catch (error) {
    return [check.badConfig(error as CopseError)];
  }
}

async function claudeChecks(): Promise<check.Verdict[]> {
  const path = which(loadConfig(null).config.agents["claude"]?.path ?? "claude");
  if (path === undefined) return [check.noClaude()];
  const ran = await runCommand(path, ["--version"], { timeoutMs: 10_000 });
  const status = await runCommand(path, ["auth", "status"], { timeoutMs: 10_000 });
  return [check.claude(path, ran.stdout.trim(), process.version), check.claudeLogin(status.stdout)];
}

function hooksCheck(repo: Repository | undefined): check.Verdict {
  const files = [userSettings(), ...(repo === undefined || repo.bare ? [] : [projectSettings(repo)])];
  const installed: string[] = [];
  for (const file of files) {
    try {
      const text = readSettings(file) ?? "";
      if (!isInstalled(text)) continue;
      if (install(text, wantedOfSessions(stateDir())) !== text) return check.hooksStale(file);
      installed.push(file);
    } catch (error) {
      return check.hooks([], `${file}: ${messageOf(error)}`);
    }
  }
  return check.hooks(installed, undefined, gatesOf(repo));
}

/** What is wrong with a configuration is said elsewhere. */
function gatesOf(repo: Repository | undefined): Gates {
  try {
    return loadConfig(repo?.top ?? null).config.gates;
  } catch {
    return {};
  }
}

async function runnerCheck(state: string): Promise<check.Verdict> {
  try {
    const link = await findRunner(state);
    link?.close();
    return check.runner(link?.hello, version);
  } catch (error) {
    return check.runnerTrouble(error as CopseError);
  }
}

/** Every record can be read, and the index knows each. */
function taskChecks(state: string): check.Verdict[] {
  const bad: string[] = [];
  const dirs = listTaskDirs(state);
  for (const { dir } of dirs) {
    try {
      readTask(dir);
    } catch (error) {
      bad.push((error as Error).message);
    }
  }
  return [check.records(dirs.length, bad)];
}

async function repositoryChecks(repo: Repository, state: string): Promise<check.Verdict[]> {
  const bare = await gitMaybe(repo.top, ["config", "--get", "core.bare"]);
  const remote = await gitMaybe(repo.top, ["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
  const entries = await listWorktrees(repo.top);
  const open = [...readLately(state).values()].filter((entry) => entry.repoId === repo.id && isOpen(entry)).map(taskOf);
  const lost = open.filter(
    (task) => task.worktree !== null && task.branch !== null && !entries.some((entry) => entry.path === task.worktree),
  );
  return [
    check.repository(repo, bare === "true"),
    check.base(remote?.replace("refs/remotes/", "")),
    check.worktrees(
      entries.length,
      lost.map((task) => task.label),
    ),
  ];
}
