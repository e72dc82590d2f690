/** Variables in the texts of a batch: `{{dir}}` becomes its value, `{{{{` stands for two braces. Pure. */
import { similar } from "../core/similar.ts";

export type Vars = Readonly<Record<string, string>>;

/** What a text names and nobody has given: `typed` as it stands there. */
export interface Unknown {
  readonly typed: string;
  readonly name: string;
}

const pattern = /\{\{\{\{|\{\{\s*([^{}]*?)\s*\}\}/g;

export function unknownsIn(text: string, vars: Vars): Unknown[] {
  return [...text.matchAll(pattern)].flatMap(([typed, name]) => (name === undefined || Object.hasOwn(vars, name) ? [] : [{ typed, name }]));
}

/** Unknown ones stay as they are; `unknownsIn` finds them. */
export const render = (text: string, vars: Vars, say: (value: string) => string = (value) => value): string =>
  text.replace(pattern, (typed, name?: string) =>
    name === undefined ? "{{" : Object.hasOwn(vars, name) ? say(vars[name] as string) : typed,
  );

export function sayUnknown({ name }: Unknown, vars: Vars): { text: string; hint: string } {
  const names = Object.keys(vars);
  const instead = similar(name, names);
  return {
    text: `nothing gives \`{{${name}}}\` a value`,
    hint:
      instead !== undefined
        ? `Did you mean {{${instead}}}?`
        : `${names.length === 0 ? "There is neither `vars` nor `matrix` here." : `There is ${names.map((one) => `{{${one}}}`).join(", ")}.`} Two braces themselves are written {{{{.`,
  };
}

const inert = /^[\w./:@%+=,][\w./:@%+=,-]*$/;

/** A value inside a command that a shell will read: as it is, in quotes, or undefined where it could not be told what the shell would make of it. */
export function forShell(value: string, command: string): string | undefined {
  if (inert.test(value)) return value;
  if (/['"\\`]|<<|#/.test(command) || /[\n\0]/.test(value)) return undefined;
  return `'${value.replaceAll("'", "'\\''")}'`;
}
