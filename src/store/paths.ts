/** Every path Copse writes outside of repositories, in one page. One folder a task; it outlives worktrees and `git clean`. */
import { isAbsolute, join } from "node:path";

/** node:os is asked only where HOME says nothing. */
const home = (env: Env): string => env["HOME"] || process.getBuiltinModule("node:os").homedir();

type Env = Readonly<Record<string, string | undefined>>;

/** `$COPSE_STATE_DIR`, else `$XDG_STATE_HOME/copse`, else `~/.local/state/copse`; 0700. */
export function stateDir(env: Env = process.env): string {
  const own = env["COPSE_STATE_DIR"];
  if (own) return isAbsolute(own) ? own : join(process.cwd(), own);
  const xdg = env["XDG_STATE_HOME"];
  return xdg && isAbsolute(xdg) ? join(xdg, "copse") : join(home(env), ".local", "state", "copse");
}

/** `$XDG_CACHE_HOME/copse/code`, else `~/.cache/copse/code`: what may be removed at any time. */
export function codeDir(env: Env = process.env): string {
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg && isAbsolute(xdg) ? xdg : join(home(env), ".cache"), "copse", "code");
}

/** The person's own settings. */
export function personConfigFile(env: Env = process.env): string {
  const xdg = env["XDG_CONFIG_HOME"];
  return join(xdg && isAbsolute(xdg) ? xdg : join(home(env), ".config"), "copse", "config.json");
}

/** What the repository shares: `.worktrees/config.json` under `top`, the top of a checkout. */
export const projectConfigFile = (top: string): string => join(top, ".worktrees", "config.json");

/** Which id stands for which common git directory, as far as tasks were made: `id ⇥ path as JSON` a line. */
export const repoIdsFile = (state: string): string => join(state, "repos.tsv");

export const runnerDir = (state: string): string => join(state, "runner");
export const epochDir = (state: string): string => join(state, "runner", "lock");
/** There while a person has stopped the runner. */
export const stoppedFile = (state: string): string => join(state, "runner", "stopped");
export const runnerLog = (state: string): string => join(state, "runner", "log");
/** Name of the runner's socket inside `runnerDir`; both ends go there first, so its length never matters. */
export const socketName = "s";
/** Name of the runner's bell inside `runnerDir`; only commands of the same version ring it. */
export const bellName = (version: string): string => `bell-${version}`;
export const indexFile = (state: string): string => join(state, "index.jsonl");
export const olderIndexFile = (state: string): string => join(state, "index-older.jsonl");
export const queueFile = (state: string): string => join(state, "queue.json");
export const overlapsFile = (state: string): string => join(state, "overlaps.json");
/** Objects of work that is not committed yet, to see whether it would conflict; may be removed at any time. */
export const overlapDir = (state: string): string => join(state, "runner", "overlap");
/** Who is let into the dashboard, and at which port it is; 0600. */
export const uiAccessFile = (state: string): string => join(state, "ui", "access.json");
/** From where it was started, and with what environment; 0600. */
export const uiStartedFile = (state: string): string => join(state, "ui", "started.json");
/** What is known of agents' sessions from their hooks, a file each. */
export const hooksDir = (state: string): string => join(state, "hooks");
export const trustFile = (state: string): string => join(state, "trust.json");
export const reposDir = (state: string): string => join(state, "repos");
export const repoDir = (state: string, repoId: string): string => join(state, "repos", repoId);
/** Stands for the repository's common git directory where one change at a time is allowed. */
export const laneOf = (state: string, repoId: string): string => join(repoDir(state, repoId), "lane");
export const labelsDir = (state: string, repoId: string): string => join(repoDir(state, repoId), "labels");
export const batchesDir = (state: string, repoId: string): string => join(repoDir(state, repoId), "batches");
export const batchFile = (state: string, repoId: string, name: string): string => join(batchesDir(state, repoId), `${name}.json`);
/** Campaigns of dependency updates, a folder each. */
export const depsDir = (state: string, repoId: string): string => join(repoDir(state, repoId), "deps");
export const tasksDir = (state: string, repoId: string): string => join(repoDir(state, repoId), "tasks");
export const taskDir = (state: string, repoId: string, id: string): string => join(tasksDir(state, repoId), id);

/** Inside a task's folder. */
export const eventsFile = (dir: string): string => join(dir, "events.jsonl");
/** `step`: 0 for the prompt itself, n for the n-th follow-up. */
export const promptFile = (dir: string, step = 0): string => join(dir, step === 0 ? "prompt" : `then${step}`);
/** The submitter's environment, 0600, gone when the task has ended. */
export const envFile = (dir: string): string => join(dir, "env.json");
/** The settings its agent's last run got, for hooks; 0600, as a token is in it. */
export const hookSettingsFile = (dir: string): string => join(dir, "hooks.json");
export const reportFile = (dir: string): string => join(dir, "report.md");
/** Of a batch's joint task: what it has put together. */
export const combinedFile = (dir: string): string => join(dir, "combined.json");
/** Locked while a merge runs checks in the task's worktree. */
export const mergeLock = (dir: string): string => join(dir, "merging");
export const runDir = (dir: string, run: number): string => join(dir, `run${run}`);
export const setupDir = (dir: string, run: number): string => join(dir, `setup${run}`);
export const checkDir = (dir: string, run: number, check: number): string => join(dir, `check${run}.${check}`);
