/** Pressing a lever: the command that `levers.ts` says is run as its own process, in the folder of its repository, and what it says is handed back. Nothing else can be run from the dashboard. */
import { existsSync } from "node:fs";
import { redact } from "../core/redact.ts";
import { safe } from "../core/safe.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import { ownEnvironment, readStarted } from "../store/ui-started.ts";
import { runCommand } from "../system/command.ts";
import { cliFile } from "../system/own-program.ts";
import type { Done, ErrorJson } from "./api.ts";
import type { Feed } from "./feed.ts";
import { repositoriesOf } from "./form.ts";
import { badRequest, type Refusal, tooMany } from "./gate.ts";
import { leverOf } from "./lever-check.ts";
import { commandOf, type Lever } from "./levers.ts";

/** A merge runs checks, which may take an hour each. */
const longestMs = 6 * 3_600_000;
const mostAtOnce = 16;
const mostNotes = 8000;

export interface Deeds {
  readonly underWay: number;
  /** `body`: whatever came from a page. */
  press(body: unknown): Promise<Done | Refusal>;
}

export function deedsOf(state: string, feed: Feed): Deeds {
  let underWay = 0;
  return {
    get underWay() {
      return underWay;
    },
    async press(body) {
      const lever = leverOf(body);
      if (lever === undefined) return badRequest("this is no lever, or a field of it is not as it must be");
      const command = commandOf(lever);
      if (!command.runs) return badRequest(`copse ${lever.do} is for a terminal`);
      const cwd = folderOf(state, lever);
      if (cwd === undefined) return { ...badRequest("that task or repository is not known here"), status: 404, code: "NOT_FOUND" };
      if (underWay >= mostAtOnce) return tooMany;
      underWay++;
      try {
        const env = { ...(readStarted(state).env ?? ownEnvironment(process.env)), COPSE_STATE_DIR: state };
        const ran = await runCommand(process.execPath, [cliFile(), ...command.argv], {
          cwd,
          env,
          timeoutMs: longestMs,
          ...(command.stdin === null ? {} : { input: command.stdin }),
        });
        return doneOf(command.argv, ran.exitCode, ran.stdout, ran.stderr);
      } finally {
        underWay--;
        feed.refresh();
      }
    },
  };
}

/** Where it is run; undefined for a task or a repository that nobody has. */
function folderOf(state: string, lever: Lever): string | undefined {
  if ("repo" in lever && lever.repo !== null) {
    const { repo } = lever;
    const mark = Buffer.from(JSON.stringify(repo));
    const there = [...readIndex(state).values()].findLast((entry) => entry.mentions(mark) && taskOf(entry).repo === repo);
    return repositoriesOf(state, there === undefined ? [] : [taskOf(there)]).some((one) => one.repo === repo) ? repo : undefined;
  }
  if ("task" in lever && lever.task !== null) {
    const entry = readIndex(state).get(lever.task);
    if (entry === undefined) return undefined;
    const { repo } = taskOf(entry);
    return existsSync(repo) ? repo : state;
  }
  return state;
}

function doneOf(argv: readonly string[], exitCode: number | null, stdout: string, stderr: string): Done {
  const output = jsonMaybe(stdout);
  const said = (output as { error?: ErrorJson } | null)?.error ?? null;
  const notes = safe(redact(stderr)).slice(0, mostNotes);
  const silent = output === null && exitCode !== 0;
  const error =
    said ?? (silent ? { code: "COMMAND_FAILED", message: notes.trim() || "it was ended before it was done", hint: null } : null);
  return { argv, exitCode: exitCode ?? -1, output, error, notes };
}

function jsonMaybe(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
