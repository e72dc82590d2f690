/** A person's terminal in tmux, for programs that want a whole one. The server is the test's own, and goes with it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Sandbox, waitFor } from "./sandbox.ts";

export interface Tmux {
  /** Types the words and presses Enter, with the pause a person makes. */
  say(words: string): Promise<void>;
  /** Presses keys, by tmux's names. */
  press(...keys: string[]): void;
  /** What stands on the screen. */
  screen(): string;
  /** Waits until these words stand on the screen. */
  shows(words: string): Promise<void>;
  close(): void;
}

export function inTmux(box: Sandbox, line: string): Tmux {
  const socket = join(box.dir, "tmux");
  const tmux = (...args: string[]) =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      cwd: box.repo,
      env: { ...box.env, TERM: "xterm-256color" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  tmux("new-session", "-d", "-x", "120", "-y", "40", line);
  const screen = () => tmux("capture-pane", "-p");
  return {
    screen,
    press: (...keys) => void tmux("send-keys", ...keys),
    async say(words) {
      tmux("send-keys", "-l", words);
      await waitFor(() => screen().includes(words), `"${words}" on the screen`, 60_000);
      tmux("send-keys", "Enter");
    },
    async shows(words) {
      try {
        await waitFor(() => screen().includes(words), "the screen", 60_000);
      } catch {
        throw new Error(`the screen never showed "${words}": ${screen()}`);
      }
    },
    close() {
      try {
        tmux("kill-server");
      } catch {
        // It has ended by itself.
      }
    },
  };
}
