/** Copse itself as an agent: `copse batch --combine` in the worktree of a batch's joint task, by the program of the runner that starts it, wherever that stands by then. */
import { ownProgram } from "../../system/own-program.ts";
import type { Agent } from "./agent.ts";
import { command } from "./command.ts";

export const joint: Agent = {
  ...command,
  name: "joint",
  command: () => ({
    file: process.execPath,
    args: [...ownProgram("copse.cjs", "main.ts"), "batch", "--combine"],
    env: {},
    stdin: { kind: "text", text: "" },
  }),
};
