/**
 * The search, made sure of: whatever is about to be called a culprit, alone or with others, has failed twice, and what is kept has passed when it was installed from nothing. A check that fails once and
 * passes when it is repeated counts as passed, and is called flaky. What cannot be locked or installed is not repeated, nor is the baseline. Pure.
 */
import { keyOf, type Next, nextOf, type UpdateSet } from "./search.ts";

/** One check that was made. */
export interface Tried {
  readonly set: UpdateSet;
  readonly ok: boolean;
  readonly stage: "lock" | "install" | "check";
  /** Locked and installed from nothing. */
  readonly whole: boolean;
}

/** As `nextOf`; a set may be given that has been checked once. */
export function nextSure(count: number, tried: readonly Tried[]): Next {
  const bySet = runsBySet(tried);
  const next = nextOf(count, new Map([...bySet].map(([key, runs]) => [key, counting(runs).some(({ ok }) => ok)])));
  const isDoubtful = (set: UpdateSet): boolean => {
    const [run, second] = bySet.get(keyOf(set)) ?? [];
    return set.length > 0 && run !== undefined && second === undefined && !run.ok && run.stage === "check";
  };
  if (next.to === "check") {
    // One that fails alone will be a culprit, so that is made sure of beside the rest.
    const again = tried.map(({ set }) => set).filter((set) => set.length === 1 && isDoubtful(set));
    return { ...next, sets: [...next.sets, ...again] };
  }
  if (next.to === "stop") return next;
  const again = [...new Map(next.reverted.map(({ conflict }) => [keyOf(conflict), conflict])).values()].filter(isDoubtful);
  if (next.kept.length > 0 && !bySet.get(keyOf(next.kept))?.some(({ ok, whole }) => ok && whole)) again.push(next.kept);
  return again.length > 0 ? { to: "check", sets: again, whole: true } : next;
}

/** A shorter way of installing gives way to the whole one. */
const counting = (runs: readonly Tried[]): readonly Tried[] => (runs.some(({ whole }) => whole) ? runs.filter(({ whole }) => whole) : runs);

/** Sets that have failed, and passed. */
export function flakyOf(tried: readonly Tried[]): UpdateSet[] {
  return [...runsBySet(tried).values()].flatMap((runs) =>
    runs.some(({ ok }) => ok) && runs.some(({ ok }) => !ok) ? [(runs[0] as Tried).set] : [],
  );
}

function runsBySet(tried: readonly Tried[]): Map<string, Tried[]> {
  const bySet = new Map<string, Tried[]>();
  for (const one of tried) bySet.set(keyOf(one.set), [...(bySet.get(keyOf(one.set)) ?? []), one]);
  return bySet;
}
