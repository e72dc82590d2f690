/**
 * The account gate: a usage limit belongs to a login, not to a task. The first run that meets it closes admission for its login, what runs under that login is parked,
 * and nothing asks the provider until the reset time. Then one task goes first, and the others follow when it has got an answer.
 * Held in memory; after a restart it is rebuilt from the tasks that wait for a limit.
 */

export interface Closed {
  readonly until: string;
  readonly text: string;
}

interface Gate extends Closed {
  /** The task that tries first, once the time has come. */
  canary: string | null;
}

/** Wakes are spread over this much after the reset. */
const jitterMs = 3000;

export class Gates {
  readonly #gates = new Map<string, Gate>();
  readonly #jitter: () => number;

  /** `jitter` from 0 to 1. */
  constructor(jitter: () => number = Math.random) {
    this.#jitter = jitter;
  }

  /** A run met the limit, or was found waiting for it. @returns the closed gate, and whether that is news. */
  close(login: string, until: string, text: string): Closed & { readonly isNew: boolean } {
    const known = this.#gates.get(login);
    if (known && known.canary === null && known.until >= until) return { ...known, isNew: false };
    const gate: Gate = { until: new Date(Date.parse(until) + this.#jitter() * jitterMs).toISOString(), text, canary: null };
    this.#gates.set(login, gate);
    return { ...gate, isNew: true };
  }

  /** Is admission closed? Runs under the login are parked while it is, and nothing starts. */
  closed(login: string, now = new Date().toISOString()): Closed | null {
    const gate = this.#gates.get(login);
    return gate === undefined || gate.until <= now ? null : gate;
  }

  /** May this task start now? After the reset one goes first; the rest wait for its first answer. */
  mayStart(login: string, task: string, now = new Date().toISOString()): boolean {
    const gate = this.#gates.get(login);
    if (gate === undefined) return true;
    if (gate.until > now) return false;
    gate.canary ??= task;
    return gate.canary === task;
  }

  /** The provider answered a run of this task, or the run has ended without meeting the limit again: the others may follow. */
  opened(login: string, task: string): boolean {
    return this.#gates.get(login)?.canary === task && this.#gates.delete(login);
  }
}
