/** Commands of the outside world that may end with us; the only user of execa. Runs that must outlive us are in `process/`, hooks an agent waits for in `quick.ts`. */
import { execa } from "execa";
import { debug } from "./debug.ts";

export interface Ran {
  /** null when it could not be started, was killed or ran out of time. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with no terminal, and no input but `input`; never throws. Output beyond 4 MB is cut. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>>; timeoutMs?: number; input?: string } = {},
): Promise<Ran> {
  // A group of its own: a program that hangs may have children which hold its output open.
  const running = execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
    detached: true,
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    reject: false,
    maxBuffer: 4 << 20,
  });
  const timer = setTimeout(() => endGroup(running.pid), options.timeoutMs ?? 60_000);
  const done = await running;
  clearTimeout(timer);
  debug(() => `$ ${file} ${args.length} arguments → ${done.exitCode ?? done.code ?? done.signal} in ${Math.round(done.durationMs)} ms`);
  return { exitCode: done.exitCode ?? null, stdout: String(done.stdout ?? ""), stderr: String(done.stderr ?? done.shortMessage ?? "") };
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Gone in the same moment.
  }
}

/** Runs a program with this on its standard input, the other two being ours. @returns as `giveTerminal`; it ends with us */
export async function feed(file: string, args: readonly string[], input: string): Promise<number> {
  const done = await execa(file, args, { input, stdout: "inherit", stderr: "inherit", reject: false });
  if (done.exitCode !== undefined) return done.exitCode;
  return done.signal === undefined ? 127 : 128 + signalNumber(done.signal);
}

/** Gives the terminal to a program and waits; @returns its exit code, 128+n for a signal, 127 when it cannot be started. */
export async function giveTerminal(
  file: string,
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): Promise<number> {
  const signals = ["SIGINT", "SIGQUIT"] as const;
  const ignore = () => {};
  // Ctrl-C belongs to the program in front; we must live to see how it ends.
  for (const signal of signals) process.on(signal, ignore);
  try {
    const done = await execa(file, args, {
      cwd: options.cwd,
      ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
      stdio: "inherit",
      reject: false,
    });
    if (done.exitCode !== undefined) return done.exitCode;
    return done.signal === undefined ? 127 : 128 + signalNumber(done.signal);
  } finally {
    for (const signal of signals) process.off(signal, ignore);
  }
}

function signalNumber(name: string): number {
  return ({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 } as Record<string, number>)[name] ?? 0;
}
