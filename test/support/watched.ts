/** A person at a shell in tmux who runs `copse watch`, and what tells whether the terminal is as it was. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtCli, processesOf, type Sandbox, waitFor } from "./sandbox.ts";
import { type Tmux, tmux } from "./tmux.ts";

export interface Watched extends Tmux {
  /** Types a line at the prompt; waits until the prompt is back and @returns what stands on the screen. */
  line(words: string): Promise<string>;
  /** Starts the view and waits until it shows these words. */
  watch(words: string, flags?: string): Promise<void>;
  /** The process of the view. */
  pid(): number;
  /** Waits until the prompt is back. */
  atPrompt(): Promise<void>;
  /** What `stty -a` says, whether the other screen, the cursor, wrapping are on. */
  state(): Promise<string>;
}

const prompt = "here> ";

export async function watched(box: Sandbox, size = { columns: 120, rows: 40 }): Promise<Watched> {
  // In a window too narrow for a line, a prompt of its own line is still known.
  writeFileSync(join(box.dir, "rc"), `PS1='${prompt}'; unset PROMPT_COMMAND; copse() { '${process.execPath}' '${builtCli}' "$@"; }\n`);
  const shell = tmux(box, `TERM=screen-256color bash --rcfile '${join(box.dir, "rc")}' --noprofile`, size);
  const isBack = () => shell.screen().trimEnd().split("\n").at(-1)?.trimEnd() === prompt.trimEnd();
  const atPrompt = async () => {
    await waitFor(isBack, "the prompt", 60_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${shell.screen()}`);
    });
  };
  await atPrompt();
  const line = async (words: string) => {
    shell.type("clear");
    shell.press("Enter");
    await waitFor(() => shell.screen().trim() === prompt.trim(), "an empty screen");
    shell.type(words);
    shell.press("Enter");
    await waitFor(() => shell.screen().includes("\n"), "an answer");
    await atPrompt();
    return shell.screen();
  };
  return {
    ...shell,
    line,
    atPrompt,
    async watch(words, flags = "") {
      shell.type(`copse watch ${flags}`);
      shell.press("Enter");
      await shell.shows(words);
    },
    pid() {
      const found = processesOf(box.dir).filter((pid) => commandOf(pid).includes(`${builtCli}\0watch`));
      if (found.length !== 1) throw new Error(`${found.length} views are running`);
      return found[0] as number;
    },
    async state() {
      const file = join(box.dir, `stty${readdirSync(box.dir).length}`);
      shell.type(`stty -a > '${file}'`);
      shell.press("Enter");
      await waitFor(
        () => readdirSync(box.dir).some((name) => file.endsWith(`/${name}`)) && readFileSync(file, "utf8").includes("echoke"),
        "stty",
      );
      // The size is the window's own affair.
      return `${readFileSync(file, "utf8").replace(/rows \d+; columns \d+; /, "")}${shell.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}")}`;
    },
  };
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};
