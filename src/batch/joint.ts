/** The joint task of a batch with `deliver: one-pr`: it starts when all others have ended, puts their work together, and has the one pull request. Pure. */
import { type BatchFile, listOf, type Settings, type TaskEntry } from "./check.ts";
import { below, type Document } from "./document.ts";
import { type PlannedTask, planned, texts } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { unknownsIn } from "./template.ts";

/** No task of a file can be named so. */
export const jointKey = "(one-pr)";

const ownWay = (settings: Settings | undefined): string | undefined =>
  settings?.["deliver"] !== undefined ? "deliver" : settings?.["pr"] === true ? "pr" : undefined;

/** Where `one-pr` makes no sense. */
export function checkJoint(document: Document): Problem[] {
  const { deliver, defaults, tasks, verify } = document.data as BatchFile;
  if (deliver !== "one-pr")
    return verify === undefined
      ? []
      : [
          {
            at: document.keyAt("/verify"),
            text: "`verify` of the whole file goes with `deliver: one-pr`: its checks run on all work put together",
            hint: "For each task by itself, put it into `defaults`.",
          },
        ];
  const own = ownWay(defaults);
  if (own !== undefined)
    return [
      {
        at: document.keyAt(below("/defaults", own)),
        text: `\`${own}\` in \`defaults\` sends every task its own way, and \`deliver: one-pr\` would have nothing to put together`,
        hint: "Leave one of them out; a single task may say its own.",
      },
    ];
  if (Object.values(tasks).some((task) => ownWay(task) === undefined)) return [];
  return [
    {
      at: document.at("/deliver"),
      text: "each task says its own delivery, so nothing is left for one pull request",
      hint: "Take `deliver` out of the tasks whose work belongs in it.",
    },
  ];
}

/** Does this task's work go into the one pull request? */
export const joins = ({ deliver }: BatchFile, entry: TaskEntry): boolean => deliver === "one-pr" && ownWay(entry) === undefined;

/** Flags of a task that mean something for one that runs no agent. */
const kept = ["draft", "no-verify", "priority", "group", "tag", "notify", "timeout", "retries", "vars"];

/** undefined for a batch that is delivered otherwise. */
export function jointTask(
  document: Document,
  name: string,
  tasks: readonly PlannedTask[],
): { task: PlannedTask | undefined; problems: Problem[]; warnings: string[] } {
  const batch = document.data as BatchFile;
  const problems: Problem[] = [];
  if (batch.deliver !== "one-pr") return { task: undefined, problems, warnings: [] };
  const { defaults = {} } = batch;
  const common = batch.verify === undefined;
  const all = listOf(common ? defaults["verify"] : batch.verify);
  // What only a task's own variables complete is that task's check.
  const verify = common ? all.filter((text) => unknownsIn(text, texts(defaults.vars)).length === 0) : all;
  const base = typeof defaults["base"] === "string" && !defaults["base"].startsWith("@") ? { base: defaults["base"] } : {};
  const picked = Object.fromEntries(Object.entries(defaults).filter(([flag]) => kept.includes(flag)));
  const entry = { ...(verify.length === 0 ? {} : { verify }), ...base, pr: true, exec: ["copse", "batch", "--combine"] };
  const made = planned(
    jointKey,
    entry,
    common ? "/defaults" : "",
    {},
    { ...without(batch), defaults: picked },
    document,
    new Map(),
    problems,
  );
  const taken = tasks.some(({ label }) => label === name);
  return {
    task: {
      ...made,
      label: taken ? `${name}-pr` : name,
      prompt: `Batch ${name}`,
      needs: tasks.map(({ key }) => key),
      pointer: "/deliver",
      joint: true,
    },
    problems,
    warnings:
      verify.length < all.length
        ? ["checks whose variables only a task gives do not run on the whole; a `verify` at the top of the file does"]
        : [],
  };
}

const without = ({ deliver: _, ...batch }: BatchFile): BatchFile => batch;
