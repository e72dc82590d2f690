/** Colour, width and character set of the place we print to. Not a terminal: the same text without colour or cursor codes, of any length. */

export interface Paint {
  readonly utf8: boolean;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly cyan: (text: string) => string;
  /** Ink and ground exchanged. */
  readonly reverse: (text: string) => string;
  /** Cuts a line to the terminal's width. */
  readonly fit: (line: string) => string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb` and `--color` are honoured. */
export function paintFor(stream: { isTTY?: boolean; columns?: number }, env: Env = process.env): Paint {
  const colour = wantsColour(stream, env);
  const as = (open: number, close: number) => (text: string) => (colour ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  return {
    utf8: isUtf8(env),
    dim: as(2, 22),
    bold: as(1, 22),
    red: as(31, 39),
    green: as(32, 39),
    yellow: as(33, 39),
    blue: as(34, 39),
    cyan: as(36, 39),
    reverse: as(7, 27),
    fit: (line) => (stream.isTTY && stream.columns ? cut(line, stream.columns) : line),
  };
}

function wantsColour(stream: { isTTY?: boolean }, env: Env): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

const isUtf8 = (env: Env): boolean => {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return locale === "" ? process.platform === "darwin" || env["TERM"] !== "linux" : /utf-?8/i.test(locale);
};

/** Cuts visible characters; escape sequences take no width. */
function cut(line: string, columns: number): string {
  let width = 0;
  let out = "";
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    if (part.startsWith("\u001b[")) {
      out += part;
      continue;
    }
    for (const char of part) {
      if (width >= columns - 1) {
        if (width === columns - 1) out += "…";
        width = columns;
        break;
      }
      out += char;
      width++;
    }
  }
  return out;
}
