/** The priority that moves a task to a place in the line: the line is by priority, then first come. Pure. */

interface InLine {
  readonly id: string;
  readonly priority: number;
}

/** null: it is there already, or there is no such place. One up is above whoever stands there, one down below. */
export function moveInLine(line: readonly InLine[], from: number, to: number): number | null {
  const other = line[to];
  const own = line[from];
  if (other === undefined || own === undefined || from === to) return null;
  const wanted = to < from ? other.priority + 1 : other.priority - 1;
  return wanted === own.priority ? null : wanted;
}
