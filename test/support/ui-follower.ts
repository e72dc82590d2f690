/** A page without a browser: follows the event stream by the rule that `web/api.ts` states, over breaks and other runners, and keeps every task's events. Knows when it was told a thing twice. */
import type { TaskEvent } from "../../src/core/events.ts";
import { type EventsMessage, type Reset, type TaskRow, taskEventsPath, tasksPath } from "../../src/web/api.ts";
import type { Client, Listening, Message } from "./ui-client.ts";

export class Follower {
  readonly events = new Map<string, TaskEvent[]>();
  readonly rows = new Map<string, TaskRow>();
  /** What went against the rules of the stream. */
  readonly wrong: string[] = [];
  resets = 0;
  resumed = 0;
  messages = 0;
  readonly #client: Client;
  #lastId: string | undefined;
  #ended = false;
  #listening: Listening | undefined;
  #turn: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  start(): void {
    this.#running = this.#follow();
  }

  /** As when a laptop sleeps, or a cable is pulled. */
  breakOff(): void {
    this.#listening?.close();
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#listening?.close();
    await this.#running;
    await this.#turn;
  }

  async #follow(): Promise<void> {
    while (!this.#ended) {
      try {
        const asked = this.#lastId;
        const listening = await this.#client.listen(asked);
        this.#listening = listening;
        let taken = 0;
        let over = false;
        void listening.closed.then(() => {
          over = true;
        });
        while (!over || taken < listening.messages.length) {
          for (; taken < listening.messages.length; taken++) this.#take(listening.messages[taken] as Message, asked, taken === 0);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      } catch {
        // No runner at the moment.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #take(message: Message, asked: string | undefined, first: boolean): void {
    this.messages++;
    if (message.id !== undefined) {
      const [epoch, n] = message.id.split("-").map(Number) as [number, number];
      const [epochBefore, before] = (this.#lastId ?? "0-0").split("-").map(Number) as [number, number];
      if (message.event !== "reset" && (epoch !== epochBefore || n !== before + 1)) this.wrong.push(`${message.id} behind ${this.#lastId}`);
      if (first && asked !== undefined && message.event !== "reset") this.resumed++;
      this.#lastId = message.id;
    }
    // One after the other, as some of it has to be fetched.
    this.#turn = this.#turn.then(() => this.#apply(message)).catch((error: Error) => void this.wrong.push(String(error)));
  }

  async #apply({ event, data }: Message): Promise<void> {
    if (event === "task") this.#takeRow(data as TaskRow);
    if (event === "events") await this.#takeEvents(data as EventsMessage);
    if (event !== "reset") return;
    this.resets++;
    this.rows.clear();
    const { versions } = data as Reset;
    // The runner may be killed in the middle of this: whoever comes next says it again.
    try {
      for (const row of (await this.#client.get(tasksPath)).tasks) this.#takeRow(row);
      for (const [id, version] of Object.entries(versions)) if (version > this.#have(id)) await this.#fetch(id);
    } catch {
      this.breakOff();
    }
  }

  #have(id: string): number {
    return this.events.get(id)?.length ?? 0;
  }

  #takeRow(row: TaskRow): void {
    if (row.rev >= (this.rows.get(row.id)?.rev ?? 0)) this.rows.set(row.id, row);
  }

  async #takeEvents({ id, events }: EventsMessage): Promise<void> {
    const have = this.#have(id);
    const fresh = events.filter(({ seq }) => seq > have);
    if (fresh.length === 0) return;
    if (fresh[0]?.seq === have + 1) this.events.set(id, [...(this.events.get(id) ?? []), ...fresh]);
    else await this.#fetch(id).catch(() => this.breakOff());
  }

  async #fetch(id: string): Promise<void> {
    const have = this.#have(id);
    const { events } = await this.#client.get(`${taskEventsPath(id)}?after=${have}`);
    this.events.set(id, [...(this.events.get(id) ?? []), ...events]);
  }
}
