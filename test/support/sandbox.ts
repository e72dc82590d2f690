/** A world of its own for a test: temporary folder, HOME, git configuration, state folder and a repository; the built CLI run in it; and the proof that nothing is left. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRunner } from "../../src/cli/client.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const builtCli = join(root, "dist", "copse.cjs");
/** A program of `test/agents/`. */
export const agent = (name: string): string => join(root, "test", "agents", name);

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Sandbox {
  readonly dir: string;
  readonly repo: string;
  readonly state: string;
  readonly env: Record<string, string>;
  /** Runs the built CLI and waits for it. */
  copse(args: readonly string[], options?: { cwd?: string; input?: string | Uint8Array; env?: Record<string, string> }): Promise<Ran>;
  /** As `copse` with `--json`, parsed. */
  json(args: readonly string[], options?: { cwd?: string }): Promise<any>;
  git(args: readonly string[], cwd?: string): string;
  /** One task's JSON. */
  task(label: string, cwd?: string): Promise<any>;
  /** Ends every process of this sandbox, checks that none is left, removes the folder. */
  close(): Promise<void>;
}

/** `files`: names and contents of the repository's first commit. */
export async function sandbox(
  files: Readonly<Record<string, string>> = { "a.txt": "a\n" },
  options: { repoName?: string } = {},
): Promise<Sandbox> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "copse-test-")));
  const home = join(dir, "home");
  const state = join(dir, "state");
  const repo = join(dir, options.repoName ?? "repo");
  mkdirSync(home);
  mkdirSync(repo);
  writeFileSync(
    join(home, "gitconfig"),
    '[user]\n\tname = Test\n\temail = test@example.com\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[protocol "file"]\n\tallow = always\n',
  );
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    LANG: "C.UTF-8",
    TERM: "dumb",
    COPSE_STATE_DIR: state,
    // Shared by all of a run, as by all commands of a person.
    XDG_CACHE_HOME: join(tmpdir(), "copse-cache"),
    COPSE_IDLE_SECONDS: "2",
    COPSE_MIN_FREE_MB: "0",
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ALLOW_PROTOCOL: "file",
    // Marks every process of this sandbox, agents too (COPSE_* would not reach them), so that a left-over one is found.
    TEST_SANDBOX: dir,
    ...(process.env["NODE_V8_COVERAGE"] ? { NODE_V8_COVERAGE: process.env["NODE_V8_COVERAGE"] } : {}),
  };
  const git = (args: readonly string[], cwd = repo) =>
    execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  git(["init", "-q"]);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repo, name)), { recursive: true });
    writeFileSync(join(repo, name), text);
  }
  git(["add", "-A", "-f"]);
  git(["commit", "-q", "--allow-empty", "-m", "start"]);

  const copse: Sandbox["copse"] = (args, { cwd = repo, input, env: more = {} } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [builtCli, ...args], { cwd, env: { ...env, ...more }, stdio: ["pipe", "pipe", "pipe"] });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      child.stdin.on("error", () => {});
      child.on("error", reject);
      child.on("close", (code, signal) =>
        resolve({
          code: code ?? (signal === null ? -1 : -2),
          stdout: Buffer.concat(out).toString(),
          stderr: Buffer.concat(err).toString(),
        }),
      );
      child.stdin.end(input ?? "");
    });
  return {
    dir,
    repo,
    state,
    env,
    copse,
    git,
    async json(args, more) {
      const ran = await copse([...args, "--json"], more);
      try {
        return JSON.parse(ran.stdout);
      } catch {
        throw new Error(`copse ${args.join(" ")} (exit ${ran.code}) printed no JSON: ${ran.stdout}\n${ran.stderr}`);
      }
    },
    async task(label, cwd) {
      const ran = await copse(["show", label, "--json"], cwd === undefined ? {} : { cwd });
      const answer = JSON.parse(ran.stdout);
      if (answer.error) throw new Error(`${answer.error.code}: ${answer.error.message}`);
      return answer.task;
    },
    async close() {
      await leave(state).catch(() => undefined);
      // Again and again: one that is just being started is not in the first look.
      const left = () =>
        processesOf(dir).map((pid) => {
          kill(pid);
          return `${pid} ${commandOf(pid)}`;
        });
      await waitFor(() => left().length === 0, "every process of the sandbox to be gone").catch((error: Error) => {
        throw new Error(`${error.message}: ${left().join(", ")}`);
      });
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
      if (existsSync(dir)) throw new Error(`${dir} could not be removed`);
    },
  };
}

/** Asks the runner to leave and waits for that, as `copse runner stop` does. Most sandboxes have none by then, and a command of its own would find that out for 0.1 s of CPU. */
async function leave(state: string): Promise<void> {
  const link = runnerPid(state) === undefined ? undefined : await findRunner(state);
  await link?.ask({ do: "leave" }).catch(() => undefined);
  link?.close();
  if (link) await waitFor(() => runnerPid(state) === undefined, "the runner to leave", 10_000);
}

/** Live processes that carry the sandbox's mark in their environment (Linux). */
export function processesOf(dir: string): number[] {
  const mark = `TEST_SANDBOX=${dir}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) return false;
        return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(`\0${mark}\0`);
      } catch {
        return false;
      }
    });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 200);
  } catch {
    return "(gone)";
  }
}

/** kill -9 of one process that the caller has identified. */
export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** The runner of a sandbox, or undefined. */
export function runnerPid(state: string): number | undefined {
  const dir = join(state, "runner", "lock");
  for (;;) {
    const top = existsSync(dir)
      ? readdirSync(dir)
          .filter((name) => /^\d{12}$/.test(name))
          .sort()
          .at(-1)
      : undefined;
    if (top === undefined) return undefined;
    const text = readIfThere(join(dir, top));
    // The next runner has taken the lead since, and cleared this away.
    if (text === undefined) continue;
    const { pid } = JSON.parse(text) as { pid: number };
    const stat = readIfThere(`/proc/${pid}/stat`);
    return stat !== undefined && !/\) [ZX] /.test(stat) ? pid : undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Polls for something to become true; presence is polled with a long limit, never slept for. */
export async function waitFor<T>(look: () => T | Promise<T>, what: string, limitMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Waits until a child has ended; @returns its exit code. */
export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) =>
    child.exitCode !== null || child.signalCode !== null ? resolve(child.exitCode) : child.once("exit", (code) => resolve(code)),
  );
}
