/** What the form of a new task offers, from the configuration and from earlier tasks. */
import { existsSync } from "node:fs";
import type { Task } from "../core/task.ts";
import { agentNames } from "../session/agents/names.ts";
import { loadConfig } from "../store/config.ts";
import { readStarted } from "../store/ui-started.ts";
import type { FormAnswer } from "./api.ts";

/** Those that skip no question; others are for `agents` of the configuration, or a command line. */
const permissionModes = ["default", "acceptEdits", "plan"];
const mostOffered = 30;

export function formOf(state: string, tasks: readonly Task[], version: string): FormAnswer {
  const { config } = loadConfig(null);
  const newest = [...tasks].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const used = (pick: (task: Task) => string | null) => [...new Set(newest.flatMap((task) => pick(task) ?? []))].slice(0, mostOffered);
  return {
    version,
    repositories: repositoriesOf(state, newest),
    agents: [...new Set([...agentNames, ...Object.keys(config.agents)])],
    agent: config.agent,
    model: config.model,
    deliver: config.deliver,
    limit: config.limit,
    verify: config.verify,
    timeout: config.timeout,
    retries: config.retries,
    permissionModes,
    notify: config.notify.when,
    models: used(({ request }) => request.model),
    groups: used(({ request }) => request.group),
  };
}

/** Where a task can be made from here: repositories that have some, and those in which the dashboard was started. */
export function repositoriesOf(state: string, tasks: readonly Task[]): FormAnswer["repositories"] {
  const started = readStarted(state).repos.map(({ repo, repoId }): [string, string] => [repo, repoId]);
  const known = new Map([...started, ...tasks.map(({ repo, repoId }): [string, string] => [repo, repoId])]);
  return [...known].filter(([repo]) => existsSync(repo)).map(([repo, repoId]) => ({ repo, repoId }));
}
