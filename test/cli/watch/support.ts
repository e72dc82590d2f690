/** A state of the live view made by hand, and keys pressed on it. */
import type { Seen } from "../../../src/cli/watch/groups.ts";
import { groupOf, inOrder } from "../../../src/cli/watch/groups.ts";
import type { Deed, Event, Facts, State } from "../../../src/cli/watch/model.ts";
import { opened, step } from "../../../src/cli/watch/step.ts";
import type { Request, Task } from "../../../src/core/task.ts";
import { someTask } from "../../support/task-made.ts";

export const now = Date.parse("2026-01-01T00:10:00.000Z");

export const taskOf = (label: string, more: Partial<Task> = {}, wanted: Partial<Request> = {}): Task =>
  someTask({ id: `id-${label}`, label, ...more }, wanted);

export const asking = (label: string, needs: Partial<NonNullable<Task["needs"]>> = {}): Task =>
  taskOf(label, {
    state: "blocked",
    needs: { kind: "permission", text: "Bash: rm -rf build", since: "2026-01-01T00:05:00.000Z", source: "stream", ...needs },
  });

export const factsOf = (tasks: readonly Task[], more: Partial<Facts> = {}): Facts => ({
  tasks: inOrder(tasks.map((task): Seen => ({ task, beside: {}, group: groupOf(task, false) }))),
  runner: true,
  now,
  hereId: "0",
  ...more,
});

export interface Played {
  readonly state: State;
  readonly deeds: readonly Deed[];
}

/** The view over these tasks after these events; a string is a key by its name. */
export function play(tasks: readonly Task[], events: readonly (string | Event)[], size = { columns: 80, rows: 24 }): Played {
  return events.reduce<Played>(
    ({ state, deeds }, one) => {
      const event: Event =
        typeof one !== "string"
          ? one
          : { type: "key", key: { name: one, text: [...one].length === 1 ? one : one === "enter" ? "\n" : "" } };
      const [next, ...more] = step(state, event);
      return { state: next, deeds: [...deeds, ...more] };
    },
    { state: opened(factsOf(tasks), size, false), deeds: [] },
  );
}

/** A text typed key by key. */
export const typing = (text: string): string[] => [...text];
