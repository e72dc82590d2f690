/** Which rows of a long list are drawn: those in sight and a few around them. Pure. */

export interface Slice {
  readonly first: number;
  /** One behind the last that is drawn. */
  readonly end: number;
}

/** Of `count` rows of one height. */
export function sliceOf(count: number, rowPx: number, scrollPx: number, heightPx: number, around = 8): Slice {
  const first = Math.max(0, Math.min(count, Math.floor(scrollPx / rowPx) - around));
  return { first, end: Math.max(first, Math.min(count, Math.ceil((scrollPx + heightPx) / rowPx) + around)) };
}

/** Tops of rows of different heights, and behind the last one the height of all. */
export function topsOf(heights: readonly number[]): number[] {
  const tops = [0];
  for (const height of heights) tops.push((tops.at(-1) as number) + height);
  return tops;
}

/** Of rows of different heights, by their tops (`topsOf`). */
export function sliceAt(tops: readonly number[], scrollPx: number, heightPx: number, around = 6): Slice {
  const count = tops.length - 1;
  const first = Math.max(0, rowAt(tops, scrollPx) - around);
  return { first, end: Math.max(first, Math.min(count, rowAt(tops, scrollPx + heightPx) + 1 + around)) };
}

/** The row that `px` is in, by halves. */
function rowAt(tops: readonly number[], px: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] as number) <= px) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** How far to scroll so that the row is wholly in sight; as it is where it is already. */
export function scrollTo(tops: readonly number[], row: number, scrollPx: number, heightPx: number): number {
  const [top = 0, bottom = top] = [tops[row], tops[row + 1]];
  return top < scrollPx ? top : bottom > scrollPx + heightPx ? bottom - heightPx : scrollPx;
}
