/** From where the dashboard was started: the commands that its levers are run as if typed there, and find in the person's environment what they would find. */
import { dirname } from "node:path";
import { makeDir, readMaybe, replaceFile } from "./files.ts";
import { uiStartedFile } from "./paths.ts";

export interface Started {
  /** null before the first time. */
  readonly env: Readonly<Record<string, string>> | null;
  /** The latest first. */
  readonly repos: readonly { readonly repo: string; readonly repoId: string }[];
}

const mostRepos = 30;
/** What says that a program is a part of a task's run, or where somebody just stands. */
const ofOthers = /^(?:COPSE_(?:RUN|LABEL|TASK_ID|ATTEMPT|WORKTREE|REPO|STEP|PROMPT_FILE|ANSWER)|_|PWD|OLDPWD|SHLVL)$/;

export function readStarted(state: string): Started {
  try {
    const { env, repos } = JSON.parse(readMaybe(uiStartedFile(state)) ?? "") as Started;
    return { env: env ?? null, repos: Array.isArray(repos) ? repos : [] };
  } catch {
    return { env: null, repos: [] };
  }
}

/** `repo`: the one it was started in, if in any. */
export function noteStarted(
  state: string,
  env: Readonly<Record<string, string | undefined>>,
  repo: Started["repos"][number] | undefined,
): void {
  const others = readStarted(state).repos.filter((one) => one.repo !== repo?.repo);
  const repos = [...(repo === undefined ? [] : [repo]), ...others].slice(0, mostRepos);
  makeDir(dirname(uiStartedFile(state)));
  replaceFile(uiStartedFile(state), JSON.stringify({ env: ownEnvironment(env), repos } satisfies Started));
}

export const ownEnvironment = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((one): one is [string, string] => one[1] !== undefined && !ofOthers.test(one[0])));
