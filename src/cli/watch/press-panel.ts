/** What a key does while the person is asked something. Pure. */
import type { Answer, Task } from "../../core/task.ts";
import { bottom } from "./bottom.ts";
import { edited, empty } from "./field.ts";
import type { Key } from "./keys.ts";
import type { Panel, State, Step } from "./model.ts";
import { saying } from "./wishes.ts";

export function pressPanel(state: State, panel: Panel, key: Key): Step {
  if (key.name === "escape") return [{ ...state, panel: null, filter: panel.kind === "filter" ? panel.before : state.filter }];
  switch (panel.kind) {
    case "confirm":
      if (key.name !== "y" && key.name !== "enter") return [["n", "q"].includes(key.name) ? { ...state, panel: null } : state];
      return [
        { ...state, panel: null },
        { do: "wish", wish: panel.wish },
      ];
    case "filter": {
      if (key.name === "enter" && !state.pasting) return [{ ...state, panel: null }];
      const input = edited(panel.input, key, false);
      return [input === undefined ? state : { ...state, filter: input.text, panel: { ...panel, input } }];
    }
    case "answer":
      return answering(state, panel, key);
    case "say":
      return writing(state, panel, key);
  }
}

function answering(state: State, panel: Extract<Panel, { kind: "answer" }>, { name }: Key): Step {
  const { task, top } = panel;
  if (["j", "down", "pagedown", " "].includes(name)) return [scrolled(state, panel, top + (name === "j" || name === "down" ? 1 : 8))];
  if (["k", "up", "pageup"].includes(name)) return [scrolled(state, panel, top - (name === "k" || name === "up" ? 1 : 8))];
  if (name === "t") return [say(state, task, "send")];
  if (name === "q") return [{ ...state, panel: null }];
  if (task.needs?.kind === "question") {
    const chosen = /^[1-9]$/.test(name) ? task.needs.options?.[Number(name) - 1] : undefined;
    if (chosen === undefined) return [name === "enter" ? say(state, task, "send") : state];
    return answer(state, task, { kind: "text", text: name });
  }
  if (name === "n") return [say(state, task, "deny")];
  if (name !== "y" && name !== "w") return [state];
  if (bottom(state).unread > 0) return [state];
  return answer(state, task, { kind: "allow", always: name === "w" });
}

function scrolled(state: State, panel: Extract<Panel, { kind: "answer" }>, top: number): State {
  const least = Math.max(0, top);
  const { unread } = bottom({ ...state, panel: { ...panel, top: panel.top } });
  return { ...state, panel: { ...panel, top: Math.min(least, panel.top + unread) } };
}

const say = (state: State, task: Task, how: "send" | "deny"): State => ({ ...state, panel: { kind: "say", task, how, input: empty } });

const answer = (state: State, task: Task, said: Answer): Step => [
  { ...state, panel: null },
  { do: "wish", wish: saying(state, task, said) },
];

function writing(state: State, panel: Extract<Panel, { kind: "say" }>, key: Key): Step {
  const { task, how, input } = panel;
  if (key.name === "enter" && !state.pasting) {
    const text = input.text.trim();
    if (text === "" && how === "send") return [state];
    return answer(state, task, how === "deny" ? { kind: "deny", why: text || "The person said no." } : { kind: "text", text: input.text });
  }
  const next = edited(input, key, state.pasting);
  return [next === undefined ? state : { ...state, panel: { ...panel, input: next } }];
}
