/** Did you mean …? The nearest of some names, when it is near enough. Pure. */

/** The name at most 2 edits away (1 for names under 4 letters), or of which `word` is a beginning; undefined when none is. */
export function similar(word: string, names: readonly string[]): string | undefined {
  const near = names.map((name) => ({ name, far: distance(word.toLowerCase(), name.toLowerCase()) })).sort((a, b) => a.far - b.far)[0];
  if (near && near.far <= (word.length < 4 ? 1 : 2)) return near.name;
  return word.length >= 3 ? names.find((name) => name.startsWith(word)) : undefined;
}

/** Edits (insert, remove, replace, swap of neighbours) from one word to the other: optimal string alignment. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return 9;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = least;
    }
  }
  return at(a.length, b.length);
}
