/** The keyboard: what each key does to the selected task. */
import { box } from "./box.ts";
import { press } from "./deeds.ts";
import { cursor, filter, go } from "./nav.ts";
import { can } from "./pure/able.ts";
import { type Deed, deedOf } from "./pure/keys.ts";
import { readRoute } from "./pure/route.ts";
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
      document.getElementById("filter")?.focus();
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
      whenThere(task.id, task.needs !== null ? "#answer, #approve" : "#guidance, #tell", (found) => {
        if (found.id === "tell") found.click();
        else found.focus();
      });
      return true;
    case "approve":
      if (task.needs?.kind !== "permission" && task.needs?.kind !== "plan") return false;
      // What it would allow is to be read first: the button gets the focus, Enter presses it.
      if (partOf(task.id, "#approve") === document.activeElement) void press({ do: "approve", task: task.id });
      else {
        go({ view: "task", id: task.id, tab: "life" });
        whenThere(task.id, "#approve", (found) => found.focus());
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

/** Of the view of this very task: while another is being drawn, the one before still stands there. */
const partOf = (id: string, selector: string): HTMLElement | null =>
  document.querySelector<HTMLElement>(`[data-view="${CSS.escape(id)}"] :is(${selector})`);

const patienceMs = 5000;

/** At once where it stands already, so that the next letter goes in; else as soon as it is drawn, unless the person has gone elsewhere. */
function whenThere(id: string, selector: string, deed: (found: HTMLElement) => void): void {
  const until = performance.now() + patienceMs;
  const look = () => {
    const found = partOf(id, selector);
    const at = readRoute(location.hash);
    if (found !== null) deed(found);
    else if (performance.now() < until && at.view === "task" && at.id === id) requestAnimationFrame(look);
  };
  look();
}
