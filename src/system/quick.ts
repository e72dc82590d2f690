/** A command that somebody waits for at every turn: a person's hook. Started by hand, because execa takes 1.5 ms and as much processor time again as the start itself. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { messageOf } from "../core/errors.ts";
import type { Ran } from "./command.ts";

const mostBytes = 4 << 20;

/** As `runCommand`, but for what is beyond 4 MB: it is thrown away, and the command goes on. */
export function runQuickly(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env: Readonly<Record<string, string>>; timeoutMs: number; input: string },
): Promise<Ran> {
  const { cwd, env, timeoutMs, input } = options;
  return new Promise((resolve) => {
    const failed = (error: unknown) => {
      const why = cwd !== undefined && !existsSync(cwd) ? `the folder ${cwd} is not there` : messageOf(error);
      resolve({ exitCode: null, stdout: "", stderr: `${file} cannot be started: ${why}` });
    };
    try {
      // A group of its own: a program that hangs may have children which hold its output open.
      const child = spawn(file, args, { ...(cwd === undefined ? {} : { cwd }), env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
      const timer = setTimeout(() => endGroup(child.pid), timeoutMs);
      const [out, err] = [gathered(child.stdout), gathered(child.stderr)];
      child.on("error", (error) => {
        clearTimeout(timer);
        failed(error);
      });
      child.on("close", (exitCode) => {
        clearTimeout(timer);
        resolve({ exitCode, stdout: out(), stderr: err() });
      });
      // One that does not read what it is told.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    } catch (error) {
      failed(error);
    }
  });
}

/** Without its last newline, as of a command in a shell. */
function gathered(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    const rest = mostBytes - bytes;
    if (rest > 0) chunks.push(chunk.length > rest ? chunk.subarray(0, rest) : chunk);
    bytes += chunk.length;
  });
  return () =>
    Buffer.concat(chunks)
      .toString("utf8")
      .replace(/\r?\n$/, "");
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Gone in the same moment.
  }
}
