/** What `copse watch` knows and shows, what can come in, and what it asks to be done. Types, and the small questions everybody asks of them. */
import type { Answer, Task } from "../../core/task.ts";
import { type Group, groups, matches, type Seen } from "./groups.ts";
import type { Key } from "./keys.ts";
import type { Row } from "./text.ts";

/** What is true of the world; looked at, never changed here. */
export interface Facts {
  /** In the order they are shown. */
  readonly tasks: readonly Seen[];
  /** Is a runner up? */
  readonly runner: boolean;
  readonly now: number;
  /** The repository one stands in; undefined outside of any. */
  readonly hereId: string | undefined;
}

export type PageKind = "show" | "logs" | "diff" | "help";

/** A long text over the list. */
export interface Page {
  readonly kind: PageKind;
  /** The task it is of; null for none. */
  readonly id: string | null;
  /** Not folded yet. */
  readonly lines: readonly Row[];
  /** First row shown, of the folded ones. */
  readonly top: number;
  /** Stays at its end as it grows. */
  readonly follow: boolean;
  /** Beside the title, such as the run. */
  readonly note: string;
}

export interface Input {
  readonly text: string;
  /** Where the next character goes, in characters. */
  readonly at: number;
}

/** What is asked of the person, below everything else. It holds the task as it was seen: an answer is for that question only. */
export type Panel =
  | { readonly kind: "confirm"; readonly wish: Wish }
  | { readonly kind: "filter"; readonly input: Input; readonly before: string }
  | { readonly kind: "answer"; readonly task: Task; readonly top: number }
  | { readonly kind: "say"; readonly task: Task; readonly how: "send" | "deny"; readonly input: Input };

/** Something that changes a task, as the command that does it. */
export interface Wish {
  readonly verb: "approve" | "deny" | "send" | "stop" | "retry" | "attach" | "merge" | "pr";
  /** As it was seen. */
  readonly task: Task;
  /** What a person would type for it, shown before and after. */
  readonly command: string;
  /** What it will do. */
  readonly says: string;
  /** What is said to the task; for approve, deny and send. */
  readonly answer?: Answer;
}

export interface Notice {
  readonly well: boolean;
  readonly text: string;
}

export interface State {
  readonly size: { readonly columns: number; readonly rows: number };
  readonly facts: Facts;
  /** Only this repository's. */
  readonly here: boolean;
  readonly filter: string;
  readonly selected: string | null;
  /** First row of the list that is shown. */
  readonly top: number;
  readonly page: Page | null;
  readonly panel: Panel | null;
  readonly notice: Notice | null;
  /** Commands under way. */
  readonly busy: readonly string[];
  /** In the middle of something pasted. */
  readonly pasting: boolean;
}

export type Event =
  | { readonly type: "key"; readonly key: Key }
  | { readonly type: "facts"; readonly facts: Facts }
  | { readonly type: "size"; readonly size: State["size"] }
  | {
      readonly type: "page";
      readonly kind: PageKind;
      readonly id: string | null;
      readonly lines: readonly Row[];
      readonly note: string;
      /** Lines that stood at its top before, and were let go of. */
      readonly gone?: readonly Row[];
    }
  | { readonly type: "notice"; readonly notice: Notice }
  | { readonly type: "begun" | "over"; readonly command: string };

/** To be done outside of the model. */
export type Deed =
  | { readonly do: "leave"; readonly code: number }
  | { readonly do: "suspend" }
  | { readonly do: "redraw" }
  /** Fill this page, and keep it filled while it stands. */
  | { readonly do: "open"; readonly kind: PageKind; readonly id: string | null }
  | { readonly do: "close" }
  | { readonly do: "wish"; readonly wish: Wish };

export type Step = readonly [State, ...Deed[]];

export function begin(facts: Facts, size: State["size"], here: boolean): State {
  return { size, facts, here, filter: "", selected: null, top: 0, page: null, panel: null, notice: null, busy: [], pasting: false };
}

/** The tasks that pass the filter, in their order. */
export const shown = (state: State): readonly Seen[] =>
  state.facts.tasks.filter(
    (one) => (!state.here || one.task.repoId === state.facts.hereId) && (state.filter === "" || matches(one, state.filter)),
  );

/** The rows of the list: a heading for each group that has any, and its tasks. */
export type ListRow = { readonly group: Group; readonly count: number } | Seen;

export const isHeading = (row: ListRow): row is { readonly group: Group; readonly count: number } => "count" in row;

export function listRows(tasks: readonly Seen[]): ListRow[] {
  return groups.flatMap((group) => {
    const mine = tasks.filter((one) => one.group === group);
    return mine.length === 0 ? [] : [{ group, count: mine.length }, ...mine];
  });
}

/** The task a key is about: the page's, else the chosen one of the list. */
export function current(state: State): Seen | undefined {
  const id = state.page?.id ?? state.selected;
  return state.facts.tasks.find(({ task }) => task.id === id);
}
