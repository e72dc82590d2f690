/** What comes in changes what is shown: state and event to state and deeds. Pure; keys are in `press.ts`. */
import { maxTop, pageRows, placeOf } from "./layout.ts";
import { begin, type Event, type Facts, listRows, type Page, type State, type Step, shown } from "./model.ts";
import { press } from "./press.ts";

/** The view as it opens, the first task chosen: a key that comes at once is about that one. */
export const opened = (facts: Facts, size: State["size"], here: boolean): State => settled(begin(facts, size, here));

export function step(state: State, event: Event): Step {
  const [next, ...deeds] = after(state, event);
  return [settled(next), ...deeds];
}

function after(state: State, event: Event): Step {
  switch (event.type) {
    case "key":
      return press(state, event.key);
    case "facts":
      return [{ ...state, facts: event.facts, selected: keptChoice(state, { ...state, facts: event.facts }) }];
    case "size":
      return [{ ...state, size: event.size }];
    case "page":
      return [state.page?.kind === event.kind && state.page.id === event.id ? { ...state, page: filled(state, state.page, event) } : state];
    case "notice":
      return [{ ...state, notice: event.notice }];
    case "begun":
      return [{ ...state, busy: [...state.busy, event.command], notice: null }];
    case "over": {
      const at = state.busy.indexOf(event.command);
      return [{ ...state, busy: state.busy.filter((_, n) => n !== at) }];
    }
  }
}

/** What is being read stays where it is, also when lines above it are let go of. */
function filled(state: State, page: Page, { lines, note, gone = [] }: Extract<Event, { type: "page" }>): Page {
  const above = pageRows(state, { ...page, lines: gone }).length;
  return { ...page, lines, note, top: Math.max(0, page.top - above) };
}

/** A task that is gone leaves the choice with whoever stands in its place. */
function keptChoice(before: State, now: State): string | null {
  const tasks = shown(now);
  if (tasks.some(({ task }) => task.id === now.selected)) return now.selected;
  const at = Math.max(
    0,
    shown(before).findIndex(({ task }) => task.id === before.selected),
  );
  return tasks[Math.min(at, tasks.length - 1)]?.task.id ?? null;
}

/** Nothing chosen that is not shown; nothing scrolled beyond its end; the chosen row in sight. */
function settled(state: State): State {
  const tasks = shown(state);
  const selected = tasks.some(({ task }) => task.id === state.selected) ? state.selected : (tasks[0]?.task.id ?? null);
  const rows = listRows(tasks);
  const chosen = { ...state, selected };
  const { list } = placeOf(chosen);
  const at = rows.findIndex((row) => "task" in row && row.task.id === selected);
  // With the heading above it, where it is the first of its group.
  const first = at > 0 && !("task" in (rows[at - 1] as object)) ? at - 1 : at;
  const top = Math.max(0, Math.min(Math.max(state.top, at - list + 1), Math.max(0, first), Math.max(0, rows.length - list)));
  return { ...chosen, top, page: state.page && settledPage(chosen, state.page) };
}

function settledPage(state: State, page: Page): Page {
  const most = maxTop(state, pageRows(state, page).length);
  const top = page.follow ? most : Math.max(0, Math.min(page.top, most));
  return { ...page, top };
}
