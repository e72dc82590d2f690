/** The only door to git, and the only user of simple-git: hooks, pagers, file-system monitors and foreign protocols off, `GIT_*` of the caller gone. */
import { existsSync } from "node:fs";
import { GitError, type SimpleGit, simpleGit } from "simple-git";
import { CopseError, isDiskFull, messageOf } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import { debug } from "../system/debug.ts";
import { isFull } from "../system/disk.ts";

/** Given with every call: what a hostile repository could make git run on our behalf is off. */
const config = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.pager=cat",
  "core.safecrlf=false",
  "log.showSignature=false",
  "protocol.ext.allow=never",
  "commit.gpgSign=false",
  "tag.gpgSign=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.detachedHead=false",
  "core.quotePath=false",
];

/** Network calls get this long without a byte before they are ended. */
const silenceMs = 300_000;

/** The environment git gets from us: the caller's without any `GIT_*`, never asking, allowed protocols only. */
export function gitEnv(from: Readonly<Record<string, string | undefined>> = process.env): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && !name.startsWith("GIT_") && !dangerous.has(name)) env[name] = value;
  }
  // A narrower list of the caller's stays in force; a wider one does not.
  const asked = from["GIT_ALLOW_PROTOCOL"]?.split(":");
  env["GIT_ALLOW_PROTOCOL"] = allowedProtocols.filter((name) => !asked || asked.includes(name)).join(":");
  for (const name of ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"]) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
}

const allowedProtocols = ["https", "ssh", "file", "git", "http"];
const dangerous = new Set(["EDITOR", "VISUAL", "PAGER", "SSH_ASKPASS"]);

export interface GitOptions {
  /** For standard input. */
  readonly input?: string | Uint8Array;
  /** More environment for this one call, e.g. an index file. */
  readonly env?: Readonly<Record<string, string>>;
  /** More `-c` settings for this one call. */
  readonly config?: readonly string[];
  /** Protocols as git and the person have set them (git refuses `file` for submodules), instead of our list. */
  readonly ownProtocols?: boolean;
}

/**
 * Runs one git command in `dir` and gives its stdout.
 * @throws CopseError GIT_FAILED with git's own words (redacted, made safe); the cause keeps the original.
 */
export async function git(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  return await run(dir, args, options, () => {});
}

/** As `git`, with stdout as the bytes it is. */
export async function gitBytes(dir: string, args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await run(dir, args, options, (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks);
}

async function run(dir: string, args: readonly string[], options: GitOptions, heard: (chunk: Buffer) => void): Promise<string> {
  const startedAt = performance.now();
  if (!existsSync(dir)) throw new CopseError("GIT_FAILED", `git ${args[0] ?? ""}: the folder ${safe(dir)} is gone`);
  const env: Record<string, string> = { ...gitEnv(), ...options.env };
  if (options.ownProtocols && process.env["GIT_ALLOW_PROTOCOL"] === undefined) delete env["GIT_ALLOW_PROTOCOL"];
  const made: SimpleGit = simpleGit({
    baseDir: dir,
    config: [...config, ...(options.config ?? [])],
    maxConcurrentProcesses: 16,
    timeout: { block: silenceMs },
    // Only `close` says that all of the output is here. simple-git's default also takes 50 ms after the exit for the end: on a busy machine that made
    // an empty answer of a full one, and "nothing to commit" of a worktree full of work.
    completion: { onClose: true, onExit: false },
    // simple-git takes a silent non-zero exit for success; `rev-parse --verify --quiet` says no that way.
    errors: (error, result) =>
      error ??
      (result.exitCode === 0
        ? undefined
        : Buffer.concat([...result.stdErr, ...result.stdOut, Buffer.from(` (exit code ${result.exitCode})`)])),
    allowEnvironment: Object.keys(env).filter((name) => name.startsWith("GIT_")),
    unsafe: {
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafePager: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeGpgProgram: true,
      allowUnsafeAskPass: true,
      allowUnsafeConfigPaths: true,
    } as never,
    ...(options.input === undefined ? {} : { input: () => options.input as string }),
  })
    .env(env)
    // Where git has said nothing simple-git waits 50 ms for more; nothing said aloud is enough for it.
    .outputHandler((_command, stdout) => {
      stdout.on("data", heard);
      setImmediate(() => stdout.emit("data", Buffer.alloc(0)));
    });
  try {
    const out = await made.raw([...args]);
    debug(() => `git ${redact(args.join(" "))} [${dir}] ${Math.round(performance.now() - startedAt)} ms`);
    return out;
  } catch (error) {
    const text = safe(redact(messageOf(error))).trim();
    debug(() => `git ${redact(args.join(" "))} [${dir}] failed: ${text}`);
    if (!(error instanceof GitError)) throw error;
    // Git does not always say why it could not write; a full disk is no fault of the task's, and is waited out.
    const why = isFull(dir) && !isDiskFull(error) ? " (No space left on device)" : "";
    throw new CopseError("GIT_FAILED", `git ${args.find((arg) => !arg.startsWith("-")) ?? ""}: ${text.slice(0, 2000)}${why}`, {
      cause: error,
    });
  }
}

/** As `git`, without the last newline. */
export async function gitLine(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await git(dir, args, options)).replace(/\n$/, "");
}

/** As `gitLine`; undefined when git says no. For questions whose no is an answer (`rev-parse --verify`), never to look whether something is gone. */
export async function gitMaybe(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string | undefined> {
  try {
    return await gitLine(dir, args, options);
  } catch (error) {
    if (error instanceof CopseError) return undefined;
    throw error;
  }
}
