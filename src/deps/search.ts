/**
 * Which sets of updates to check next, and in the end which to keep. Pure, and without a memory of its own: from the outcomes so far the whole search is walked again, so a campaign
 * that was killed goes on where it was. All at once first, beside the baseline; when that fails it is quartered, all parts at the same time, down to the culprits (as many checks as by halves, in half as many rounds);
 * where all parts pass, what fails only together is narrowed down as QuickXplain does (Junker 2004). Then what is left is checked as a whole, again and again, until it passes: what is kept has passed as it is.
 */

/** Numbers of updates, ascending. None of them: the baseline. */
export type UpdateSet = readonly number[];

/** A set that was seen to fail, and in which nothing was found that could go. */
export type Conflict = UpdateSet;

export interface Reverted {
  readonly update: number;
  /** Checked, and failed; of one alone when it fails by itself. */
  readonly conflict: Conflict;
}

export type Next =
  /** `whole`: what passes of these may be kept as it is. */
  | { readonly to: "check"; readonly sets: readonly UpdateSet[]; readonly whole: boolean }
  | { readonly to: "stop"; readonly why: "baseline" }
  | { readonly to: "end"; readonly kept: UpdateSet; readonly reverted: readonly Reverted[] };

/** Parts of a set that has failed. */
const most = 4;

export const keyOf = (set: UpdateSet): string => set.join(",");

/** `outcomes`: by `keyOf`, whether the set passed. `later` updates are the first to go of several that fail only together, so put those with most risk last. */
export function nextOf(count: number, outcomes: ReadonlyMap<string, boolean>): Next {
  const walk = walkOver(outcomes);
  const all = Array.from({ length: count }, (_, i) => i);
  const baseline = walk.passes([]);
  // Mostly it passes, so all at once is begun beside it; nothing is made of that before the baseline has passed.
  if (baseline === undefined)
    return { to: "check", sets: [[], ...(count > 0 && walk.passes(all) === undefined ? [all] : [])], whole: true };
  if (!baseline) return { to: "stop", why: "baseline" };
  let kept: UpdateSet = all;
  const reverted: Reverted[] = [];
  for (;;) {
    const well = kept.length === 0 ? true : walk.passes(kept);
    if (well === true) break;
    const found = well === undefined ? undefined : walk.conflictsIn(kept);
    if (found === undefined) return { to: "check", sets: walk.wanted, whole: well === undefined };
    const gone = chosen(found);
    reverted.push(...gone);
    kept = without(
      kept,
      gone.map(({ update }) => update),
    );
  }
  // One that went for the sake of another that went as well gets a second try.
  const out: Reverted[] = [];
  for (const one of reverted) {
    const others = without(one.conflict, [one.update]);
    if (others.length === 0 || others.every((other) => kept.includes(other))) {
      out.push(one);
      continue;
    }
    const more = [...kept, one.update].sort((a, b) => a - b);
    const well = walk.passes(more);
    if (well === undefined) return { to: "check", sets: walk.wanted, whole: true };
    if (well) {
      kept = more;
      continue;
    }
    const found = walk.conflictsIn(more);
    if (found === undefined) return { to: "check", sets: walk.wanted, whole: false };
    out.push({ update: one.update, conflict: found.find((some) => some.includes(one.update)) ?? more });
  }
  return { to: "end", kept, reverted: out.sort((a, b) => a.update - b.update) };
}

/**
 * The most checks a search can take: baseline and all; one more for each that went, one for its second try; four for each level above each conflict that was found, and where it has several members,
 * two for each level above each of them.
 */
export function mostChecks(count: number, gone: number, conflicts: readonly Conflict[]): number {
  const levels = Math.ceil(Math.log2(Math.max(count, 2)));
  const together = conflicts.filter(({ length }) => length > 1).flat().length;
  return 2 + 2 * gone + 4 * Math.ceil(levels / 2) * conflicts.length + 2 * levels * together;
}

const without = (set: UpdateSet, gone: UpdateSet): UpdateSet => set.filter((one) => !gone.includes(one));
const joined = (a: UpdateSet, b: UpdateSet): UpdateSet => [...new Set([...a, ...b])].sort((x, y) => x - y);

function walkOver(outcomes: ReadonlyMap<string, boolean>) {
  const wanted: UpdateSet[] = [];
  const passes = (set: UpdateSet): boolean | undefined => {
    const known = outcomes.get(keyOf(set));
    if (known === undefined && !wanted.some((one) => keyOf(one) === keyOf(set))) wanted.push(set);
    return known;
  };

  /** `set` has failed. */
  function conflictsIn(set: UpdateSet): Conflict[] | undefined {
    if (set.length === 1) return [set];
    const parts = partsOf(set, most);
    const outcomes = parts.map(passes);
    if (outcomes.includes(undefined)) {
      // A part that has failed is gone into while others are still being checked.
      parts.forEach((part, i) => void (outcomes[i] === false && conflictsIn(part)));
      return undefined;
    }
    if (!outcomes.includes(false)) {
      const one = together([], set);
      return one === undefined ? undefined : [one];
    }
    const found = parts.filter((_, i) => outcomes[i] === false).map(conflictsIn);
    return found.every((some) => some !== undefined) ? found.flat() : undefined;
  }

  /** What in `set` is needed for a failure beside `beside`; both together have failed. What it gives has failed beside `beside`. */
  function together(beside: UpdateSet, set: UpdateSet): UpdateSet | undefined {
    if (set.length === 1) return set;
    const [first, second] = partsOf(set, 2) as [UpdateSet, UpdateSet];
    const [a, b] = [first, second].map((half) => passes(joined(beside, half)));
    if (a === undefined || b === undefined) return undefined;
    if (!a) return together(beside, first);
    if (!b) return together(beside, second);
    const right = together(joined(beside, first), second);
    if (right === undefined) return undefined;
    const left = together(joined(beside, right), first);
    return left === undefined ? undefined : joined(left, right);
  }

  return { passes, conflictsIn, wanted };
}

/** Of nearly the same size, as many as that or one for each member. */
function partsOf(set: UpdateSet, count: number): UpdateSet[] {
  const parts = Math.min(count, set.length);
  const start = (n: number): number => Math.ceil((n * set.length) / parts);
  return Array.from({ length: parts }, (_, n) => set.slice(start(n), start(n + 1)));
}

/** As few as break every conflict, nearly: the one that is in most of them goes first, of equals the last. */
function chosen(conflicts: readonly Conflict[]): Reverted[] {
  const gone: Reverted[] = [];
  let left = [...conflicts];
  while (left.length > 0) {
    const counts = new Map<number, number>();
    for (const update of left.flat()) counts.set(update, (counts.get(update) ?? 0) + 1);
    const [update] = [...counts].sort(([a, n], [b, m]) => m - n || b - a)[0] as [number, number];
    const conflict = left.filter((one) => one.includes(update)).sort((a, b) => a.length - b.length)[0] as Conflict;
    gone.push({ update, conflict });
    left = left.filter((one) => !one.includes(update));
  }
  return gone;
}
