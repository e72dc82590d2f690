/** The form of a new task: what was typed becomes `run`'s fields, or what is wrong with it is said. Pure. */
import { parseDuration } from "../../../core/duration.ts";
import type { RunFields } from "../../levers.ts";

/** As typed; lists one a line. */
export interface Typed {
  readonly prompt: string;
  readonly label: string;
  readonly agent: string;
  readonly model: string;
  readonly exec: string;
  readonly base: string;
  readonly after: string;
  readonly onFailure: string;
  readonly followUps: string;
  readonly verify: string;
  readonly fix: string;
  readonly deliver: string;
  readonly draft: boolean;
  readonly priority: string;
  readonly group: string;
  readonly tags: string;
  readonly timeout: string;
  readonly maxCost: string;
  readonly retries: string;
  readonly permissionMode: string;
  readonly allow: string;
  readonly notify: string;
}

export const nothingTyped: Typed = {
  prompt: "",
  label: "",
  agent: "",
  model: "",
  exec: "",
  base: "",
  after: "",
  onFailure: "",
  followUps: "",
  verify: "",
  fix: "",
  deliver: "",
  draft: false,
  priority: "",
  group: "",
  tags: "",
  timeout: "",
  maxCost: "",
  retries: "",
  permissionMode: "",
  allow: "",
  notify: "",
};

export type Wrong = Partial<Record<keyof Typed, string>>;

/** What can be seen to be wrong without asking; the command itself says the rest. */
export function wrongIn(typed: Typed): Wrong {
  const wrong: Wrong = {};
  if (typed.prompt.trim() === "" && typed.exec.trim() === "") wrong.prompt = "Say what is to be done.";
  for (const [name, least] of [
    ["fix", 0],
    ["retries", 0],
    ["priority", Number.NEGATIVE_INFINITY],
  ] as const)
    if (typed[name].trim() !== "" && !(Number.isInteger(Number(typed[name])) && Number(typed[name]) >= least))
      wrong[name] = least === 0 ? "A whole number from 0 on." : "A whole number.";
  if (typed.maxCost.trim() !== "" && !(Number(typed.maxCost) > 0)) wrong.maxCost = "An amount in USD above 0.";
  try {
    if (typed.timeout.trim() !== "") parseDuration(typed.timeout.trim(), "--timeout");
  } catch {
    wrong.timeout = "A duration such as 45m, 1h30m or 90s.";
  }
  return wrong;
}

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== "");

/** Only what was given: what is left out is as the configuration says. */
export function fieldsOf(typed: Typed): RunFields {
  const given = <K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> =>
    value === undefined || value === "" || (Array.isArray(value) && value.length === 0) ? {} : ({ [name]: value } as Record<K, V>);
  const number = (text: string) => (text.trim() === "" ? undefined : Number(text));
  const after = wordsOf(typed.after);
  const exec = wordsOf(typed.exec);
  return {
    prompt: typed.prompt.trim(),
    ...given("label", typed.label.trim()),
    ...(exec.length > 0 ? { exec } : { ...given("agent", typed.agent), ...given("model", typed.model.trim()) }),
    ...given("base", typed.base.trim()),
    ...given("after", after),
    ...(after.length > 0 ? given("onFailure", typed.onFailure as "skip" | "hold" | "") : {}),
    ...given("then", linesOf(typed.followUps)),
    ...given("verify", linesOf(typed.verify)),
    ...given("fix", number(typed.fix)),
    ...given("deliver", typed.deliver as "report" | "branch" | "pr" | ""),
    ...(typed.deliver === "pr" && typed.draft ? { draft: true } : {}),
    ...given("priority", number(typed.priority)),
    ...given("group", typed.group.trim()),
    ...given("tags", wordsOf(typed.tags)),
    ...given("timeout", typed.timeout.trim()),
    ...given("maxCostUsd", number(typed.maxCost)),
    ...given("retries", number(typed.retries)),
    ...given("permissionMode", typed.permissionMode),
    ...given("allow", linesOf(typed.allow)),
    ...given("notify", typed.notify),
  } as RunFields;
}
