/** `--set name=value`: what a batch file leaves to whoever starts it. A value of `vars`, or the values of a matrix. Pure. */
import { similar } from "../core/similar.ts";
import type { Axis, BatchFile, Settings, TaskEntry } from "./check.ts";
import { below, type Document } from "./document.ts";
import type { Problem } from "./problem.ts";

/** Names with the values that were given for them, in order. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** The file with these values in it; or what is wrong with them, in words. */
export function withGiven(batch: BatchFile, given: Given): { batch: BatchFile } | { text: string; hint: string } {
  const entries = Object.values(batch.tasks);
  const vars = [batch.defaults, ...entries].flatMap((settings) => Object.keys(settings?.vars ?? {}));
  const axes = entries.flatMap(({ matrix }) => Object.keys(matrix ?? {}));
  const names = [...new Set([...vars, ...axes])];
  for (const [name, values] of given) {
    if (!names.includes(name)) {
      const instead = similar(name, names);
      const all = names.length === 0 ? "It has neither `vars` nor `matrix`." : `It has ${names.join(", ")}.`;
      return {
        text: `--set ${name}: the batch has no variable of that name`,
        hint: instead === undefined ? all : `Did you mean ${instead}?`,
      };
    }
    if (values.length > 1 && vars.includes(name))
      return { text: `--set ${name} is given ${values.length} times, and it is one value`, hint: "Leave all but one out." };
  }
  const inVars = <T extends Settings>(settings: T): T =>
    settings.vars === undefined
      ? settings
      : {
          ...settings,
          vars: Object.fromEntries(Object.entries(settings.vars).map(([name, value]) => [name, given.get(name)?.[0] ?? value])),
        };
  const inTask = (entry: TaskEntry): TaskEntry => {
    if (entry.matrix === undefined) return inVars(entry);
    const matrix = Object.fromEntries(Object.entries(entry.matrix).map(([name, axis]) => [name, axisOf(axis, given.get(name))]));
    return { ...inVars(entry), matrix };
  };
  return {
    batch: {
      ...batch,
      ...(batch.defaults === undefined ? {} : { defaults: inVars(batch.defaults) }),
      tasks: Object.fromEntries(Object.entries(batch.tasks).map(([key, entry]) => [key, inTask(entry)])),
    },
  };
}

/** The values themselves, folders with a slash behind them as they are found; where paths are looked for, one with `*` or `?` in it is looked for as well, and issues always are. */
function axisOf(axis: Axis, values: readonly string[] | undefined): Axis {
  if (values === undefined) return axis;
  if ("issues" in axis) return { issues: values.join(" ") };
  const folders = "grep-folders" in axis || ("paths" in axis && [axis.paths].flat().every((pattern) => pattern.endsWith("/")));
  const given = folders ? values.map((value) => (value.endsWith("/") ? value : `${value}/`)) : values;
  const [only = ""] = given;
  return given.length === 1 && "paths" in axis && /[*?[{]/.test(only) ? { paths: only } : given;
}

/** Values that nobody has given yet. */
export function missingValues(document: Document, how: (name: string) => string): Problem[] {
  const { defaults, tasks } = document.data as BatchFile;
  const places: [string, Settings | undefined][] = [
    ["/defaults", defaults],
    ...Object.entries(tasks).map(([key, entry]): [string, Settings] => [below("/tasks", key), entry]),
  ];
  return places.flatMap(([at, settings]) =>
    Object.entries(settings?.vars ?? {}).flatMap(([name, value]) =>
      value === null
        ? [{ at: document.keyAt(below(below(at, "vars"), name)), text: `\`${name}\` has no value yet`, hint: `Give it one: ${how(name)}` }]
        : [],
    ),
  );
}
