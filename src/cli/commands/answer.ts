/** `copse send`, `approve`, `deny`: what a person says to a task, from the shell. It is in the task's log before anybody acts on it; of two answers the first counts. */
import { decide, type Wish } from "../../core/decide.ts";
import { CopseError } from "../../core/errors.ts";
import type { Answer, Task } from "../../core/task.ts";
import { append } from "../../store/append.ts";
import { type Found, findTask } from "../find.ts";
import { answerFlags, parseFlags } from "../flags.ts";
import { tellRunner } from "../tell-runner.ts";
import { printTasks } from "../view/print.ts";

/** What is said goes through a pipe in one piece. */
const maxBytes = 32 * 1024;

/** The verb and its words; a text may begin with a dash, and stands behind `--` where it would be a flag. */
export async function answerCommand([verb = "", ...argv]: readonly string[]): Promise<number> {
  const { values, words: before, rest } = parseFlags(argv, answerFlags);
  const [name, text, ...more] = [...before, ...(rest ?? [])];
  const takesText = verb !== "approve";
  if (name === undefined || (text === undefined && verb !== "approve" && verb !== "deny"))
    throw new CopseError("USAGE", `${verb} needs the name of a task${verb === "deny" || !takesText ? "" : " and a text"}`, {
      hint: `See copse ${verb} --help.`,
    });
  if (more.length > 0 || (text !== undefined && !takesText))
    throw new CopseError("USAGE", `${verb}: one ${takesText ? "text" : "task"} is expected, got ${[text, ...more].join(" ")}`, {
      hint: `Put it in quotes; see copse ${verb} --help.`,
    });
  if (values["always"] === true && verb !== "approve")
    throw new CopseError("USAGE", `--always belongs to approve`, { hint: `See copse ${verb} --help.` });
  const [json, quiet] = [values["json"] === true, values["quiet"] === true];
  if (verb === "approve") return await approve(name, values["always"] === true, json, quiet);
  return verb === "deny" ? await deny(name, text, json, quiet) : await send(name, text ?? "", json, quiet);
}

/** Words: the answer where one is wanted, else guidance for the session. */
async function send(name: string, text: string, json: boolean, quiet: boolean): Promise<number> {
  const found = findTask(name);
  const task = await sendTo(found, text, "a person");
  printTasks([task], json, quiet, () => toldText(found.task, { kind: "text", text }));
  return 0;
}

/** @throws CopseError USAGE, BAD_PROMPT, WRONG_STATE */
export async function sendTo(found: Found, text: string, by: string): Promise<Task> {
  const name = found.task.label;
  if (text.trim() === "") throw new CopseError("USAGE", "there is nothing to send", { hint: `Example: copse send ${name} "Use Postgres"` });
  if (text.includes("\0") || Buffer.byteLength(text) > maxBytes)
    throw new CopseError("BAD_PROMPT", `the text has a NUL character in it, or over ${maxBytes} bytes`, {
      hint: "Put the material in a file in the worktree and name it.",
    });
  return await tell(found, { ask: "send", text, by });
}

async function approve(name: string, always: boolean, json: boolean, quiet: boolean): Promise<number> {
  const answer: Answer = { kind: "allow", always };
  const task = await tell(findTask(name), { ask: "answer", answer, by: "a person" });
  printTasks([task], json, quiet, () => toldText(task, answer));
  return 0;
}

async function deny(name: string, why: string | undefined, json: boolean, quiet: boolean): Promise<number> {
  const answer: Answer = { kind: "deny", why: why ?? "The person said no." };
  const task = await tell(findTask(name), { ask: "answer", answer, by: "a person" });
  printTasks([task], json, quiet, () => toldText(task, answer));
  return 0;
}

/** What has come of it. `before`: the task as it was when it was told. */
export function toldText(before: Task, answer: Answer): string {
  switch (answer.kind) {
    case "allow":
      return `${before.label} is approved and goes on${answer.always ? "; it will not ask for that again" : ""}`;
    case "deny":
      return `${before.label} is told no and goes on`;
    case "text":
      return before.state === "blocked"
        ? `${before.label} is answered and goes on`
        : `sent to ${before.label}; its agent reads it at its next turn`;
  }
}

/** What the person said is for what `found` asks. @throws CopseError WRONG_STATE when the task asks nothing, or was answered already */
export async function tell(found: Found, wish: Wish): Promise<Task> {
  const { task } = await append(found.state, found.task.repoId, found.task.id, 0, (now) => {
    const decision = decide(now, wish.ask === "answer" || wish.ask === "send" ? { ...wish, asked: found.task.needs?.since ?? null } : wish);
    if ("refused" in decision) throw new CopseError("WRONG_STATE", decision.refused, { hint: decision.hint });
    return decision.facts;
  });
  await tellRunner(found.state, task.repoId, task.id);
  return task;
}
