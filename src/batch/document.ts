/** The text of a batch file, YAML or JSON, as data of which every part knows where it stands. The only user of yaml. */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Place, Problem } from "./problem.ts";

export interface Document {
  readonly data: unknown;
  /** Where the value at a JSON pointer stands (else what is around it); with `text`, where that stands in it. */
  at(pointer: string, text?: string): Place;
  /** Where the key that leads to it stands. */
  keyAt(pointer: string): Place;
}

/** One part below a pointer, escaped as JSON pointers are. */
export const below = (pointer: string, part: string | number): string =>
  `${pointer}/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** What aliases may make of a small file is bounded. */
const mostParts = 100_000;

type Span = readonly [number, number];

/** Data and places, or what keeps the text from being read. */
export function readDocument(source: string): { document: Document; problems: readonly Problem[] } {
  const text = source.replace(/^\ufeff/, "");
  const lines = new LineCounter();
  const docs = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent", stringKeys: false });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: Problem[] = [];
  const values = new Map<string, Span>();
  const keys = new Map<string, number>();
  const document = (data: unknown): Document => ({
    data,
    at(pointer, part) {
      const [from, to] = spanOf(values, pointer);
      const inside = part === undefined ? -1 : text.slice(from, to).indexOf(part);
      return place(from + Math.max(inside, 0));
    },
    keyAt: (pointer) => place(keys.get(pointer) ?? spanOf(values, pointer)[0]),
  });
  const [doc, second] = Array.isArray(docs) ? docs : [];
  if (!doc || doc.contents === null)
    return { document: document(null), problems: [{ at: place(0), text: "the file is empty", hint: "It needs `tasks`." }] };
  for (const error of [...doc.errors, ...doc.warnings])
    problems.push({ at: place(error.pos[0]), ...said(error.code, error.message, text, error.pos[0]) });
  if (second)
    problems.push({
      at: place(second.range[0]),
      text: "a second document begins here (`---`)",
      hint: "One file is one batch: put it into another file.",
    });
  let parts = 0;
  const convert = (node: unknown, pointer: string, depth: number): unknown => {
    if (isAlias(node)) {
      const target = node.resolve(doc);
      if (target === undefined) {
        problems.push({ at: place(node.range?.[0] ?? 0), text: `nothing is named \`&${node.source}\`` });
        return null;
      }
      return convert(target, pointer, depth + 1);
    }
    const [from = 0, to = 0] = (node as Node | null)?.range ?? [];
    values.set(pointer, [from, to]);
    if (++parts > mostParts || depth > 100) {
      if (parts < Number.MAX_SAFE_INTEGER) problems.push({ at: place(from), text: "its aliases make more of it than can be read" });
      parts = Number.MAX_SAFE_INTEGER;
      return null;
    }
    if (isMap(node))
      return Object.fromEntries(
        node.items.filter(isPair).map((pair) => {
          const name = isScalar(pair.key) ? String(pair.key.value) : "";
          const inner = below(pointer, name);
          const keyFrom = (pair.key as Node | null)?.range?.[0] ?? from;
          keys.set(inner, keyFrom);
          if (!isScalar(pair.key)) problems.push({ at: place(keyFrom), text: "a key must be a word", ...braces });
          if (pair.value === null) values.set(inner, [keyFrom, keyFrom]);
          return [name, pair.value === null ? null : convert(pair.value, inner, depth + 1)];
        }),
      );
    if (isSeq(node)) return node.items.map((item, i) => convert(item, below(pointer, i), depth + 1));
    return isScalar(node) ? node.value : null;
  };
  const data = problems.length > 0 ? null : convert(doc.contents, "", 0);
  return { document: document(data), problems };
}

function spanOf(values: ReadonlyMap<string, Span>, pointer: string): Span {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const span = values.get(at);
    if (span) return span;
    if (at === "") return [0, 0];
  }
}

const braces = { hint: 'A text that begins with {{ stands in quotes: "{{dir}} …".' };

function said(code: string, message: string, text: string, offset: number): { text: string; hint?: string } {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1).split("\n", 1)[0] as string;
  if (code === "DUPLICATE_KEY") return { text: "this key stands there twice", hint: "Leave one of them out." };
  if (code === "TAB_AS_INDENT") return { text: "a tab indents this line", hint: "Indent with spaces." };
  if (/^\s*(?:- |[\w-]+:)\s*\{\{/.test(line)) return { text: `it cannot be read from here: ${message}`, ...braces };
  return { text: `it cannot be read from here: ${message.charAt(0).toLowerCase()}${message.slice(1)}` };
}
