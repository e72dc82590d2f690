/** `copse inbox`: every open question of all repositories; at a terminal they are answered one after the other. */

import { createInterface } from "node:readline/promises";
import { sayDuration } from "../../core/duration.ts";
import { CopseError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe, safeLine } from "../../core/safe.ts";
import type { Answer, Needs, Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { readLately, taskOf } from "../../store/index-file.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import { readTask } from "../../store/tasks.ts";
import { err, isTty, out, screen } from "../../system/output.ts";
import { type Paint, paintFor } from "../view/paint.ts";
import { refOf } from "../view/words.ts";
import { tell } from "./answer.ts";

export async function inbox(json: boolean, quiet: boolean): Promise<number> {
  const open = blocked();
  if (json) out(`${JSON.stringify({ tasks: open.map((task) => taskJson(task)) })}\n`);
  else if (quiet) out(open.map((task) => `${task.id}\n`).join(""));
  else if (open.length === 0) err("Nobody needs you.\n");
  else if (isTty(0) && isTty(1)) await answerAll(open);
  else out(open.map((task) => `${sayQuestion(task, paintFor(screen()))}\n`).join("\n"));
  return 0;
}

/** Longest waiting first. */
function blocked(): Task[] {
  return [...readLately(stateDir()).values()]
    .filter((entry) => entry.state === "blocked")
    .map(taskOf)
    .filter((task) => task.needs !== null && task.attachedBy === null)
    .sort((a, b) => ((a.needs as Needs).since < (b.needs as Needs).since ? -1 : 1));
}

function sayQuestion(task: Task, paint: Paint): string {
  const needs = task.needs as Needs;
  const options = (needs.options ?? []).map((option, i) => `  ${i + 1}. ${safeLine(option)}`);
  const head = `${paint.yellow(paint.bold(safeLine(task.label, 60)))} ${paint.dim(`${safeLine(task.repo.split("/").at(-1) ?? "")}, ${needs.kind}, ${sayDuration(Date.now() - Date.parse(needs.since))}`)}`;
  return [head, safe(redact(needs.text)), ...options, paint.dim(`  ${howTo(task)}`)].join("\n");
}

function howTo(task: Task): string {
  const ref = refOf(task);
  return task.needs?.kind === "question"
    ? `copse send ${ref} "…"`
    : `copse approve ${ref}, copse deny ${ref} "why", copse send ${ref} "do this instead"`;
}

async function answerAll(open: readonly Task[]): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const paint = paintFor(screen());
  try {
    for (const [i, task] of open.entries()) {
      // It may have been answered, or have ended, while the last one was read.
      if (readTask(taskDir(stateDir(), task.repoId, task.id)).task.state !== "blocked") continue;
      out(`\n${paint.dim(`${i + 1} of ${open.length}`)}  ${sayQuestion(task, paint)}\n`);
      const keys =
        task.needs?.kind === "question"
          ? "your answer, or its number; Enter for later, q to leave: "
          : "y(es), a(lways), n(o), or what to do instead; Enter for later, q to leave: ";
      const said = (await lines.question(keys)).trim();
      if (said === "q") return;
      if (said === "") continue;
      await answerOne(task, said);
    }
    out("\nThat was all.\n");
  } finally {
    lines.close();
  }
}

async function answerOne(task: Task, said: string): Promise<void> {
  const short: Record<string, Answer> = {
    y: { kind: "allow", always: false },
    yes: { kind: "allow", always: false },
    a: { kind: "allow", always: true },
    n: { kind: "deny", why: "The person said no." },
    no: { kind: "deny", why: "The person said no." },
  };
  const answer = task.needs?.kind === "question" ? undefined : short[said.toLowerCase()];
  const found = { task, dir: taskDir(stateDir(), task.repoId, task.id), state: stateDir() };
  try {
    await tell(found, answer === undefined ? { ask: "send", text: said, by: "a person" } : { ask: "answer", answer, by: "a person" });
    out(`${safeLine(task.label)} goes on.\n`);
  } catch (error) {
    if (!(error instanceof CopseError)) throw error;
    out(safe(`${error.message}\n`));
  }
}
