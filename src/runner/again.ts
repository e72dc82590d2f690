/** What is taken up again in a while: later each time it was needed, up to a minute. */
const againMs = [1000, 60_000] as const;

export class Again {
  readonly #waiting = new Map<string, { readonly timer: NodeJS.Timeout; readonly times: number }>();

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns milliseconds until then */
  later(id: string, work: () => void): number {
    const times = (this.#waiting.get(id)?.times ?? 0) + 1;
    const waitMs = Math.min(againMs[1], againMs[0] * 2 ** (times - 1));
    this.#waiting.set(id, { timer: setTimeout(work, waitMs), times });
    return waitMs;
  }

  /** It is well again. */
  forget(id: string): void {
    this.#waiting.delete(id);
  }

  clear(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
  }
}
