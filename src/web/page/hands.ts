/** The keyboard: what each key does to the selected task. */
import { box } from "./box.ts";
import { press } from "./deeds.ts";
import { cursor, filter, go, route } from "./nav.ts";
import { can } from "./pure/able.ts";
import { type Deed, deedOf } from "./pure/keys.ts";
import { state } from "./store.ts";
import { askRetry, askStop } from "./views/actions.tsx";
import { asking } from "./views/asking.tsx";
import { inOrder } from "./views/sidebar.tsx";

/** Is the list of keys shown? */
export const helping = box(false);

export const letters = (): boolean => localStorage.getItem("copse-letters") !== "off";
export const setLetters = (on: boolean): void => localStorage.setItem("copse-letters", on ? "on" : "off");

/** @returns what ends it */
export function followKeys(): () => void {
  const listen = (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const writing = target?.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") ?? false;
    const deed = deedOf(
      { ...pressOf(event), writing, inDialog: document.querySelector("dialog[open]") !== null },
      target?.matches("a, button, summary, input") ?? false,
    );
    if (deed === undefined || (event.key !== "Escape" && !letters()) || event.defaultPrevented) return;
    if (act(deed, target)) event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

const pressOf = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) => ({ key, ctrlKey, metaKey, altKey });

/** @returns whether the key is used up */
function act(deed: Deed, target: Element | null): boolean {
  const task = state.get().rows.get(cursor.get() ?? "");
  switch (deed) {
    case "next":
    case "previous":
      return step(deed === "next" ? 1 : -1);
    case "filter":
      focusOn("#filter");
      return true;
    case "help":
      helping.set(true);
      return true;
    case "new":
      go({ view: "new" });
      return true;
    case "home":
      go({ view: "home" });
      focusRow();
      return true;
    case "back":
      if (target instanceof HTMLElement && target.id === "filter" && filter.get() !== "") filter.set("");
      else if (target instanceof HTMLElement && target !== document.body) target.blur();
      return false;
    case "next-file":
    case "previous-file":
      return stepFile(deed === "next-file" ? 1 : -1);
    default:
      break;
  }
  if (task === undefined) return false;
  switch (deed) {
    case "open":
      go({ view: "task", id: task.id, tab: "life" });
      return true;
    case "diff":
    case "log":
      go({ view: "task", id: task.id, tab: deed });
      return true;
    case "answer":
      go({ view: "task", id: task.id, tab: "life" });
      if (task.needs !== null) focusOn("#answer, #approve");
      else setTimeout(() => document.getElementById("tell")?.click(), 60);
      return true;
    case "approve":
      if (task.needs?.kind !== "permission" && task.needs?.kind !== "plan") return false;
      // What it would allow is to be read first: the button gets the focus, Enter presses it.
      if (route.get().view === "task" && document.activeElement?.id === "approve") void press({ do: "approve", task: task.id });
      else {
        go({ view: "task", id: task.id, tab: "life" });
        focusOn("#approve");
      }
      return true;
    case "stop":
      if (can(task, "stop")) asking.set(askStop(task));
      return true;
    case "retry":
      if (can(task, "retry")) asking.set(askRetry(task));
      return true;
  }
}

function step(by: number): boolean {
  const tasks = inOrder(state.get().rows.values(), filter.get());
  const at = tasks.findIndex(({ id }) => id === cursor.get());
  const next = tasks[at < 0 ? 0 : Math.max(0, Math.min(tasks.length - 1, at + by))];
  if (next === undefined) return false;
  cursor.set(next.id);
  focusRow();
  return true;
}

/** Once the row is drawn. */
function focusRow(): void {
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`[data-task="${CSS.escape(cursor.get() ?? "")}"]`)?.focus({ preventScroll: true }),
  );
}

function stepFile(by: number): boolean {
  const files = [...document.querySelectorAll<HTMLElement>(".file > summary")];
  const at = files.findIndex((file) => file === document.activeElement || file.parentElement?.contains(document.activeElement));
  const next = files[Math.max(0, Math.min(files.length - 1, at + by))];
  next?.scrollIntoView({ block: "start" });
  next?.focus();
  return next !== undefined;
}

/** At once where it stands already, so that the next letter goes in; else once it is drawn. */
function focusOn(selector: string): void {
  const look = () => document.querySelector<HTMLElement>(selector);
  const there = look();
  if (there !== null) there.focus();
  else setTimeout(() => look()?.focus(), 60);
}
