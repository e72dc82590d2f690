/** Remarks on lines of diffs that have not been sent yet; kept by the browser, so that a page that is closed loses none. */
import type { Remark } from "../levers.ts";
import { type Box, box } from "./box.ts";

/** How many remarks are being written right now. */
export const writing = box(0);

const boxes = new Map<string, Box<readonly Remark[]>>();
const nameOf = (task: string): string => `copse-remarks-${task}`;

export function remarksOf(task: string): Box<readonly Remark[]> {
  let found = boxes.get(task);
  if (found === undefined) {
    found = box(stored(task));
    boxes.set(task, found);
  }
  return found;
}

function stored(task: string): readonly Remark[] {
  try {
    return JSON.parse(localStorage.getItem(nameOf(task)) ?? "[]") as Remark[];
  } catch {
    return [];
  }
}

export function setRemarks(task: string, remarks: readonly Remark[]): void {
  remarksOf(task).set(remarks);
  try {
    if (remarks.length === 0) localStorage.removeItem(nameOf(task));
    else localStorage.setItem(nameOf(task), JSON.stringify(remarks));
  } catch {
    // The browser has no room left: they stand on the page all the same.
  }
}

/** What another tab of this browser has written or sent is so in this one, too. */
export function followRemarks(): void {
  addEventListener("storage", ({ key }) => {
    for (const [task, found] of boxes) if (key === null || key === nameOf(task)) found.set(stored(task));
  });
}
