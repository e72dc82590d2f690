/**
 * The account gate: a usage limit belongs to a login, not to a task. The first run that meets it closes admission for its login, what runs under that login is parked,
 * and nothing asks the provider until the reset time. Then one task goes first, and the others follow when it has got an answer. An overloaded provider closes it for a
 * while, a refused login until a person tries again; what runs then goes on, for it may have been let in before.
 * Held in memory; after a restart it is rebuilt from the tasks that wait for a limit.
 */
import type { Task } from "../core/task.ts";
import { loginOf } from "../session/login.ts";

export interface Closed {
  /** null: until a person tries again. */
  readonly until: string | null;
  readonly text: string;
}

/** Why admission closes. */
export type Reason = "limit" | "overload" | "login";

interface Gate extends Closed {
  readonly reason: Reason;
  readonly since: string;
  /** The task that tries first, once the time has come. */
  canary: string | null;
}

type Waiting = Pick<Task, "id" | "since">;

/** Wakes are spread over this much after the reset. */
const jitterMs = 3000;
/** First and longest wait after an overload; each that follows without an answer in between waits twice as long. */
const overloadMs = [60_000, 900_000] as const;

export class Gates {
  readonly #gates = new Map<string, Gate>();
  /** How long the last overload of a login was waited out, until it answers again. */
  readonly #overloads = new Map<string, number>();
  readonly #jitter: () => number;

  /** `jitter` from 0 to 1. */
  constructor(jitter: () => number = Math.random) {
    this.#jitter = jitter;
  }

  /** What the logs of open tasks still say of limits, for a runner that has just begun. */
  recall(open: readonly { readonly task: Task; readonly dir: string }[]): void {
    for (const { task, dir } of open) {
      const held = task.state === "queued" && task.notBefore?.kind === "limit" ? task.notBefore : null;
      const login = held?.at ? loginOf(task, dir) : null;
      if (held?.at && login !== null) this.close(login, "limit", held.at, held.text);
    }
  }

  /** A run met the limit, or was found waiting for it. @returns the closed gate, and whether that is news. */
  close(login: string, reason: Reason, until: string | null, text: string, now = new Date()): Closed & { readonly isNew: boolean } {
    const known = this.#gates.get(login);
    const end = reason === "overload" ? this.#afterOverload(login, known, now) : until;
    if (known && known.canary === null && lastsAsLong(known.until, end)) return { ...known, isNew: false };
    const gate: Gate = {
      reason,
      until: end === null ? null : new Date(Date.parse(end) + this.#jitter() * jitterMs).toISOString(),
      text,
      since: now.toISOString(),
      canary: null,
    };
    this.#gates.set(login, gate);
    return { ...gate, isNew: true };
  }

  #afterOverload(login: string, known: Gate | undefined, now: Date): string {
    const isSame = known?.reason === "overload" && known.canary === null;
    const last = this.#overloads.get(login);
    const waitMs = last === undefined ? overloadMs[0] : isSame ? last : Math.min(overloadMs[1], last * 2);
    this.#overloads.set(login, waitMs);
    return new Date((isSame ? Date.parse(known.since) : now.getTime()) + waitMs).toISOString();
  }

  /** Is admission closed to this task? A refused login is tried again by what a person has put into line since. */
  closed(login: string, task: Waiting, now = new Date().toISOString()): Closed | null {
    const gate = this.#gates.get(login);
    if (gate === undefined) return null;
    if (gate.until !== null) return gate.until <= now ? null : gate;
    return gate.canary === null && task.since > gate.since ? null : gate.canary === task.id ? null : gate;
  }

  /** The limit that runs under this login are parked for. */
  parks(login: string, now = new Date().toISOString()): (Closed & { readonly until: string }) | null {
    const gate = this.#gates.get(login);
    return gate?.reason === "limit" && gate.until !== null && gate.until > now ? { until: gate.until, text: gate.text } : null;
  }

  /** May this task start now? When the gate may open one goes first; the rest wait for its first answer. */
  mayStart(login: string, task: Waiting, now = new Date().toISOString()): boolean {
    const gate = this.#gates.get(login);
    if (gate === undefined) return true;
    if (this.closed(login, task, now) !== null) return false;
    gate.canary ??= task.id;
    return gate.canary === task.id;
  }

  /** The provider answered a run of this task, or the run has ended without meeting the limit again: the others may follow. */
  opened(login: string, task: string): boolean {
    if (this.#gates.get(login)?.canary !== task) return false;
    this.#overloads.delete(login);
    return this.#gates.delete(login);
  }
}

const lastsAsLong = (until: string | null, than: string | null): boolean => until === null || (than !== null && until >= than);

/** What the end of a run says of its login: null when nothing is wrong with it. Pure. */
export function reasonOf(task: Task): (Closed & { readonly reason: Reason }) | null {
  const held = task.notBefore;
  if (task.state === "queued" && held?.kind === "limit" && held.at !== null) return { reason: "limit", until: held.at, text: held.text };
  if (task.state !== "delivering" || task.outcome?.kind !== "failed") return null;
  const { code, message } = task.outcome.failure;
  if (code === "OVERLOADED") return { reason: "overload", until: null, text: message };
  if (code === "LOGIN_REFUSED") return { reason: "login", until: null, text: `${message}; when that is mended: copse retry ${task.label}` };
  return null;
}
