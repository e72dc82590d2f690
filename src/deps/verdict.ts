/** What became of each update of a group. Pure. */
import type { Left, Listed, Update } from "./ecosystem.ts";
import { byRisk, type Family } from "./families.ts";
import type { Group } from "./groups.ts";
import type { Asked, Outcome } from "./journal.ts";
import { isNamed } from "./patterns.ts";
import { keyOf, type Next, type UpdateSet } from "./search.ts";

/** A check as the journal has it; its set names families. */
export interface Made {
  readonly set: UpdateSet;
  readonly outcome: Outcome;
}

export interface Verdict {
  readonly update: Update;
  /** The others it goes or stays together with, each with its version. */
  readonly family: readonly string[];
  /** How its own check failed, when it passed another time. */
  readonly flaky: Outcome | null;
  /** null: it is kept. */
  readonly reverted: {
    /** Of those that fail only together, the others, each with its version. */
    readonly together: readonly string[];
    readonly why: string;
    readonly outcome: Outcome;
  } | null;
}

/** Those that are wanted; the others are left, and say so. */
export function chosenOf(listed: Listed, { only, ignore }: Pick<Asked, "only" | "ignore">): Listed {
  const isWanted = ({ name }: { readonly name: string }) => only.length === 0 || isNamed(only, name);
  const isIgnored = ({ name }: { readonly name: string }) => isNamed(ignore, name);
  const wanted = listed.updates.filter(isWanted);
  const ignored = wanted.filter(isIgnored).map(({ name, from, to }): Left => ({ name, from, latest: to, why: "ignored" }));
  return {
    updates: wanted.filter((one) => !isIgnored(one)).sort(byRisk),
    left: [...ignored, ...listed.left.filter((one) => isWanted(one) && !isIgnored(one))],
    notes: listed.notes ?? [],
  };
}

/** `end`: in numbers within the group. */
export function verdictsOf(
  families: readonly Family[],
  group: Group,
  { reverted }: Extract<Next, { to: "end" }>,
  made: readonly Made[],
): Verdict[] {
  const globally = (set: UpdateSet): UpdateSet => set.map((i) => group.families[i] as number);
  const failing = (set: UpdateSet): Outcome | undefined =>
    made.findLast((one) => keyOf(one.set) === keyOf(set) && !one.outcome.ok)?.outcome;
  return group.families.flatMap((number, i) => {
    const family = families[number] as Family;
    const gone = reverted.find((one) => one.update === i);
    const shaky = failing([number]) ?? null;
    return family.map((update): Verdict => {
      const others = family.filter((one) => one !== update).map(versionOf);
      if (gone === undefined) return { update, family: others, flaky: shaky, reverted: null };
      const outcome = failing(globally(gone.conflict)) as Outcome;
      const together = globally(gone.conflict)
        .filter((one) => one !== number)
        .flatMap((one) => (families[one] as Family).map(versionOf));
      const how = howOf(outcome);
      const why = together.length === 0 ? how : `only together with ${together.join(", ")}; ${how}`;
      return { update, family: others, flaky: together.length === 0 ? null : shaky, reverted: { together, why, outcome } };
    });
  });
}

const stages = { lock: "cannot be locked", install: "cannot be installed", check: "fails" } as const;

const howOf = (outcome: Outcome): string =>
  `${stages[outcome.stage]}: \`${outcome.command}\` ${outcome.exitCode === null ? "ran out of time" : `exited ${outcome.exitCode}`}`;

export const versionOf = ({ name, to }: Update): string => `${name}@${to}`;
export const isKept = ({ reverted }: Verdict): boolean => reverted === null;

/** Of one commit, or of all in one. */
export function messageOf(updates: readonly Update[]): string {
  const lines = updates.map(({ name, from, to, kind }) => `- ${name} ${from} → ${to} (${kind})`);
  return `${titleOf(updates)}\n\n${lines.join("\n")}\n`;
}

export function titleOf(updates: readonly Update[]): string {
  const [one, second] = updates;
  if (updates.length === 1 && one) return `Update ${one.name} to ${one.to}`;
  if (updates.length === 2 && one?.to === second?.to) return `Update ${one?.name} and ${second?.name} to ${one?.to}`;
  return `Update ${updates.length} dependencies`;
}
