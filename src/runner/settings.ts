/** What the runner goes by, read again every second: the configuration and what the queue was told; the queue is resized when they change. */
import { messageOf } from "../core/errors.ts";
import type { Limits } from "../core/line.ts";
import { type Config, loadConfig } from "../store/config.ts";
import { limitsOf, readQueueSettings } from "../store/queue-settings.ts";

export class Settings {
  readonly #state: string;
  config: Config;
  limits: Limits;

  constructor(state: string) {
    this.#state = state;
    this.config = loadConfig(null).config;
    this.limits = limitsOf(this.config, readQueueSettings(state));
  }

  /** What cannot be read stays as it was. @returns whether the limits have changed */
  reload(say: (line: string) => void): boolean {
    try {
      this.config = loadConfig(null).config;
    } catch (error) {
      say(`the configuration stays as it was: ${messageOf(error)}`);
    }
    const limits = limitsOf(this.config, readQueueSettings(this.#state));
    if (JSON.stringify(limits) === JSON.stringify(this.limits)) return false;
    this.limits = limits;
    return true;
  }

  /** `3`, or `3, paused`. */
  get text(): string {
    return `${this.limits.machine}${this.limits.paused === true ? ", paused" : ""}`;
  }
}
