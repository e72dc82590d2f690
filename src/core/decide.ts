/** What a person may ask of a task: a wish becomes facts, or a refusal. Refusals are values: they name the state and the next command. */
import type { Fact } from "./events.ts";
import { isTerminal, type Task } from "./task.ts";

export type Wish = { readonly ask: "stop"; readonly by: string } | { readonly ask: "retry"; readonly by: string };
export type Decision = { readonly facts: readonly Fact[] } | { readonly refused: string; readonly hint: string };

/** Pure. A wish that is already granted gives no facts, and is no refusal. */
export function decide(task: Task, wish: Wish): Decision {
  switch (wish.ask) {
    case "stop":
      if (isTerminal(task)) return { refused: `${task.label} is already ${task.state}`, hint: `See \`copse show ${task.label}\`.` };
      return { facts: task.stopAsked ? [] : [{ type: "stop-asked", by: wish.by }] };
    case "retry":
      if (isTerminal(task)) return { facts: [{ type: "retried", by: wish.by }] };
      return {
        refused: `${task.label} is ${task.state}; only a task that has ended can be tried again`,
        hint: `Stop it first: \`copse stop ${task.label}\`.`,
      };
  }
}
