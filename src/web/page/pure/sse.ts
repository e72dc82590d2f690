/** Reads an event stream as it comes, in pieces of any size. Pure but for what it has not finished yet. */

export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  /** Undefined where the message has none of its own. */
  readonly id: string | undefined;
}

/** Give it each piece; it calls `take` for each whole message. Comments are swallowed: that anything came is enough to know the other end lives. */
export function streamReader(take: (message: StreamMessage) => void): (piece: string) => void {
  let rest = "";
  let [event, id]: [string, string | undefined] = ["", undefined];
  let data: string[] = [];
  const line = (text: string) => {
    if (text === "") {
      if (data.length > 0) take({ event: event || "message", data: data.join("\n"), id });
      [event, id, data] = ["", undefined, []];
      return;
    }
    const [, field = "", value = ""] = /^([^:]*):? ?([\s\S]*)$/.exec(text) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
  };
  return (piece) => {
    rest += piece;
    const lines = rest.split("\n");
    rest = lines.pop() as string;
    for (const one of lines) line(one.endsWith("\r") ? one.slice(0, -1) : one);
  };
}

/** How long to wait before trying again, a little by chance so that many pages do not come at once. */
export function againAfterMs(attempt: number, chance: number): number {
  return Math.round(Math.min(8000, 400 * 2 ** Math.min(attempt, 10)) * (0.75 + chance / 2));
}
