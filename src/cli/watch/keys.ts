/** What a key is called here. Pure: from what node:readline makes of a terminal's bytes. */

/** As node:readline gives it. */
export interface Press {
  readonly name?: string | undefined;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
}

export interface Key {
  /** `j`, `G`, `up`, `pagedown`, `enter`, `escape`, `ctrl-c`, `paste-start`; `text` for what is only to be written. */
  readonly name: string;
  /** What it writes into a field; "" for none. */
  readonly text: string;
}

const bare = ["up", "down", "left", "right", "home", "end", "pageup", "pagedown", "delete", "backspace", "tab", "escape"];

export function keyOf(sequence: string | undefined, press: Press): Key {
  const name = press.name ?? "";
  if (name === "return" || name === "enter" || name === "linefeed") return { name: "enter", text: "\n" };
  if (press.ctrl === true && /^[a-z]$/.test(name)) return { name: `ctrl-${name}`, text: "" };
  if (bare.includes(name) || name.startsWith("paste-")) return { name, text: name === "tab" ? " " : "" };
  const text = press.meta === true || sequence === undefined || /[\u0000-\u001f\u007f-\u009f]/.test(sequence) ? "" : sequence;
  return { name: text === "" ? "none" : [...text].length === 1 ? text : "text", text };
}
