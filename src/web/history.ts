/** The last messages of the event stream, numbered: who was away for a moment is given what it missed. Bounded; pure. */

export interface Numbered {
  readonly n: number;
  readonly text: string;
}

const mostBytes = 4 * 1024 * 1024;
const mostMessages = 5000;

export class History {
  readonly #epoch: number;
  #kept: Numbered[] = [];
  #bytes = 0;
  #last = 0;

  /** `epoch`: of the runner, so that no two of them give one number to different messages. */
  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  /** Its number so far; for what is not kept itself. */
  get id(): string {
    return `${this.#epoch}-${this.#last}`;
  }

  get last(): number {
    return this.#last;
  }

  /** @returns the message as it goes over the wire. */
  add(event: string, data: unknown): string {
    this.#last++;
    const text = message(event, data, this.id);
    this.#kept.push({ n: this.#last, text });
    this.#bytes += text.length;
    while (this.#bytes > mostBytes || this.#kept.length > mostMessages) this.#bytes -= this.#kept.shift()?.text.length ?? 0;
    return text;
  }

  /** All that came behind the message of this id; undefined where that is not known any more, or never was. */
  since(id: string): string[] | undefined {
    const [, epoch, n] = /^(\d{1,15})-(\d{1,15})$/.exec(id) ?? [];
    if (Number(epoch) !== this.#epoch || Number(n) > this.#last) return undefined;
    const missed = this.#last - Number(n);
    if (missed > this.#kept.length) return undefined;
    return this.#kept.slice(this.#kept.length - missed).map(({ text }) => text);
  }
}

/** JSON has no newline in it, so one line of data it is. */
export const message = (event: string, data: unknown, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
