/** Is this a lever? What comes from a page is held against one table before anything is made of it: known fields only, each of its kind. Pure. */
import { policies } from "../core/policy.ts";
import type { Lever, RunFields } from "./levers.ts";

type Check = (value: unknown) => boolean;
/** A name that ends in `?` may be left out. */
type Shape = Readonly<Record<string, Check>>;

const longestText = 64 * 1024;
const longestPrompt = 512 * 1024;

/** An argument cannot have a NUL in it. */
const textUpTo =
  (most: number): Check =>
  (value) =>
    typeof value === "string" && !value.includes("\0") && value.length <= most;
const text = textUpTo(longestText);
const name = textUpTo(1000);
const yes: Check = (value) => typeof value === "boolean";
const id: Check = (value) => typeof value === "string" && /^[a-z0-9]{1,48}$/.test(value);
const whole =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
const listOf =
  (check: Check, most = 100): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check);
const money: Check = (value) => typeof value === "number" && Number.isFinite(value) && value > 0;

const policy = oneOf(...policies);
const priority = whole(-999_999_999, 999_999_999);

const fields: Readonly<Record<keyof RunFields | `${keyof RunFields}?`, Check | undefined>> & Shape = Object.freeze({
  prompt: textUpTo(longestPrompt),
  "label?": name,
  "agent?": name,
  "model?": name,
  "exec?": listOf(text, 1000),
  "base?": name,
  "after?": listOf(name),
  "onFailure?": oneOf("skip", "hold"),
  "then?": listOf(text),
  "verify?": listOf(text),
  "fix?": whole(0, 100),
  "deliver?": oneOf("report", "branch", "pr"),
  "draft?": yes,
  "priority?": priority,
  "group?": name,
  "tags?": listOf(name),
  "timeout?": name,
  "maxCostUsd?": money,
  "retries?": whole(0, 100),
  "permissionMode?": name,
  "allow?": listOf(name),
  "notify?": policy,
}) as never;

const shapes: Readonly<Record<Lever["do"], Shape>> = {
  run: { repo: name, fields: (value) => fits(value, fields) },
  send: { task: id, text },
  approve: { task: id, "always?": yes },
  deny: { task: id, "why?": text },
  stop: { task: id },
  retry: { task: id },
  restore: { task: id },
  rm: { task: id },
  pr: { task: id, "ready?": yes, "dryRun?": yes },
  merge: { task: id, "how?": oneOf("merge", "squash", "rebase"), "verify?": yes },
  clean: { repo: orNull(name), yes },
  notify: { task: orNull(id), policy },
  priority: { task: id, priority },
  pause: {},
  resume: {},
  limit: { limit: orNull(whole(1, 9999)) },
  attach: { task: id },
};

/** undefined for what is none. */
export function leverOf(value: unknown): Lever | undefined {
  const { do: what, ...rest } = (value ?? {}) as { do?: unknown };
  if (typeof what !== "string" || !Object.hasOwn(shapes, what) || Array.isArray(value)) return undefined;
  return fits(rest, shapes[what as Lever["do"]]) ? (value as Lever) : undefined;
}

function fits(value: unknown, shape: Shape): boolean {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const given = Object.entries(value);
  const allKnown = given.every(([key, inner]) => ownOf(shape, key)?.(inner) ?? ownOf(shape, `${key}?`)?.(inner) ?? false);
  return allKnown && Object.keys(shape).every((key) => key.endsWith("?") || Object.hasOwn(value, key));
}

const ownOf = (shape: Shape, key: string): Check | undefined => (Object.hasOwn(shape, key) ? shape[key] : undefined);
