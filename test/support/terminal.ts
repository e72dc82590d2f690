/** A person at a terminal. */
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { type Sandbox, waitFor } from "./sandbox.ts";

/** A command in a pseudo-terminal of 120 columns (script(1) of util-linux). */
export interface Terminal {
  type(keys: string): void;
  /** Closes the window. */
  close(): void;
  /** Waits until these words stand on the screen; blanks do not count, as a program may move the cursor instead of writing them. */
  shows(words: string): Promise<void>;
  /** All bytes so far, as text. */
  all(): string;
  readonly ended: Promise<number | null>;
}

export function terminal(box: Sandbox, line: string): Terminal {
  const child = spawn("script", ["-qefc", `stty cols 120 rows 40; ${line}`, "/dev/null"], {
    cwd: box.repo,
    env: { ...box.env, TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let out = "";
  let all = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
    all += chunk;
  });
  const bare = (text: string) => stripVTControlCharacters(text).replace(/\s+/g, "");
  return {
    all: () => all,
    close: () => void child.kill("SIGKILL"),
    type: (keys) => void child.stdin.write(keys),
    async shows(words) {
      try {
        await waitFor(() => bare(out).includes(bare(words)), "the screen", 60_000);
      } catch {
        throw new Error(`the screen never showed "${words}": ${stripVTControlCharacters(out).slice(-3000)}`);
      }
      out = "";
    },
    ended: new Promise((resolve) => child.on("exit", resolve)),
  };
}
