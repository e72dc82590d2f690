/** What the readers of other updaters' files have in common: what they give, and values of which nobody has checked the shape. Pure. */
import type { Refusal } from "./ecosystem.ts";

export interface Said {
  readonly refusals: readonly Refusal[];
  /** What could not be understood, and does not count. */
  readonly notes: readonly string[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** Nothing in it where it is no object. */
export const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

/** One text or several; undefined where there is something else among them. Numbers of YAML are texts. */
export function textsOf(value: unknown): string[] | undefined {
  const all = listOf(value).map((one) => (typeof one === "number" ? String(one) : one));
  return all.every((one) => typeof one === "string") ? (all as string[]) : undefined;
}
