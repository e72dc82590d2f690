/** A line of text being typed: keys in, the new line out. Pure. */
import type { Key } from "./keys.ts";
import type { Input } from "./model.ts";

export const empty: Input = { text: "", at: 0 };

/** undefined: the key means nothing here. */
export function edited({ text, at }: Input, { name, text: typed }: Key, pasting: boolean): Input | undefined {
  const chars = [...text];
  const cut = (from: number, to: number): Input => ({ text: [...chars.slice(0, from), ...chars.slice(to)].join(""), at: from });
  switch (name) {
    case "left":
      return { text, at: Math.max(0, at - 1) };
    case "right":
      return { text, at: Math.min(chars.length, at + 1) };
    case "home":
    case "ctrl-a":
      return { text, at: 0 };
    case "end":
    case "ctrl-e":
      return { text, at: chars.length };
    case "backspace":
    case "ctrl-h":
      return at === 0 ? { text, at } : cut(at - 1, at);
    case "delete":
    case "ctrl-d":
      return cut(at, at + 1);
    case "ctrl-u":
      return cut(0, at);
    case "ctrl-k":
      return cut(at, chars.length);
    case "ctrl-w":
      return cut(wordStart(chars, at), at);
  }
  const written = name === "enter" ? (pasting ? "\n" : "") : typed;
  if (written === "") return undefined;
  return { text: [...chars.slice(0, at), written, ...chars.slice(at)].join(""), at: at + [...written].length };
}

function wordStart(chars: readonly string[], at: number): number {
  let from = at;
  while (from > 0 && chars[from - 1] === " ") from--;
  while (from > 0 && chars[from - 1] !== " ") from--;
  return from;
}
