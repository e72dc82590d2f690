/** What a key does. Pure: state and key to state and deeds. A key that changes a task first shows the command, and asks. */
import { decide } from "../../core/decide.ts";
import { empty } from "./field.ts";
import type { Key } from "./keys.ts";
import { maxTop, pageRows, placeOf } from "./layout.ts";
import { current, type Page, type PageKind, type State, type Step, shown } from "./model.ts";
import { pressPanel } from "./press-panel.ts";
import { offer, wishKeys } from "./wishes.ts";

export function press(state: State, key: Key): Step {
  if (key.name === "paste-start" || key.name === "paste-end") return [{ ...state, pasting: key.name === "paste-start" }];
  // What is pasted is text: nothing of it is a key.
  if (state.pasting) return state.panel?.kind === "say" || state.panel?.kind === "filter" ? pressPanel(state, state.panel, key) : [state];
  switch (key.name) {
    case "ctrl-c":
      return [state, { do: "leave", code: 130 }];
    case "ctrl-z":
      return [state, { do: "suspend" }];
    case "ctrl-l":
      return [state, { do: "redraw" }];
  }
  const calm = { ...state, notice: null };
  if (state.panel !== null) return pressPanel(calm, state.panel, key);
  const done = state.page === null ? pressList(calm, key) : pressPage(calm, state.page, key);
  return done ?? pressTask(calm, key);
}

const half = (state: State): number => Math.max(1, placeOf(state).list - 1);

/** Steps a key goes through a list or a text. */
export function stride(state: State, { name }: Key): number | undefined {
  const page = half(state);
  const strides: Readonly<Record<string, number>> = {
    j: 1,
    down: 1,
    k: -1,
    up: -1,
    pagedown: page,
    pageup: -page,
    " ": page,
    "ctrl-d": page >> 1 || 1,
  };
  if (["g", "home"].includes(name)) return Number.NEGATIVE_INFINITY;
  if (["G", "end"].includes(name)) return Number.POSITIVE_INFINITY;
  return strides[name] ?? (name === "ctrl-u" ? -(page >> 1 || 1) : undefined);
}

function pressList(state: State, key: Key): Step | undefined {
  const steps = stride(state, key);
  if (steps !== undefined) {
    const tasks = shown(state);
    const at = tasks.findIndex(({ task }) => task.id === state.selected);
    const to = Math.max(0, Math.min(tasks.length - 1, at + steps));
    return [{ ...state, selected: tasks[to]?.task.id ?? null, top: to === 0 ? 0 : state.top }];
  }
  switch (key.name) {
    case "q":
      return [state, { do: "leave", code: 0 }];
    case "escape":
      return [{ ...state, filter: "" }];
    case "/":
      return [{ ...state, panel: { kind: "filter", input: { text: state.filter, at: [...state.filter].length }, before: state.filter } }];
    case "h":
      if (state.facts.hereId === undefined)
        return [{ ...state, notice: { well: false, text: "This folder is not inside a git repository; all repositories are shown." } }];
      return [{ ...state, here: !state.here }];
    case "n": {
      const asking = shown(state).filter(({ group }) => group === "needs");
      const at = asking.findIndex(({ task }) => task.id === state.selected);
      const next = asking[(at + 1) % Math.max(1, asking.length)];
      return next === undefined
        ? [{ ...state, notice: { well: true, text: "Nobody needs you." } }]
        : [{ ...state, selected: next.task.id }];
    }
  }
  return undefined;
}

function pressPage(state: State, page: Page, key: Key): Step | undefined {
  if (["q", "escape", "left", "backspace"].includes(key.name)) return [{ ...state, page: null }, { do: "close" }];
  if (page.kind === "help" && key.name === "?") return [{ ...state, page: null }, { do: "close" }];
  const most = maxTop(state, pageRows(state, page).length);
  const steps = stride(state, key);
  if (steps !== undefined) {
    const top = Math.max(0, Math.min(most, page.top + steps));
    return [{ ...state, page: { ...page, top, follow: page.kind === "logs" && top === most } }];
  }
  if (page.kind === "diff" && (key.name === "]" || key.name === "[")) {
    const files = pageRows(state, page).flatMap(({ text, tone }, at) => (tone === "bold" && text.startsWith("diff --git ") ? [at] : []));
    const to = key.name === "]" ? files.find((at) => at > page.top) : files.filter((at) => at < page.top).at(-1);
    return [{ ...state, page: { ...page, top: Math.min(most, to ?? page.top) } }];
  }
  return page.kind === "help" ? [state] : undefined;
}

const pages: Readonly<Record<string, PageKind>> = { enter: "show", right: "show", l: "logs", d: "diff" };

function pressTask(state: State, key: Key): Step {
  if (key.name === "?") return open(state, "help", null);
  const seen = current(state);
  const kind = pages[key.name];
  if (seen === undefined) return [state];
  const { task } = seen;
  if (kind !== undefined) return kind === state.page?.kind ? [state] : open(state, kind, task.id);
  const verb = wishKeys[key.name];
  if (verb !== undefined) {
    const offered = offer(state, task, verb);
    if ("refused" in offered) return [{ ...state, notice: { well: false, text: offered.refused } }];
    return [{ ...state, panel: { kind: "confirm", wish: offered.wish } }];
  }
  if (key.name === "a") return ask(state);
  return [state];
}

/** What it asks, or a line for words to its agent. */
function ask(state: State): Step {
  const task = current(state)?.task;
  if (task === undefined) return [state];
  if (task.state === "blocked" && task.attachedBy === null) return [{ ...state, panel: { kind: "answer", task, top: 0 } }];
  const decision = decide(task, { ask: "send", text: "…", by: "a person" });
  if ("refused" in decision) return [{ ...state, notice: { well: false, text: `${decision.refused}. ${decision.hint}` } }];
  return [{ ...state, panel: { kind: "say", task, how: "send", input: empty } }];
}

function open(state: State, kind: PageKind, id: string | null): Step {
  const page: Page = { kind, id, lines: [], top: 0, follow: kind === "logs", note: "" };
  return [
    { ...state, page },
    { do: "open", kind, id },
  ];
}
