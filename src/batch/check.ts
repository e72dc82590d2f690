/** A batch file against its schema, and against what a schema cannot say. Everything that is wrong is found at once. Pure. */
import { similar } from "../core/similar.ts";
import { below, type Document } from "./document.ts";
import validate, { type Problem as Violation } from "./generated/validate-batch.js";
import { checkIssues } from "./issues.ts";
import { checkJoint } from "./joint.ts";
import { orderOf } from "./order.ts";
import type { Problem } from "./problem.ts";

type Scalar = string | number | boolean;
/** Of several patterns for paths the first that finds anything counts. */
export type Lookup =
  | { readonly paths: string | readonly string[] }
  | { readonly grep: string }
  | { readonly "grep-folders": string }
  | { readonly lines: string }
  | { readonly issues: string };
export type Axis = readonly Scalar[] | Lookup;

export interface Settings {
  /** null: whoever starts it gives the value. */
  readonly vars?: Readonly<Record<string, Scalar | null>>;
  readonly [flag: string]: unknown;
}

export interface TaskEntry extends Settings {
  readonly prompt?: string;
  readonly "prompt-file"?: string;
  readonly exec?: readonly string[];
  readonly label?: string;
  readonly needs?: string | readonly string[];
  readonly matrix?: Readonly<Record<string, Axis>>;
}

export interface BatchFile {
  readonly name?: string;
  readonly description?: string;
  readonly limit?: number;
  readonly budget?: number;
  readonly deliver?: string;
  readonly verify?: string | readonly string[];
  readonly defaults?: Settings;
  readonly tasks: Readonly<Record<string, TaskEntry>>;
}

export const listOf = (value: unknown): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];

/** Empty when the document's data is a `BatchFile`. */
export function checkBatch(document: Document): Problem[] {
  if (!validate(document.data)) {
    const found = (validate.errors ?? []).flatMap((violation) => sayViolation(violation, document));
    return [...found, ...(isTasks(document.data) ? whatToDo(document) : [])];
  }
  return [...whatToDo(document), ...checkNeeds(document), ...checkNames(document), ...checkIssues(document), ...checkJoint(document)];
}

const isTasks = (data: unknown): boolean => {
  const tasks = (data as { tasks?: unknown } | null)?.tasks;
  return typeof tasks === "object" && tasks !== null && !Array.isArray(tasks);
};

/** Exactly one of prompt, prompt-file, exec; the schema says so too, less readably. */
function whatToDo(document: Document): Problem[] {
  const { tasks } = document.data as { tasks: Readonly<Record<string, unknown>> };
  return Object.entries(tasks).flatMap(([key, task]): Problem[] => {
    if (typeof task !== "object" || task === null || Array.isArray(task)) return [];
    const given = ["prompt", "prompt-file", "exec"].filter((name) => Object.hasOwn(task, name));
    const at = below("/tasks", key);
    if (given.length === 0) {
      // A key that was meant for one of them is told of already.
      if (Object.keys(task).some((name) => otherWordsForExec.includes(name) || similar(name, ["prompt", "prompt-file", "exec"]))) return [];
      return [{ at: document.keyAt(at), text: `task \`${key}\` says nothing to do`, hint: "Give it `prompt`, `prompt-file` or `exec`." }];
    }
    if (given.length === 1) return [];
    return [
      {
        at: document.keyAt(below(at, given[1] as string)),
        text: `task \`${key}\` has both \`${given[0]}\` and \`${given[1]}\``,
        hint: "Leave one of them out.",
      },
    ];
  });
}

function checkNeeds(document: Document): Problem[] {
  const { tasks } = document.data as BatchFile;
  const names = Object.keys(tasks);
  const problems: Problem[] = [];
  for (const [key, task] of Object.entries(tasks)) {
    for (const need of listOf(task.needs)) {
      if (names.includes(need)) continue;
      const instead = similar(need, names);
      problems.push({
        at: document.at(below(below("/tasks", key), "needs"), need),
        text: `task \`${key}\` needs \`${need}\`, which is no task of this batch`,
        hint: instead === undefined ? `Its tasks are ${names.slice(0, 8).join(", ")}.` : `Did you mean ${instead}?`,
      });
    }
  }
  if (problems.length > 0) return problems;
  const ordered = orderOf(new Map(names.map((key) => [key, listOf((tasks[key] as TaskEntry).needs)])));
  if ("order" in ordered) return [];
  const [first = "", second = ""] = ordered.cycle;
  return [
    {
      at: document.at(below(below("/tasks", first), "needs"), second),
      text: `these wait for each other: ${ordered.cycle.join(" → ")}`,
      hint: "Take one of these needs out.",
    },
  ];
}

/** What stands in two places and may stand in one. */
function checkNames(document: Document): Problem[] {
  const { tasks, defaults, limit } = document.data as BatchFile;
  const problems: Problem[] = [];
  const noGroup = (settings: Settings | undefined, at: string) => {
    if (limit !== undefined && settings?.["group"] !== undefined)
      problems.push({
        at: document.keyAt(below(at, "group")),
        text: "`group` does not go with the batch's `limit`: a task counts in one group",
        hint: "Leave out one of them; `limit` makes the batch a group.",
      });
  };
  noGroup(defaults, "/defaults");
  for (const [key, task] of Object.entries(tasks)) {
    const at = below("/tasks", key);
    noGroup(task, at);
    for (const name of Object.keys(task.matrix ?? {}))
      if (Object.hasOwn(task.vars ?? {}, name))
        problems.push({
          at: document.keyAt(below(below(at, "vars"), name)),
          text: `\`${name}\` is in \`vars\` and in \`matrix\``,
          hint: "Give one of them another name.",
        });
    const base = typeof task["base"] === "string" && task["base"].startsWith("@") ? task["base"].slice(1) : undefined;
    if (base === undefined || !Object.hasOwn(tasks, base)) continue;
    const where = document.at(below(at, "base"), base);
    if ((task["on-failure"] ?? defaults?.["on-failure"]) === "run")
      problems.push({
        at: where,
        text: `task \`${key}\` builds upon \`${base}\`, so that has to end well, and \`on-failure: run\` says it need not`,
        hint: "Leave out one of them: skip or hold go with `base`.",
      });
    if (!listOf(task.needs).includes(base))
      problems.push({ at: where, text: `task \`${key}\` builds upon \`${base}\` and does not wait for it`, hint: `Add needs: [${base}].` });
    else if (tasks[base]?.matrix !== undefined)
      problems.push({ at: where, text: `\`${base}\` has a matrix: it is many tasks, with a branch each`, hint: "Name one branch." });
  }
  return problems;
}

function sayViolation({ instancePath, schemaPath, keyword, params, data, parentSchema }: Violation, document: Document): Problem[] {
  if (schemaPath.includes("oneOf") || keyword === "propertyNames") return [];
  const at = document.at(instancePath);
  const what = nameOf(instancePath);
  const name = params["propertyName"];
  if (keyword === "additionalProperties") {
    const key = String(params["additionalProperty"]);
    const known = Object.keys(parentSchema?.properties ?? {});
    const instead = similar(key, known);
    const hint =
      hintFor(key, instancePath) ??
      (instead === undefined ? `What there is: ${known.filter((one) => one !== "$schema").join(", ")}.` : `Did you mean \`${instead}\`?`);
    return [{ at: document.keyAt(below(instancePath, key)), text: `unknown key \`${key}\` in ${what}`, hint }];
  }
  if (typeof name === "string" || (keyword === "pattern" && schemaPath.includes("propertyNames"))) {
    const key = String(name ?? data);
    const pointer = below(instancePath, key);
    const isVariable = /\/(?:vars|matrix)$/.test(instancePath);
    return [
      {
        at: document.keyAt(pointer),
        text: `\`${key}\` cannot be the name of a ${isVariable ? "variable" : "task"}`,
        hint: `Letters, digits${isVariable ? ", _" : ", ., _"} and -, beginning with a letter${isVariable ? "" : " or digit"}.`,
      },
    ];
  }
  if (keyword === "required")
    return [{ at, text: `${what} has no \`${String(params["missingProperty"])}\``, hint: "See the example: copse batch --help" }];
  const expected = expectedOf(keyword, params, instancePath);
  const hint = quoteHint(keyword, params, data) ?? enumHint(keyword, params, data, instancePath);
  return [{ at, text: `expected ${what} to ${expected}, got ${got(data)}`, hint }];
}

/** `/tasks/docs/matrix/dir` → "`matrix.dir` of task `docs`" */
function nameOf(pointer: string): string {
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts.length === 0) return "the file";
  if (parts[0] !== "tasks" || parts.length === 1) return `\`${parts.join(".")}\``;
  const inside = parts.slice(2).join(".");
  return `${inside === "" ? "" : `\`${inside}\` of `}task \`${parts[1]}\``;
}

const otherWordsForExec = ["run", "command", "cmd"];

/** Keys that people try, and what they are called here. */
function hintFor(key: string, pointer: string): string | undefined {
  const inTask = /^\/tasks\/[^/]+$/.test(pointer);
  if (inTask && ["after", "depends-on", "depends_on", "dependsOn"].includes(key)) return "Did you mean `needs`?";
  if (inTask && otherWordsForExec.includes(key)) return "Did you mean `exec`, a list of the program and its arguments?";
  if (pointer === "/defaults" && ["needs", "matrix", "prompt", "prompt-file", "exec", "label"].includes(key))
    return "That is for each task to say.";
  if (["background", "worktree", "no-worktree", "json", "quiet"].includes(key))
    return "In a batch each task has its own worktree and runs in the background.";
  return undefined;
}

function expectedOf(keyword: string, params: Violation["params"], pointer: string): string {
  switch (keyword) {
    case "type":
      return `be ${listOf(params["type"]).join(",").split(",").map(kind).join(" or ")}`;
    case "enum":
      return `be one of ${listOf(params["allowedValues"]).join(", ")}`;
    case "minimum":
      return `be at least ${String(params["limit"])}`;
    case "maximum":
      return `be at most ${String(params["limit"])}`;
    case "exclusiveMinimum":
      return `be more than ${String(params["limit"])}`;
    case "minItems":
      return "have something in it";
    case "minProperties":
      return pointer.includes("/matrix/") ? "be a list, or one of paths, grep, grep-folders, lines, issues" : "have something in it";
    case "maxProperties":
      return "have one of paths, grep, grep-folders, lines, issues";
    case "pattern":
      return pointer.endsWith("/timeout")
        ? "be a time such as 45m"
        : pointer === "/name"
          ? "be letters, digits, dots and dashes"
          : "have words in it";
    default:
      return `fit \`${keyword}\` of the schema`;
  }
}

const kind = (type: string): string =>
  ({
    string: "a text",
    array: "a list",
    object: "a table of keys",
    integer: "a whole number",
    number: "a number",
    boolean: "true or false",
  })[type] ?? type;

function got(data: unknown): string {
  if (data === null) return "nothing";
  if (Array.isArray(data)) return data.length === 0 ? "an empty list" : "a list";
  if (typeof data === "object") return Object.keys(data).length === 0 ? "an empty table" : "a table of keys";
  return JSON.stringify(data).slice(0, 60);
}

function enumHint(keyword: string, params: Violation["params"], data: unknown, pointer: string): string | undefined {
  if (keyword !== "enum") return undefined;
  if (data === "one-pr" && pointer.endsWith("/deliver")) return "It is for the whole batch: put it at the top of the file.";
  const instead = typeof data === "string" ? similar(data, listOf(params["allowedValues"])) : undefined;
  return instead === undefined ? undefined : `Did you mean ${instead}?`;
}

function quoteHint(keyword: string, params: Violation["params"], data: unknown): string | undefined {
  const wantsText = keyword === "type" && listOf(params["type"]).join(",").split(",").includes("string");
  return wantsText && ["number", "boolean"].includes(typeof data) ? `Put it in quotes: "${String(data)}".` : undefined;
}
