/** What was typed and not sent: kept by the browser until its tab is closed, so that neither another view nor a task that goes on meanwhile loses it. */
import { useState } from "preact/hooks";
import { box, useBox } from "./box.ts";

const changes = box(0);
const nameOf = (what: string): string => `copse-draft-${what}`;

export const draftOf = (what: string): string => sessionStorage.getItem(nameOf(what)) ?? "";

/** "" lets go of it. */
export function keepDraft(what: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(nameOf(what));
    else sessionStorage.setItem(nameOf(what), text);
  } catch {
    // The browser has no room left: it stands in its field all the same.
  }
  changes.set(changes.get() + 1);
}

/** Is there one? Known also where another view has left it. */
export const useHasDraft = (what: string): boolean => useBox(changes, () => draftOf(what) !== "");

/** The text of a field, kept as `what`. */
export function useDraft(what: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => draftOf(what));
  return [
    text,
    (next) => {
      keepDraft(what, next);
      setText(next);
    },
  ];
}
