/** What stands between the list and the last line: a question to the person, what came of a command, what is under way. Pure. */
import { sayDuration } from "../../core/duration.ts";
import { redact } from "../../core/redact.ts";
import { safe, safeLine } from "../../core/safe.ts";
import type { Needs, Task } from "../../core/task.ts";
import { widthOf } from "../view/words.ts";
import type { Input, Panel, State } from "./model.ts";
import { clip, end, fold, type Row, row } from "./text.ts";
import { refIn, saying, stillAsks } from "./wishes.ts";

export interface Bottom {
  readonly rows: readonly Row[];
  readonly cursor: { readonly row: number; readonly column: number } | null;
  /** Rows of what is asked that are still below; nothing is approved that has not been shown to its end. */
  readonly unread: number;
}

const [plain, bold, dim, yellow] = [row("plain"), row("bold"), row("dim"), row("yellow")];
const noticeRows = 8;

export function bottom(state: State): Bottom {
  const busy = state.busy.slice(0, 3).map((command) => dim(clip(`${safeLine(command, 200)} …`, columnsOf(state))));
  if (state.panel !== null) {
    const asked = panel(state, state.panel);
    return { ...asked, rows: [...asked.rows, ...busy] };
  }
  return { rows: [...noticed(state), ...busy], cursor: null, unread: 0 };
}

function noticed(state: State): Row[] {
  if (state.notice === null) return [];
  const rows = safe(redact(state.notice.text))
    .trimEnd()
    .split("\n")
    .flatMap((line) => fold(line, columnsOf(state)));
  const tone = row(state.notice.well ? "green" : "red");
  return rows.length <= noticeRows
    ? rows.map(tone)
    : [...rows.slice(0, noticeRows - 1).map(tone), dim(clip(`… ${rows.length - noticeRows + 1} more rows`, columnsOf(state)))];
}

const columnsOf = (state: State): number => state.size.columns - 1;

function panel(state: State, shown: Panel): Bottom {
  switch (shown.kind) {
    case "confirm": {
      const { command, says } = shown.wish;
      const rows = [
        ...fold(command, columnsOf(state)).map(bold),
        ...fold(says, columnsOf(state)).map(plain),
        ...fold("y or Enter: do it · Esc: leave it", columnsOf(state)).map(dim),
      ];
      return { rows, cursor: null, unread: 0 };
    }
    case "filter":
      return typed(state, [], "filter: ", shown.input, "Enter: keep it · Esc: as it was");
    case "answer":
      return question(state, shown.task, shown.top);
    case "say": {
      const wish = saying(
        state,
        shown.task,
        shown.how === "deny" ? { kind: "deny", why: shown.input.text } : { kind: "text", text: shown.input.text },
      );
      const what =
        shown.how === "deny"
          ? "is told no, and reads why"
          : shown.task.state === "blocked"
            ? "gets this as the answer"
            : "reads this at its next turn";
      const head = [bold(clip(`${safeLine(shown.task.label, 60)} ${what}`, columnsOf(state))), ...stale(state, shown.task)];
      const empty = shown.how === "deny" ? `copse deny ${refIn(state, shown.task)}` : "nothing yet";
      return typed(
        state,
        head,
        "> ",
        shown.input,
        `Enter: ${shown.input.text.trim() === "" ? empty : safeLine(wish.command, 300)} · Esc: leave it`,
      );
    }
  }
}

const stale = (state: State, task: Task): Row[] =>
  stillAsks(state, task) ? [] : [yellow(`${safeLine(task.label, 60)} has moved on since: this may be refused`)];

function typed(state: State, above: readonly Row[], label: string, { text, at }: Input, below: string): Bottom {
  const columns = columnsOf(state);
  const chars = [...text.replaceAll("\n", "⏎").replaceAll("\t", " ")].map((char) => safe(char));
  const before = end(chars.slice(0, at).join(""), Math.max(1, columns - label.length - 2));
  const line = clip(`${label}${before}${chars.slice(at).join("")}`, columns);
  return {
    rows: [...above, plain(line), dim(clip(below, columns))],
    cursor: { row: above.length, column: Math.min(columns, label.length + widthOf(before)) },
    unread: 0,
  };
}

/** The keys of a question, each with the command it stands for. */
export function answersOf(state: State, task: Task): readonly (readonly [key: string, text: string])[] {
  const ref = refIn(state, task);
  const other = ["t", `copse send ${ref} "…"`] as const;
  if (task.needs?.kind !== "question")
    return [["y", `copse approve ${ref}`], ["w", `copse approve ${ref} --always`], ["n", `copse deny ${ref} "why"`], other];
  const options = task.needs.options ?? [];
  return [
    ...options.slice(0, 9).map((text, i) => [`${i + 1}`, `copse send ${ref} ${i + 1}   ${safeLine(redact(text), 200)}`] as const),
    other,
  ];
}

function question(state: State, task: Task, top: number): Bottom {
  const columns = columnsOf(state);
  const needs: Needs = task.needs ?? { kind: "question", text: "", since: task.since, source: task.source };
  const age = sayDuration(state.facts.now - Date.parse(needs.since));
  const what = needs.kind === "question" ? "asks" : needs.kind === "permission" ? "asks for permission" : `needs you (${needs.kind})`;
  const head = [bold(clip(`${safeLine(task.label, 60)} ${what}, for ${age}`, columns)), ...stale(state, task)];
  const options = needs.options ?? [];
  const more = options.length > 9 ? [dim(clip(`the other ${options.length - 9} by number: t`, columns))] : [];
  const keys = [...answersOf(state, task).map(([key, text]) => plain(clip(`  ${key}  ${text}`, columns))), ...more, dim("Esc: later")];
  const text = safe(redact(needs.text))
    .split("\n")
    .flatMap((line) => fold(line, columns - 2));
  const room = Math.max(1, state.size.rows - 3 - head.length - keys.length - 1);
  if (text.length <= room) return { rows: [...head, ...text.map((line) => yellow(`  ${line}`)), ...keys], cursor: null, unread: 0 };
  const from = Math.max(0, Math.min(top, text.length - room));
  const unread = text.length - room - from;
  const scroll = dim(
    clip(`  ↑↓ rows ${from + 1} to ${from + room} of ${text.length}${unread > 0 ? "; y and w work at its end" : ""}`, columns),
  );
  return { rows: [...head, ...text.slice(from, from + room).map((line) => yellow(`  ${line}`)), scroll, ...keys], cursor: null, unread };
}
