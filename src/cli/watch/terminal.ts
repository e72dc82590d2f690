/**
 * The terminal while the view stands: raw, on its other screen; and as it was before, however the view ends. Suspended (Ctrl-Z) and lent to a program, it is given back in the same way.
 * Only a kill -9 leaves it as it is drawn.
 */
import { emitKeypressEvents } from "node:readline";
import { systemCode } from "../../core/errors.ts";
import { out } from "../../system/output.ts";
import { type Key, keyOf, type Press } from "./keys.ts";

export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  write(bytes: string): void;
  /** Hands the terminal to the shell until the person comes back with `fg`. */
  suspend(): void;
  /** Lends the terminal for as long as the work takes. */
  lend<T>(work: () => Promise<T>): Promise<T>;
  /** As it was before. A second time does nothing. */
  close(): void;
}

export interface Heard {
  key(key: Key): void;
  resized(): void;
  /** The terminal was somebody else's in between: nothing of what was drawn stands. */
  back(): void;
  /** Asked to end by a person: leave with this code. */
  interrupted(): void;
}

/** Other screen, no cursor, and what is pasted is marked as such. */
const enter = "\u001b[?1049h\u001b[?25l\u001b[?2004h\u001b[2J";
const leave = "\u001b[?7h\u001b[?2004l\u001b[0m\u001b[?25h\u001b[?1049l";

/** An Escape alone is told from the beginning of a longer key by what follows, also over a slow line. */
const escapeMs = 100;

const deadly = ["SIGTERM", "SIGHUP", "SIGQUIT"] as const;

export function openTerminal(heard: Heard): Terminal {
  const { stdin, stdout } = process;
  let held: "ours" | "lent" | "closed" = "closed";

  function take(): void {
    stdin.setRawMode(true);
    stdin.resume();
    held = "ours";
    out(enter);
  }
  function give(next: "lent" | "closed"): void {
    if (held !== "ours") {
      if (next === "closed") held = next;
      return;
    }
    held = next;
    // A terminal that is gone needs nothing any more.
    quietly(() => out(leave));
    quietly(() => stdin.setRawMode(false));
    stdin.pause();
  }
  function takeBack(): void {
    if (held === "closed") return;
    // It may have another size; nobody tells a program that is stopped.
    process.emit("SIGWINCH", "SIGWINCH");
    take();
    heard.back();
  }

  const onKey = (sequence: string | undefined, press: Press) => {
    if (held === "ours") heard.key(keyOf(sequence, press));
  };
  const onResize = () => {
    if (held === "ours") heard.resized();
  };
  const onInterrupt = () => {
    if (held === "ours") heard.interrupted();
  };
  const onStop = () => suspend();
  const onContinue = () => {
    if (held !== "ours") return;
    // Somebody has stopped us outright: the shell had the terminal, and has set it to its own liking.
    quietly(() => stdin.setRawMode(false));
    takeBack();
  };
  const onDeadly = (signal: NodeJS.Signals) => {
    close();
    process.kill(process.pid, signal);
  };
  const onEnd = () => onDeadly("SIGHUP");

  function suspend(): void {
    if (held !== "ours") return;
    give("lent");
    process.off("SIGTSTP", onStop);
    // The whole group, as the terminal itself would: a script around us stops with us. Where no shell can bring it back the system lets it pass.
    process.kill(0, "SIGTSTP");
    setTimeout(() => {
      process.on("SIGTSTP", onStop);
      takeBack();
    }, 20);
  }

  function close(): void {
    give("closed");
    stdin.off("keypress", onKey).off("end", onEnd);
    stdout.off("resize", onResize);
    process.off("SIGINT", onInterrupt).off("SIGTSTP", onStop).off("SIGCONT", onContinue).off("exit", close);
    for (const signal of deadly) process.off(signal, onDeadly);
  }

  emitKeypressEvents(stdin, { escapeCodeTimeout: escapeMs } as never);
  stdin.on("keypress", onKey).on("end", onEnd);
  stdout.on("resize", onResize);
  process.on("SIGINT", onInterrupt).on("SIGTSTP", onStop).on("SIGCONT", onContinue).on("exit", close);
  for (const signal of deadly) process.on(signal, onDeadly);
  take();

  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    write: (bytes) => {
      if (held === "ours") out(bytes);
    },
    suspend,
    async lend(work) {
      give("lent");
      try {
        return await work();
      } finally {
        takeBack();
      }
    },
    close,
  };
}

/** What a terminal that is gone answers. */
export const isGone = (error: unknown): boolean => ["EIO", "ENXIO", "EBADF", "ENOTTY"].includes(systemCode(error));

function quietly(deed: () => void): void {
  try {
    deed();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
