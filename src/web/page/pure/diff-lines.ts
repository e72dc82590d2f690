/** A unified diff of one file as rows with line numbers. Pure; whatever the diff says stays text. */

export interface DiffRow {
  readonly kind: "hunk" | "add" | "del" | "same" | "note";
  /** Line in the base; null where there is none. */
  readonly old: number | null;
  /** Line as it is now. */
  readonly now: number | null;
  readonly text: string;
}

/** Headers in front of the first hunk are left out: the page has name, mode and counts from elsewhere. */
export function diffRows(patch: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let [old, now] = [0, 0];
  // How much of the hunk is left: a line that looks like a header inside of it is content.
  let [oldLeft, nowLeft] = [0, 0];
  const lines = patch.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    if (oldLeft <= 0 && nowLeft <= 0) {
      const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
      if (hunk !== null) {
        [old, oldLeft, now, nowLeft] = [Number(hunk[1]), Number(hunk[2] ?? 1), Number(hunk[3]), Number(hunk[4] ?? 1)];
        rows.push({ kind: "hunk", old: null, now: null, text: line });
      } else if (rows.length > 0 && line.startsWith("\\")) rows.push({ kind: "note", old: null, now: null, text: line.slice(2) });
      continue;
    }
    const text = line.slice(1);
    if (line.startsWith("+")) {
      rows.push({ kind: "add", old: null, now: now++, text });
      nowLeft--;
    } else if (line.startsWith("-")) {
      rows.push({ kind: "del", old: old++, now: null, text });
      oldLeft--;
    } else if (line.startsWith("\\")) rows.push({ kind: "note", old: null, now: null, text: line.slice(2) });
    else {
      rows.push({ kind: "same", old: old++, now: now++, text });
      oldLeft--;
      nowLeft--;
    }
  }
  return rows;
}
