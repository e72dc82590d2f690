/** What can be done with a task from here, each thing as the command that does it. Pure: a wish, or the words why not. */
import { decide } from "../../core/decide.ts";
import { quoted } from "../../core/quoted.ts";
import { type Answer, isTerminal, type Task } from "../../core/task.ts";
import { refOf } from "../view/words.ts";
import type { State, Wish } from "./model.ts";

/** How the task is named on a command line: by its label where no other task here has that, too. */
export function refIn(state: State, task: Task): string {
  const alone = state.facts.tasks.filter((one) => one.task.label === task.label).length <= 1;
  return alone ? refOf(task) : task.id;
}

export type Offer = { readonly wish: Wish } | { readonly refused: string };

/** Keys of the list and of pages that lead to a wish. */
export const wishKeys: Readonly<Record<string, Exclude<Wish["verb"], "approve" | "deny" | "send">>> = {
  s: "stop",
  r: "retry",
  o: "attach",
  A: "attach",
  m: "merge",
  p: "pr",
};

export function offer(state: State, task: Task, verb: (typeof wishKeys)[string]): Offer {
  const ref = refIn(state, task);
  const wish = (says: string): Offer => ({ wish: { verb, task, command: `copse ${verb} ${ref}`, says } });
  switch (verb) {
    case "stop":
    case "retry": {
      const decision = decide(task, { ask: verb, by: "a person" });
      if ("refused" in decision) return { refused: `${decision.refused}. ${decision.hint}` };
      return wish(
        verb === "retry"
          ? "A new attempt, in the same worktree."
          : task.state === "queued"
            ? "It leaves the queue; what it has done is kept."
            : "Its agent is ended, politely and then firmly; its work is kept.",
      );
    }
    case "attach":
      if (task.sessionId === null || !task.sessionBegun)
        return { refused: `${task.label} has no session of an agent to attach to; l shows its logs` };
      if (task.attachedBy !== null) return { refused: `somebody is attached to ${task.label} already` };
      return wish(
        isTerminal(task)
          ? "The agent's own session, in this terminal. It has ended: nothing of its record changes. Leave the agent as usual to come back."
          : "The agent's own session, in this terminal; its run is parked meanwhile. Leave the agent as usual (Ctrl-D or /exit) to hand it back.",
      );
    case "merge":
      if (!isTerminal(task)) return { refused: `${task.label} is ${task.state}; its work is not finished` };
      if (state.facts.hereId !== task.repoId)
        return { refused: `${task.label} belongs to another repository: cd ${quoted(task.repo)} && copse merge ${ref}` };
      return wish("Its checks run on the merged result; if they pass, its work is taken over into the checkout you stand in.");
    case "pr":
      if (!isTerminal(task)) return { refused: `${task.label} is ${task.state}; its work is not finished` };
      return wish("Its branch is pushed, and its pull request opened or updated.");
  }
}

/** The wish that says this to a task. */
export function saying(state: State, task: Task, answer: Answer): Wish {
  const ref = refIn(state, task);
  switch (answer.kind) {
    case "allow":
      return { verb: "approve", task, answer, command: `copse approve ${ref}${answer.always ? " --always" : ""}`, says: "" };
    case "deny":
      return { verb: "deny", task, answer, command: `copse deny ${ref} ${word(answer.why)}`, says: "" };
    case "text":
      return { verb: "send", task, answer, command: `copse send ${ref} ${word(answer.text)}`, says: "" };
  }
}

/** A text that begins with a dash would be a flag. */
const word = (text: string): string => `${text.startsWith("-") ? "-- " : ""}${quoted(text)}`;

/** Is what a panel asks about still what the task asks? */
export function stillAsks(state: State, task: Task): boolean {
  const now = state.facts.tasks.find((one) => one.task.id === task.id)?.task;
  return now !== undefined && now.state === task.state && (now.needs?.since ?? null) === (task.needs?.since ?? null) && now.answer === null;
}
