/** What a person has asked of a task in the view is done here, by the code of the command that was shown. */
import { CopseError } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { giveTerminal, runCommand } from "../../system/command.ts";
import { sendTo, tell, toldText } from "../commands/answer.ts";
import { againText, tryAgain } from "../commands/retry.ts";
import { askToStop, howItEnded, untilEnded } from "../commands/stop.ts";
import type { Found } from "../find.ts";
import type { Notice, Wish } from "./model.ts";

/** The checks of a merge may take this long. */
const longMs = 3 * 60 * 60_000;

/** Never throws for what a person can read: that is the answer, then. */
export async function fulfil(wish: Wish): Promise<Notice> {
  try {
    const { well, text } = await done(wish);
    return { well, text: `${wish.command}: ${text}` };
  } catch (error) {
    if (!(error instanceof CopseError)) throw error;
    return { well: false, text: `${wish.command}: ${error.message}${error.hint === null ? "" : `\n${error.hint}`}` };
  }
}

/** As it was seen: an answer is for what it asked then. */
const foundOf = (task: Task): Found => ({ task, dir: taskDir(stateDir(), task.repoId, task.id), state: stateDir() });

async function done({ verb, task, answer, command }: Wish): Promise<Notice> {
  const found = foundOf(task);
  const by = "a person";
  switch (verb) {
    case "approve":
    case "deny":
      if (answer === undefined) throw new CopseError("BUG", "an answer is missing");
      await tell(found, { ask: "answer", answer, by });
      return { well: true, text: toldText(task, answer) };
    case "send":
      if (answer?.kind !== "text") throw new CopseError("BUG", "the text is missing");
      await sendTo(found, answer.text, by);
      return { well: true, text: toldText(task, answer) };
    case "stop":
      return { well: true, text: howItEnded(await untilEnded(await askToStop(found, by))) };
    case "retry":
      return { well: true, text: againText(await tryAgain(found)) };
    case "merge":
    case "pr": {
      const { exitCode, stdout, stderr } = await runCommand(process.execPath, ownWords(command), { timeoutMs: longMs });
      return {
        well: exitCode === 0,
        text: `${stdout}${stderr}`.trim() || (exitCode === 0 ? "done" : `ended with ${exitCode ?? "a signal"}`),
      };
    }
    case "attach":
      throw new CopseError("BUG", "attaching takes the terminal");
  }
}

/** `copse merge docs` as the words for this very program; a task's name in it needs no quotes. */
const ownWords = (command: string): string[] => [process.argv[1] as string, ...command.split(" ").slice(1)];

/** Runs it in the terminal, which has to be lent. @returns its exit code */
export const inTerminal = ({ command }: Wish): Promise<number> => giveTerminal(process.execPath, ownWords(command), { cwd: process.cwd() });

/** What `copse diff` prints, or why not. Beyond 4 MB it is cut. */
export async function differenceText(task: Task): Promise<Notice> {
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [process.argv[1] as string, "diff", task.id], {
    timeoutMs: 60_000,
  });
  if (exitCode === 0) return { well: true, text: stdout === "" ? "It has changed nothing." : stdout };
  if (exitCode === null && stdout !== "") return { well: true, text: `${stdout}\n\\ cut here: all of it with copse diff ${task.id}` };
  return { well: false, text: stderr };
}
