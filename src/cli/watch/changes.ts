/** From what stands on the screen to what is to stand there: the bytes that change only the rows that differ. Pure. */

export interface Frame {
  /** One for each row of the screen; colours are closed in each. */
  readonly lines: readonly string[];
  /** Where the cursor is shown, from 0; null: nowhere. */
  readonly cursor: { readonly row: number; readonly column: number } | null;
}

const esc = "\u001b[";

/**
 * "" where nothing differs. Drawn as one (mode 2026, unknown to some terminals and ignored there), and with wrapping off for as long as it is drawn only,
 * so that a row that is wider than thought never runs into the next, and a view that is killed does not leave the terminal without it.
 */
export function changes(before: Frame | undefined, after: Frame): string {
  const rows = after.lines.flatMap((line, row) => (before?.lines[row] === line ? [] : [drawn(line, row)]));
  const moved = JSON.stringify(before?.cursor ?? null) !== JSON.stringify(after.cursor);
  if (before !== undefined && rows.length === 0 && !moved) return "";
  const clear = before === undefined ? `${esc}0m${esc}2J` : "";
  const at = after.cursor === null ? `${esc}?25l` : `${esc}${after.cursor.row + 1};${after.cursor.column + 1}H${esc}?25h`;
  return `${esc}?2026h${esc}?7l${clear}${rows.join("")}${esc}?7h${after.cursor === null && !moved && before !== undefined ? "" : at}${esc}?2026l`;
}

/** A row with columns named in it is emptied first: between them nothing would be written over. */
function drawn(line: string, row: number): string {
  const named = /\u001b\[\d+G/.test(line);
  return `${esc}${row + 1};1H${named ? `${esc}2K` : ""}${line}${esc}0m${named ? "" : `${esc}K`}`;
}
