/** `copse send`, `approve`, `deny`: what a person says to a task, from the shell. It is in the task's log before anybody acts on it; of two answers the first counts. */
import { decide, type Wish } from "../../core/decide.ts";
import { CopseError } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import { append } from "../../store/append.ts";
import { poke } from "../client.ts";
import { type Found, findTask } from "../find.ts";
import { printTasks } from "../view/print.ts";

/** What is said goes through a pipe in one piece. */
const maxBytes = 32 * 1024;

/** Words: the answer where one is wanted, else guidance for the session. */
export async function send(name: string, text: string, json: boolean, quiet: boolean): Promise<number> {
  if (text.trim() === "") throw new CopseError("USAGE", "there is nothing to send", { hint: `Example: copse send ${name} "Use Postgres"` });
  if (text.includes("\0") || Buffer.byteLength(text) > maxBytes)
    throw new CopseError("BAD_PROMPT", `the text has a NUL character in it, or over ${maxBytes} bytes`, {
      hint: "Put the material in a file in the worktree and name it.",
    });
  const found = findTask(name);
  const task = await tell(found, { ask: "send", text, by: "a person" });
  printTasks([task], json, quiet, () =>
    found.task.state === "blocked" ? `${task.label} is answered and goes on` : `sent to ${task.label}; its agent reads it at its next turn`,
  );
  return 0;
}

export async function approve(name: string, always: boolean, json: boolean, quiet: boolean): Promise<number> {
  const task = await tell(findTask(name), { ask: "answer", answer: { kind: "allow", always }, by: "a person" });
  printTasks([task], json, quiet, () => `${task.label} is approved and goes on${always ? "; it will not ask for that again" : ""}`);
  return 0;
}

export async function deny(name: string, why: string | undefined, json: boolean, quiet: boolean): Promise<number> {
  const task = await tell(findTask(name), { ask: "answer", answer: { kind: "deny", why: why ?? "The person said no." }, by: "a person" });
  printTasks([task], json, quiet, () => `${task.label} is told no and goes on`);
  return 0;
}

/** What the person said is for what `found` asks. @throws CopseError WRONG_STATE when the task asks nothing, or was answered already */
export async function tell(found: Found, wish: Wish): Promise<Task> {
  const { task } = await append(found.state, found.task.repoId, found.task.id, 0, (now) => {
    const decision = decide(now, wish.ask === "answer" || wish.ask === "send" ? { ...wish, asked: found.task.needs?.since ?? null } : wish);
    if ("refused" in decision) throw new CopseError("WRONG_STATE", decision.refused, { hint: decision.hint });
    return decision.facts;
  });
  await poke(found.state, task.repoId, task.id);
  return task;
}
