/** The search of one group carried out: as many checks going as are allowed, and after each the question what is to be checked next. */
import { type Bench, check } from "./check.ts";
import type { Update } from "./ecosystem.ts";
import type { Family } from "./families.ts";
import type { Group } from "./groups.ts";
import { type Campaign, checksOf, factsOf, type Outcome, runsOf } from "./journal.ts";
import { keyOf, type Next, type UpdateSet } from "./search.ts";
import { nextSure, type Tried } from "./sure.ts";

/** A check that has come to its end. */
export interface Checked {
  readonly type: "checked";
  readonly names: readonly string[];
  /** With all of its group. */
  readonly all: boolean;
  /** It had been made before. */
  readonly again: boolean;
  readonly outcome: Outcome;
}

/** A check that begins. */
export interface Checking extends Pick<Checked, "names" | "all" | "again"> {
  readonly type: "checking";
}

/** The checks of a group so far, the baseline too, their families numbered within the group. */
export function triedOf(own: Campaign, { families }: Group): Tried[] {
  const whole = new Map(factsOf(own, "checking").map((fact) => [fact.run, fact.whole]));
  return checksOf(own).flatMap(({ run, set, outcome: { ok, stage } }) =>
    set.every((one) => families.includes(one))
      ? [{ set: set.map((one) => families.indexOf(one)), ok, stage, whole: whole.get(run) ?? true }]
      : [],
  );
}

/** `baseline`: its check, when it is going on already. @throws CutShort, CopseError as `check` */
export async function searched(
  bench: Bench,
  families: readonly Family[],
  group: Group,
  limit: number,
  told: (news: Checked | Checking) => void,
  baseline?: Promise<void>,
): Promise<Next> {
  const own = bench.campaign;
  const mine = new AbortController();
  const working: Bench = { ...bench, signal: AbortSignal.any([bench.signal, mine.signal]) };
  const running = new Map<string, Promise<void>>();
  if (baseline !== undefined && !triedOf(own, group).some(({ set }) => set.length === 0))
    running.set(
      keyOf([]),
      baseline.finally(() => running.delete(keyOf([]))),
    );
  const begin = async (set: UpdateSet, whole: boolean): Promise<void> => {
    const some: readonly Update[] = set.flatMap((i) => families[i] ?? []);
    const again = checksOf(own).some((one) => keyOf(one.set) === keyOf(set));
    const what = { names: some.map(({ name }) => name), all: set.length === group.families.length, again };
    told({ type: "checking", ...what });
    told({ type: "checked", ...what, outcome: await check(working, runsOf(own) + 1, set, some, { whole }) });
  };
  try {
    for (;;) {
      const next = nextSure(group.families.length, triedOf(own, group));
      if (next.to !== "check") return next;
      for (const set of next.sets) {
        const all = set.map((i) => group.families[i] as number);
        const key = keyOf(all);
        if (running.size >= limit || running.has(key)) continue;
        running.set(
          key,
          begin(all, next.whole).finally(() => running.delete(key)),
        );
      }
      await Promise.race(running.values());
    }
  } finally {
    // What is still being checked is not needed for the answer, or cannot be used for one any more.
    mine.abort();
    await Promise.allSettled(running.values());
  }
}
