/** How the rows of the screen are shared out. Pure. */
import { bottom } from "./bottom.ts";
import type { Page, State } from "./model.ts";
import { foldAll, type Row } from "./text.ts";

export interface Places {
  /** Rows of the list, or of a page's text. */
  readonly list: number;
  /** Rows that say all of the chosen task that its line has no room for. */
  readonly info: number;
}

/** Rows above the list, and below everything. */
const [heads, feet] = [1, 1];

export function placeOf(state: State): Places {
  const left = state.size.rows - heads - feet - bottom(state).rows.length;
  const info = state.page === null && state.panel === null && left >= 12 ? 2 : 0;
  return { list: Math.max(0, left - info), info };
}

export const pageRows = (state: State, page: Page): readonly Row[] => foldAll(page.lines, state.size.columns - 1);

/** The last row a page of so many can begin with. */
export const maxTop = (state: State, rows: number): number => Math.max(0, rows - placeOf(state).list);
