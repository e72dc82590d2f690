/** What a key does where it is pressed. Pure. */

export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** Is the person writing (a field), or in a dialog? */
  readonly writing: boolean;
  readonly inDialog: boolean;
}

export type Deed =
  | "next"
  | "previous"
  | "filter"
  | "help"
  | "open"
  | "answer"
  | "diff"
  | "stop"
  | "retry"
  | "log"
  | "approve"
  | "new"
  | "home"
  | "back"
  | "next-file"
  | "previous-file";

/** Every key with its deed and what the help says of it, in the help's order. */
export const keys: readonly { readonly key: string; readonly deed: Deed; readonly says: string }[] = [
  { key: "j", deed: "next", says: "next task" },
  { key: "k", deed: "previous", says: "previous task" },
  { key: "Enter", deed: "open", says: "go to the selected task" },
  { key: "/", deed: "filter", says: "filter the tasks" },
  { key: "a", deed: "answer", says: "answer what it asks, or tell it something" },
  { key: "y", deed: "approve", says: "approve what it asks permission for" },
  { key: "d", deed: "diff", says: "what it changed" },
  { key: "l", deed: "log", says: "what it does: its log" },
  { key: "s", deed: "stop", says: "stop it" },
  { key: "r", deed: "retry", says: "a new attempt" },
  { key: "]", deed: "next-file", says: "next file of the diff" },
  { key: "[", deed: "previous-file", says: "previous file of the diff" },
  { key: "n", deed: "new", says: "new task" },
  { key: "g", deed: "home", says: "back to the list" },
  { key: "?", deed: "help", says: "these keys" },
  { key: "Escape", deed: "back", says: "close, or leave a field" },
];

/** Undefined: the browser's own. Enter stays a button's or a link's own wherever one has the focus (`onControl`). */
export function deedOf(press: Press, onControl: boolean): Deed | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (press.key === "Escape") return press.inDialog ? undefined : "back";
  if (press.writing || press.inDialog) return undefined;
  if (press.key === "Enter" && onControl) return undefined;
  return keys.find(({ key }) => key === press.key)?.deed;
}
