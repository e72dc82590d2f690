/** A person at a terminal that is drawn: a program of a sandbox in a tmux of its own, for what only lives on a whole screen. */
import { execFileSync } from "node:child_process";
import { type Sandbox, waitFor } from "./sandbox.ts";

export interface Tmux {
  /** These words as they are, without Enter. */
  type(words: string): void;
  /** Types the words and presses Enter, with the pause a person makes. */
  say(words: string): Promise<void>;
  /** Keys by tmux's names for them: Enter, Escape, C-c. */
  press(...keys: string[]): void;
  resize(columns: number, rows: number): void;
  /** What tmux knows, by its formats: `#{alternate_on}`. */
  ask(format: string): string;
  /** From now on every byte the program writes goes into this file as well. */
  record(file: string): void;
  /** What stands on the screen now. */
  screen(): string;
  /** Waits until these words stand on the screen; blanks do not count. */
  shows(words: string, limitMs?: number): Promise<void>;
  /** Waits until the program has ended by itself. */
  ended(limitMs?: number): Promise<void>;
  /** Ends the program and its tmux; a second time does nothing. */
  close(): void;
}

const bare = (text: string) => text.replace(/\s+/g, "");

/** `line`: for a shell, in the repository. The server's socket is in the sandbox, so nobody else's tmux is met. */
export function tmux(box: Sandbox, line: string, size = { columns: 120, rows: 50 }): Tmux {
  // By a path relative to its folder: a socket's own must be short, however long the folder's is.
  const run = (...args: string[]): string =>
    execFileSync("tmux", ["-S", "tmux.sock", "-f", "/dev/null", ...args], {
      cwd: box.dir,
      env: { ...box.env, TERM: "xterm-256color" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const tried = (...args: string[]): string | undefined => {
    try {
      return run(...args);
    } catch {
      return undefined;
    }
  };
  const close = () => {
    process.off("exit", close);
    tried("kill-server");
  };
  // Also where a test is ended from outside.
  process.once("exit", close);
  run("new-session", "-d", "-x", `${size.columns}`, "-y", `${size.rows}`, "-c", box.repo, line);
  const screen = () => tried("capture-pane", "-p") ?? "";
  return {
    type: (words) => void run("send-keys", "-l", words),
    async say(words) {
      run("send-keys", "-l", words);
      await waitFor(() => bare(screen()).includes(bare(words)), `"${words}" on the screen`, 60_000);
      run("send-keys", "Enter");
    },
    press: (...keys) => void run("send-keys", ...keys),
    resize: (columns, rows) => void run("resize-window", "-x", `${columns}`, "-y", `${rows}`),
    ask: (format) => run("display-message", "-p", format).trimEnd(),
    record: (file) => void run("pipe-pane", "-O", `cat >> '${file}'`),
    screen,
    async shows(words, limitMs = 60_000) {
      await waitFor(() => bare(screen()).includes(bare(words)), `the screen to show "${words}"`, limitMs).catch((error: Error) => {
        throw new Error(`${error.message}: ${screen().trim().slice(-3000)}`);
      });
    },
    async ended(limitMs = 60_000) {
      await waitFor(() => tried("has-session") === undefined, "the program to end", limitMs).catch((error: Error) => {
        throw new Error(`${error.message}: ${screen().trim().slice(-3000)}`);
      });
    },
    close,
  };
}
