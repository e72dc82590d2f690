/** From a checked batch to its tasks, one by one: defaults laid under, matrices multiplied out, variables filled in, those that are needed first. Pure. */
import { sha256 } from "../core/hash.ts";
import type { Issue } from "../core/issues.ts";
import { labelFrom } from "../core/label.ts";
import type { OfIssue } from "../core/of-batch.ts";
import { branchesOf, sayTooEarly, type Written, writtenOf } from "./branches.ts";
import { type BatchFile, type Lookup, listOf, type Settings, type TaskEntry } from "./check.ts";
import { below, type Document } from "./document.ts";
import { firstWords, type IssueList, issueIn, promptOf, sayStranger } from "./issues.ts";
import { joins } from "./joint.ts";
import { orderOf } from "./order.ts";
import type { Place, Problem } from "./problem.ts";
import { forShell, render, sayUnknown, unknownsIn, type Vars } from "./template.ts";

export interface PlannedTask {
  /** The task's key in the file; with a matrix, its values behind it: `docs[src/api/]`. Names it within the batch for good. */
  readonly key: string;
  readonly label: string;
  /** The file gave the label; else another number may be put behind it. */
  readonly labelGiven: boolean;
  readonly prompt: string;
  /** A file to read the prompt from, whose variables are not filled in yet. */
  readonly promptFile: string | null;
  readonly exec: readonly string[] | null;
  /** Flags of `run` by their long names. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>;
  /** Keys of those that must be completed first. */
  readonly needs: readonly string[];
  /** The task of this batch it builds upon. */
  readonly baseKey: string | null;
  readonly vars: Vars;
  /** What strangers wrote in the issue it is for: for its prompt only. */
  readonly told?: Vars;
  /** The prompt without that: it names what is asked, however an issue's text changes. */
  readonly asked?: string;
  /** What the branches of those it needs are filled into, once they are known. */
  readonly written?: Written | undefined;
  /** Where it stands in the file. */
  readonly pointer: string;
  /** Its work goes into the batch's one pull request. */
  readonly joins?: boolean;
  /** It puts the others' together. */
  readonly joint?: boolean;
  /** The issue of the forge it is for. */
  readonly issue?: OfIssue;
}

/** What must be looked up before the matrices can be multiplied out. */
export interface Search {
  readonly pointer: string;
  readonly lookup: Lookup;
}

const mostTasks = 1000;
/** Flags a shell reads. */
const shellFlags = ["verify"];
const notFlags = ["prompt", "prompt-file", "exec", "label", "needs", "matrix", "vars"];

/** Variables in what is looked for are filled in. */
export function searchesOf(document: Document): { searches: readonly Search[]; problems: readonly Problem[] } {
  const { tasks, defaults } = document.data as BatchFile;
  const problems: Problem[] = [];
  const searches = Object.entries(tasks).flatMap(([key, task]) =>
    Object.entries(task.matrix ?? {}).flatMap(([name, axis]) => {
      if (Array.isArray(axis)) return [];
      const pointer = below(below(below("/tasks", key), "matrix"), name);
      const vars = { ...texts(defaults?.vars), ...texts(task.vars) };
      const fill = (text: string) => {
        for (const unknown of unknownsIn(text, vars))
          problems.push({ at: document.at(pointer, unknown.typed), ...sayUnknown(unknown, vars) });
        return render(text, vars);
      };
      const lookup = Object.fromEntries(
        Object.entries(axis as Lookup).map(([kind, text]) => [kind, Array.isArray(text) ? text.map(fill) : fill(text as string)]),
      ) as unknown as Lookup;
      return [{ pointer, lookup }];
    }),
  );
  return { searches, problems };
}

/** What searches have found, by their pointers: values, and for those that looked for issues, which these are. */
export interface Found {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly issues?: ReadonlyMap<string, readonly Issue[]>;
}

/** Tasks come in an order in which each can be made. */
export function planOf(document: Document, found: Found): { tasks: readonly PlannedTask[]; problems: readonly Problem[] } {
  const batch = document.data as BatchFile;
  const problems: Problem[] = [];
  const keysOf = new Map<string, string[]>();
  const labels = new Map<string, string>();
  const tasks: PlannedTask[] = [];
  const ordered = orderOf(new Map(Object.entries(batch.tasks).map(([key, task]) => [key, listOf(task.needs)])));
  for (const name of "order" in ordered ? ordered.order : []) {
    const entry = batch.tasks[name] as TaskEntry;
    const pointer = below("/tasks", name);
    const axes = Object.entries(entry.matrix ?? {}).map(([variable, axis]): [string, readonly string[]] => [
      variable,
      Array.isArray(axis) ? axis.map(String) : (found.values.get(below(below(pointer, "matrix"), variable)) ?? []),
    ]);
    const size = axes.reduce((product, [, values]) => product * values.length, 1);
    if (tasks.length + size > mostTasks) {
      const text = `the batch has more than ${mostTasks} tasks; \`${name}\` alone makes ${size}`;
      problems.push({ at: document.keyAt(pointer), text, hint: "Narrow its matrix, or make several batches of it." });
      break;
    }
    const lists = Object.keys(entry.matrix ?? {}).flatMap((variable) => {
      const issues = found.issues?.get(below(below(pointer, "matrix"), variable));
      return issues === undefined ? [] : [{ variable, issues }];
    });
    const mine = combinations(axes).map((values) => planned(name, entry, pointer, values, batch, document, keysOf, problems, lists));
    keysOf.set(
      name,
      mine.map(({ key }) => key),
    );
    for (const task of mine) {
      const label = labels.has(task.label) && !task.labelGiven ? `${task.label}-${sha256(task.key).slice(0, 6)}` : task.label;
      const other = labels.get(label);
      if (other !== undefined)
        problems.push({
          at: document.at(below(pointer, "label")),
          text: `\`${other}\` and \`${task.key}\` get the same label ${label}`,
          hint:
            entry.matrix === undefined
              ? "Give one of them another."
              : `Put its variable in: ${Object.keys(entry.matrix)
                  .map((one) => `{{${one}}}`)
                  .join("-")}.`,
        });
      labels.set(label, task.key);
      tasks.push({ ...task, label });
    }
  }
  return { tasks, problems: distinct(problems) };
}

/** A template's mistake shows in each task made of it; it is said once. */
const distinct = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.at.line}:${problem.at.column}`, problem])).values(),
];

/** Every choice of one value from each axis; the last runs fastest. A value that comes twice counts once. */
export function combinations(axes: readonly (readonly [string, readonly string[]])[]): Vars[] {
  return axes.reduce<Vars[]>(
    (made, [name, values]) => made.flatMap((one) => [...new Set(values)].map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

export function planned(
  name: string,
  entry: TaskEntry,
  pointer: string,
  values: Vars,
  batch: BatchFile,
  document: Document,
  keysOf: ReadonlyMap<string, readonly string[]>,
  problems: Problem[],
  lists: readonly IssueList[] = [],
): PlannedTask {
  const { defaults = {} } = batch;
  const branches = branchesOf(entry);
  const known: Vars = { ...texts(defaults.vars), ...texts(entry.vars), ...values };
  const vars: Vars = { ...branches, ...known };
  const { issue, told } = issueIn(lists, values);
  const fill = (text: string, at: string, say?: (value: string) => string, given = known): string => {
    for (const unknown of unknownsIn(text, given)) {
      const why = sayTooEarly(unknown, branches) ?? sayStranger(unknown, told) ?? sayUnknown(unknown, given);
      problems.push({ at: document.at(at, unknown.typed), ...why });
    }
    return render(text, given, say);
  };
  const promptAt = below(pointer, "prompt");
  if (entry.prompt !== undefined) problems.push(...firstWords(entry.prompt, told).map((text) => ({ at: document.at(promptAt), ...text })));
  const inShell = (text: string, at: string): string => {
    const command = render(text, {}).replace(/\{\{[^{}]*\}\}/g, "");
    return fill(text, at, (value) => {
      const quoted = forShell(value, command);
      if (quoted === undefined)
        problems.push({
          at: document.at(at),
          text: `a shell would take part of the value ${JSON.stringify(value)} for its own here`,
          hint: "Write the command without quotes, backslashes and comments around its variables; the value gets its own quotes.",
        });
      return quoted ?? value;
    });
  };
  const inOne = joins(batch, entry);
  const deliver = inOne || batch.deliver === "one-pr" ? "report" : batch.deliver;
  const given: Settings = { ...(deliver === undefined ? {} : { deliver }), ...defaults, ...entry };
  const flags: Record<string, string | boolean | readonly string[]> = {};
  for (const [flag, value] of Object.entries(given)) {
    if (notFlags.includes(flag)) continue;
    const at = below(Object.hasOwn(entry, flag) ? pointer : "/defaults", flag);
    const put = (text: string, where: string) =>
      shellFlags.includes(flag) ? inShell(text, where) : fill(text, where, undefined, flag === "then" ? vars : known);
    if (typeof value === "boolean") {
      if (value) flags[flag] = true;
    } else if (["verify", "then", "tag", "allow"].includes(flag))
      flags[flag] = listOf(value).map((text, i) => put(text, Array.isArray(value) ? below(at, i) : at));
    else flags[flag] = put(String(value), at);
  }
  // A task's own word on delivery goes before the batch's, in whichever form.
  if (entry["deliver"] !== undefined && entry["pr"] !== true) delete flags["pr"];
  const base = typeof given["base"] === "string" ? given["base"] : "";
  const baseKey = base.startsWith("@") && Object.hasOwn(batch.tasks, base.slice(1)) ? base.slice(1) : null;
  if (baseKey !== null) delete flags["base"];
  const suffix = Object.values(values);
  return {
    key: suffix.length === 0 ? name : `${name}[${suffix.join(", ")}]`,
    label:
      entry.label !== undefined
        ? fill(entry.label, below(pointer, "label"))
        : suffix.length === 0
          ? name
          : labelFrom([name, ...suffix, ...(issue === undefined ? [] : [issue.title])].join(" ")),
    labelGiven: entry.label !== undefined,
    ...(entry.prompt === undefined
      ? { prompt: "" }
      : promptOf(entry.prompt, vars, told, (unknown, all) => {
          problems.push({ at: document.at(promptAt, unknown.typed), ...sayUnknown(unknown, all) });
        })),
    promptFile: entry["prompt-file"] === undefined ? null : fill(entry["prompt-file"], below(pointer, "prompt-file")),
    exec: entry.exec?.map((word, i) => fill(word, below(below(pointer, "exec"), i), undefined, vars)) ?? null,
    written: writtenOf(entry, given["then"], vars),
    flags,
    needs: listOf(entry.needs).flatMap((need) => keysOf.get(need) ?? []),
    baseKey,
    vars,
    told,
    pointer,
    ...(issue === undefined ? {} : { issue: { number: issue.number, url: issue.url, closes: true } }),
    ...(inOne ? { joins: true } : {}),
  };
}

export const texts = (vars: Settings["vars"] = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)]));

/** Where a flag's value stands, or its default, or the task. */
export function placeOfFlag(document: Document, task: PlannedTask, flag: string | undefined): Place {
  const entry = (document.data as BatchFile).tasks[task.key.split("[")[0] as string] as TaskEntry | undefined;
  if (flag !== undefined && entry && Object.hasOwn(entry, flag)) return document.at(below(task.pointer, flag));
  if (flag !== undefined && Object.hasOwn((document.data as BatchFile).defaults ?? {}, flag)) return document.at(below("/defaults", flag));
  return document.keyAt(task.pointer);
}

/** What the work is: the same for the same file, and another when anything that is asked changes. */
export function contentOf({ prompt, asked = prompt, exec, flags, needs, baseKey, joins, joint }: Omit<PlannedTask, "label">): string {
  const sorted = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  // What a joint task puts together grows with the batch, and it stays the same task.
  const all = joint ? ["joint", exec, sorted] : [asked, exec, sorted, needs, baseKey, ...(joins ? ["joins"] : [])];
  return sha256(JSON.stringify(all)).slice(0, 16);
}
