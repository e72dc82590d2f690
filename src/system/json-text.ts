/** JSON as the text it is: where everything stands in it, and edits that leave all else as it was, byte for byte. Pure; the only user of jsonc-parser. */
import { type Node, type ParseError, parse, parseTree, printParseErrorCode } from "jsonc-parser";

export type { Node };

/** The text is no JSON, or not of the shape that was looked for. Lines and columns count from 1. */
export class BadJson extends Error {
  override readonly name = "BadJson";
  readonly line: number;
  readonly column: number;

  constructor(text: string, offset: number, what: string) {
    const before = text.slice(0, offset).split(/\r\n|\n|\r/);
    const [line, column] = [before.length, (before.at(-1) ?? "").replace(/^\ufeff/, "").length + 1];
    super(`line ${line}, column ${column}: ${what}`);
    this.line = line;
    this.column = column;
  }
}

/** The tree of what stands in the text, as strict as Claude Code is: a byte order mark is taken, comments and trailing commas are not. @throws BadJson */
export function readJson(text: string): Node {
  const errors: ParseError[] = [];
  const body = text.startsWith("\ufeff") ? ` ${text.slice(1)}` : text;
  const tree = parseTree(body, errors, { disallowComments: true });
  const [first] = errors;
  if (first !== undefined) throw new BadJson(text, first.offset, wordsOf(first, body));
  try {
    JSON.parse(body);
  } catch (error) {
    // What the parser above lets pass; where it is stands in the message, if anywhere.
    throw new BadJson(text, Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0), "this is not JSON");
  }
  if (tree === undefined) throw new BadJson(text, 0, "there is nothing here");
  return tree;
}

/** The data of JSON in which comments and commas at an end may stand, too. @throws BadJson */
export function looseJson(text: string): unknown {
  const errors: ParseError[] = [];
  const body = text.startsWith("\ufeff") ? ` ${text.slice(1)}` : text;
  const data: unknown = parse(body, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) throw new BadJson(text, first.offset, wordsOf(first, body));
  return data;
}

function wordsOf({ error, offset, length }: ParseError, text: string): string {
  const there = text.slice(offset, offset + Math.min(length, 20));
  const after = text.slice(0, offset).trimEnd().at(-1);
  if (printParseErrorCode(error) === "InvalidCommentToken") return "a comment stands here, and settings with comments are not read";
  if (after === "," && (there.startsWith("}") || there.startsWith("]"))) return "a comma stands before this, and nothing follows it";
  if (there === "") return "the text ends too early";
  return `${JSON.stringify(there)} is not expected here`;
}

export const endOf = (node: Node): number => node.offset + node.length;
export const childrenOf = (node: Node | undefined): readonly Node[] => node?.children ?? [];
export const keyOf = (property: Node): string => String(property.children?.[0]?.value);
export const contentOf = (property: Node | undefined): Node | undefined => property?.children?.[1];

/** What it says. */
export const dataOf = <T>(text: string, node: Node): T => JSON.parse(text.slice(node.offset, endOf(node))) as T;

/** The properties of that name; of several JSON takes the last. */
export const propertiesOf = (object: Node | undefined, name: string): readonly Node[] =>
  object?.type === "object" ? childrenOf(object).filter((one) => keyOf(one) === name) : [];

export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly put: string;
}

/** `edits` do not overlap. */
export const edited = (text: string, edits: readonly Edit[]): string =>
  [...edits].sort((a, b) => b.from - a.from).reduce((all, { from, to, put }) => all.slice(0, from) + put + all.slice(to), text);

/** How what is put beside others is set apart: on a line of its own, indented so, or behind a comma and this gap. */
export type Layout = { readonly indent: string } | { readonly gap: string };

/** As the last child of a container is set apart from what stands before it. `spaced`: for a single one without a gap, whether to leave one. */
export function layoutIn(text: string, container: Node, spaced: boolean): Layout {
  const [last, previous] = [...childrenOf(container)].reverse();
  if (last === undefined) return { gap: "" };
  const from = previous === undefined ? container.offset + 1 : text.indexOf(",", endOf(previous)) + 1;
  const gap = text.slice(from, last.offset);
  const line = gap.lastIndexOf("\n");
  if (line >= 0) return { indent: gap.slice(line + 1) };
  return { gap: gap === "" && previous === undefined && spaced ? " " : gap };
}

/**
 * Marks a container that was there and empty, before it was filled: a separator twice, between the last child and what stood between its brackets.
 * So taking all children out again gives back what stood there, while a container that was not there goes altogether.
 */
const wasEmpty = /^(?:(\r?\n)\1| {2})/;
const markFor = (layout: Layout, eol: string): string => ("indent" in layout ? eol + eol : "  ");

/** Puts these children behind those that are there. `empty`: how to set them apart where there are none. */
export function appended(text: string, container: Node, parts: readonly string[], empty: Layout, eol: string, spaced: boolean): Edit {
  const last = childrenOf(container).at(-1);
  const layout = last === undefined ? empty : layoutIn(text, container, spaced);
  const apart = "indent" in layout ? eol + layout.indent : layout.gap;
  if (last !== undefined) return { from: endOf(last), to: endOf(last), put: parts.map((part) => `,${apart}${part}`).join("") };
  const inside = container.offset + 1;
  const before = "indent" in layout ? apart : "";
  return { from: inside, to: inside, put: before + parts.join(`,${apart}`) + markFor(layout, eol) };
}

/** What stood between the brackets of a container before its children were put there; undefined when it was not there, or is not as it was left. */
export function innerBefore(text: string, container: Node): string | undefined {
  const last = childrenOf(container).at(-1);
  const tail = last === undefined ? "" : text.slice(endOf(last), endOf(container) - 1);
  return wasEmpty.test(tail) ? tail.replace(wasEmpty, "") : undefined;
}

/** Takes all children out. */
export const emptied = (container: Node, inner: string): Edit => ({ from: container.offset + 1, to: endOf(container) - 1, put: inner });

/** Takes some children out, each with the comma and the blanks that set it apart; at least one stays. */
export function without(container: Node, gone: readonly Node[]): Edit[] {
  const all = childrenOf(container);
  const edits: Edit[] = [];
  for (let i = 0; i < all.length; i++) {
    if (!gone.includes(all[i] as Node)) continue;
    const first = i;
    while (i + 1 < all.length && gone.includes(all[i + 1] as Node)) i++;
    const [previous, next] = [all[first - 1], all[i + 1]];
    if (previous !== undefined) edits.push({ from: endOf(previous), to: endOf(all[i] as Node), put: "" });
    else if (next !== undefined) edits.push({ from: (all[first] as Node).offset, to: next.offset, put: "" });
  }
  return edits;
}

/** JSON on one line. `gap`: between its parts. */
export function onLine(value: unknown, gap: string): string {
  if (Array.isArray(value)) return `[${value.map((one) => onLine(one, gap)).join(`,${gap}`)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const parts = fields.map(([key, field]) => `${JSON.stringify(key)}:${gap}${onLine(field, gap)}`);
  return parts.length === 0 ? "{}" : `{${gap}${parts.join(`,${gap}`)}${gap}}`;
}
