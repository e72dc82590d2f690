/** Where the runner serves the dashboard: not at all, unless somebody was let in. The server is loaded only then. */
import { existsSync } from "node:fs";
import { CopseError, messageOf } from "../core/errors.ts";
import type { Answer } from "../core/protocol.ts";
import { uiAccessFile } from "../store/paths.ts";
import type { Dashboard, UiHouse } from "../web/server.ts";

export class UiRoom {
  readonly #house: UiHouse;
  #dashboard: Promise<Dashboard> | undefined;
  /** The same, once it is there. */
  #served: Dashboard | undefined;

  constructor(house: UiHouse) {
    this.#house = house;
  }

  /** Serves on at the same place, where the runner before this one did. Without a port the runner does its work all the same. */
  async begin(): Promise<void> {
    try {
      if (!existsSync(uiAccessFile(this.#house.state))) return;
      const { Access } = await import("../web/access.ts");
      if (new Access(this.#house.state).open) await this.#serve(undefined);
    } catch (error) {
      this.#house.say(`the dashboard is not served: ${messageOf(error)}`);
    }
  }

  /** With a token for whoever asks over the runner's own socket. */
  async open(port: number | undefined): Promise<Answer> {
    try {
      if (port !== undefined && this.#served !== undefined && port !== this.#served.port) await this.close();
      const dashboard = await this.#serve(port);
      return { ui: { port: dashboard.port, token: dashboard.token() } };
    } catch (error) {
      if (!(error instanceof CopseError)) throw error;
      return { refused: { code: error.code, message: error.message, hint: error.hint ?? "" } };
    }
  }

  /** Nobody is let in any more, and the port is closed. */
  async shut(): Promise<Answer> {
    (await this.#dashboard?.catch(() => undefined))?.clear();
    await this.close();
    return { ui: null };
  }

  /** Is a page connected, or about to be? The runner stays for it. */
  needed(): boolean {
    return this.#served?.busy === true;
  }

  /** Once a second: when the last session is over the port is closed. */
  tick(): void {
    if (this.#served !== undefined && !this.#served.open && !this.#served.busy) void this.close();
  }

  async close(): Promise<void> {
    const dashboard = this.#dashboard;
    this.#dashboard = undefined;
    this.#served = undefined;
    await (await dashboard?.catch(() => undefined))?.close();
  }

  #serve(port: number | undefined): Promise<Dashboard> {
    this.#dashboard ??= import("../web/server.ts")
      .then(({ serve }) => serve(this.#house, port))
      .then((dashboard) => {
        this.#served = dashboard;
        return dashboard;
      })
      .catch((error: unknown) => {
        this.#dashboard = undefined;
        throw error;
      });
    return this.#dashboard;
  }
}
