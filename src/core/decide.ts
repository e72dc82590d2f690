/** What a person may ask of a task: a wish becomes facts, or a refusal. Refusals are values: they name the state and the next command. */
import type { Fact } from "./events.ts";
import { type Answer, type Instant, isTerminal, type Task } from "./task.ts";

export type Wish =
  | { readonly ask: "stop"; readonly by: string }
  | { readonly ask: "retry"; readonly by: string }
  /** `asked`: the `since` of what the person was asked when answering; null: the task asked nothing. */
  | { readonly ask: "answer"; readonly answer: Answer; readonly by: string; readonly asked?: Instant | null }
  | { readonly ask: "send"; readonly text: string; readonly by: string; readonly asked?: Instant | null };
export type Decision = { readonly facts: readonly Fact[] } | { readonly refused: string; readonly hint: string };

/** Pure. A wish that is already granted gives no facts, and is no refusal. */
export function decide(task: Task, wish: Wish): Decision {
  switch (wish.ask) {
    case "stop":
      if (isTerminal(task)) return { refused: `${task.label} is already ${task.state}`, hint: `See \`copse show ${task.label}\`.` };
      return { facts: task.stopAsked ? [] : [{ type: "stop-asked", by: wish.by }] };
    case "retry":
      if (isTerminal(task) && task.worktreeState === "removed")
        return { refused: `the worktree of ${task.label} was removed`, hint: `Bring it back first: \`copse restore ${task.label}\`.` };
      if (isTerminal(task)) return { facts: [{ type: "retried", by: wish.by }] };
      return {
        refused: `${task.label} is ${task.state}; only a task that has ended can be tried again`,
        hint: `Stop it first: \`copse stop ${task.label}\`.`,
      };
    case "answer":
      return staleness(task, wish.asked) ?? answer(task, wish.answer, wish.by);
    case "send":
      return staleness(task, wish.asked) ?? send(task, wish.text, wish.by);
  }
}

/** Said to one question, words are no answer to the next; said to a task at work, they are none at all. */
function staleness(task: Task, asked: Instant | null | undefined): Decision | undefined {
  const asks = task.needs?.since ?? null;
  if (asked === undefined || asked === asks || isTerminal(task)) return undefined;
  if (asked === null) return { refused: `${task.label} has just asked something`, hint: `See what: \`copse show ${task.label}\`.` };
  return { refused: `${task.label} has been answered already`, hint: `See what it does: \`copse show ${task.label}\`.` };
}

/** One answer a question: whoever comes second is told so. */
function answer(task: Task, said: Answer, by: string): Decision {
  if (task.answer !== null)
    return { refused: `${task.label} has been answered already`, hint: `See what it does: \`copse show ${task.label}\`.` };
  if (task.state !== "blocked" || task.needs === null)
    return { refused: `${task.label} is ${task.state} and asks nothing`, hint: `See \`copse show ${task.label}\`.` };
  if (task.attachedBy !== null) return { refused: `somebody is attached to ${task.label}`, hint: "What is asked is answered there." };
  if (said.kind === "allow" && task.needs.kind === "question")
    return { refused: `${task.label} asks a question; it cannot be approved`, hint: `Answer it: \`copse send ${task.label} "…"\`.` };
  return { facts: [{ type: "answered", answer: said, by }] };
}

/** Words for a task: the answer where one is wanted, guidance for the session where it is at work or will be. */
function send(task: Task, text: string, by: string): Decision {
  if (isTerminal(task))
    return {
      refused: `${task.label} has ended (${task.state}); nobody is there to read it`,
      hint: `Go on with it: \`copse retry ${task.label}\`.`,
    };
  if (task.state === "blocked" || task.answer !== null) return answer(task, { kind: "text", text: optionOf(task, text) }, by);
  if (task.request.exec !== null || task.request.command !== null)
    return { refused: `${task.label} runs a command, which is listening only while it asks`, hint: `See \`copse logs ${task.label}\`.` };
  if (task.state === "delivering")
    return { refused: `${task.label} is being delivered; its agent has left`, hint: `Wait for it, then \`copse retry ${task.label}\`.` };
  return { facts: [{ type: "messaged", text, by }] };
}

/** The number of an option stands for it. */
function optionOf(task: Task, text: string): string {
  const options = task.needs?.options ?? [];
  return /^\d{1,2}$/.test(text.trim()) ? (options[Number(text.trim()) - 1] ?? text) : text;
}
