/** What a run has shown so far, gathered from its adapter's events: activity, files, tools, cost, open questions. */
import { safeLine } from "../core/safe.ts";
import { type Cost, type NeedsKind, noCost, type Progress } from "../core/task.ts";
import type { AgentEvent } from "./agents/agent.ts";

type Asked = { readonly kind: NeedsKind; readonly text: string; readonly options?: readonly string[]; readonly rules?: readonly string[] };

export class Account {
  sessionId: string | undefined;
  summary: string | null = null;
  finished = false;
  hopeless = false;
  /** The provider has answered at least once. */
  hasAnswer = false;
  /** Something to show has changed since it was last shown. */
  changed = false;
  readonly #before: Progress;
  #activity: string | null = null;
  #toolCalls = 0;
  #files = new Set<string>();
  #cost: Cost | undefined;
  #earlier: Cost = noCost;
  #asked = new Map<string, Asked>();
  #heard = new Set<string>();
  #notes: string[] = [];

  /** `before`: what earlier runs of the task came to; counts and cost go on from there. */
  constructor(before: Progress) {
    this.#before = before;
  }

  take(event: AgentEvent): void {
    if (event.type !== "log") this.changed = true;
    switch (event.type) {
      case "session":
        this.sessionId = event.id;
        break;
      case "activity":
        this.#activity = safeLine(event.text, 120);
        break;
      case "tool":
        this.finished = false;
        this.hasAnswer = true;
        this.#toolCalls++;
        if (event.changes !== undefined) this.#files.add(event.changes);
        break;
      case "tool-failed":
        if (event.unchanged !== undefined) this.#files.delete(event.unchanged);
        break;
      case "said":
        this.finished = false;
        this.hasAnswer = true;
        break;
      case "needs":
        this.#asked.set(event.requestId, event.needs);
        break;
      case "settled":
        this.#asked.delete(event.requestId);
        break;
      case "cost":
        this.#cost = event.cost;
        this.#earlier = event.earlier ?? noCost;
        break;
      case "heard":
        this.#heard.add(event.id);
        if (event.begins) this.finished = false;
        break;
      case "summary":
        this.summary = event.text;
        break;
      case "note":
        if (!this.#notes.includes(event.text) && this.#notes.length < 50) this.#notes.push(event.text);
        break;
      case "finished":
        this.finished = true;
        break;
      case "hopeless":
        this.hopeless = true;
        break;
      case "log":
        break;
    }
  }

  /** The oldest open question. */
  pending(): Asked | undefined {
    return this.#asked.values().next().value;
  }

  /** The id of that question. */
  pendingId(): string | undefined {
    return this.#asked.keys().next().value;
  }

  /** Is that question still open? */
  isOpen(requestId: string): boolean {
    return this.#asked.has(requestId);
  }

  /** Does the agent tell what it has taken up? (It does so for its prompt, too.) */
  tellsHeard(): boolean {
    return this.#heard.size > 0;
  }

  hasHeard(messageId: string): boolean {
    return this.#heard.has(messageId);
  }

  /** It has been answered; the agent may take long to show it. */
  settle(requestId: string): void {
    this.#asked.delete(requestId);
  }

  newNotes(known: readonly string[]): string[] {
    return this.#notes.map((note) => safeLine(note, 300)).filter((note) => !known.includes(note));
  }

  progress(): Progress {
    const cost = atLeast(this.#before.cost, this.#earlier);
    return {
      activity: this.#activity,
      filesChanged: Math.max(this.#before.filesChanged, this.#files.size),
      toolCalls: this.#before.toolCalls + this.#toolCalls,
      cost: this.#cost === undefined ? cost : plus(cost, this.#cost),
    };
  }
}

const plus = (a: Cost, b: Cost): Cost => eachOf(a, b, (x, y) => Math.round((x + y) * 1e8) / 1e8);
/** A run that was killed or visited told nothing of its cost; the session may know of it later. */
const atLeast = (a: Cost, b: Cost): Cost => eachOf(a, b, Math.max);

/** Field by field; null only where both are. */
function eachOf(a: Cost, b: Cost, of: (x: number, y: number) => number): Cost {
  const one = (x: number | null, y: number | null) => (x === null && y === null ? null : of(x ?? 0, y ?? 0));
  return {
    usd: one(a.usd, b.usd),
    inputTokens: one(a.inputTokens, b.inputTokens),
    outputTokens: one(a.outputTokens, b.outputTokens),
    turns: one(a.turns, b.turns),
  };
}
