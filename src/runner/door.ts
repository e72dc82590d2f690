/** Where commands reach the runner: its socket and its bell, open and closed together. */
import type { Server } from "node:net";
import type { Answer, Ask } from "../core/protocol.ts";
import { type Bell, hangBell } from "./bell.ts";
import { listen } from "./socket.ts";

export class Door {
  readonly #answer: (ask: Ask) => Answer | Promise<Answer>;
  readonly #ring: (repoId: string, id: string) => void;
  #server: Server | undefined;
  #bell: Bell | undefined;

  constructor(answer: (ask: Ask) => Answer | Promise<Answer>, ring: (repoId: string, id: string) => void) {
    this.#answer = answer;
    this.#ring = ring;
  }

  async open(): Promise<void> {
    const server = await listen(this.#answer);
    this.#server = server;
    const bell = await hangBell(this.#ring);
    // Closed in the meantime?
    if (this.#server === server) this.#bell = bell;
    else bell.close();
  }

  /** Whoever comes now finds nobody, and starts the next runner. */
  close(): void {
    this.#server?.close();
    this.#bell?.close();
    this.#server = undefined;
    this.#bell = undefined;
  }
}
