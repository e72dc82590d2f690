/** Tells people of transitions: by the policy in force, once each, several at once as one. It runs beside the tasks; whatever becomes of a notification, they never notice. */
import { isHeldTold } from "../core/policy.ts";
import type { NotifySettings, Task } from "../core/task.ts";
import { desktop } from "./desktop.ts";
import { ntfy, slack, webhook } from "./http.ts";
import type { Notice, Notifier } from "./notifier.ts";
import { groupNotices, noticeOf } from "./text.ts";

/** How long notices are gathered before they are sent. */
const gatherMs = 1000;
/** All tries of one notifier together. */
const patienceMs = 20_000;

export class Announcer {
  readonly #settings: () => NotifySettings;
  readonly #say: (line: string) => void;
  readonly #warned = new Set<string>();
  #gathered: Notice[] = [];
  #sending: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: () => NotifySettings, say: (line: string) => void) {
    this.#settings = settings;
    this.#say = say;
  }

  tell(task: Task): void {
    const notice = noticeOf(task);
    if (notice !== undefined) this.say(notice);
  }

  /** It waits for a person, as what it comes after did not end well. */
  tellHeld(task: Task): void {
    if (isHeldTold(task, this.#settings())) this.tell(task);
  }

  say(notice: Notice): void {
    this.#gathered.push(notice);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  /** Settles when everything told so far has been sent or given up. */
  async settled(): Promise<void> {
    if (this.#timer) this.#flush();
    await this.#sending;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const notices = groupNotices(this.#gathered);
    this.#gathered = [];
    const notifiers = notifiersOf(this.#settings());
    for (const notice of notices)
      this.#sending = Promise.all([this.#sending, ...notifiers.map((one) => this.#send(one, notice))]).then(() => {});
  }

  async #send(notifier: Notifier, notice: Notice): Promise<void> {
    try {
      await notifier.send(notice, AbortSignal.timeout(patienceMs));
    } catch (error) {
      // One warning a kind: a machine without a desktop would otherwise fill the log.
      const why = `${notifier.name}: ${(error as Error).message}`;
      if (!this.#warned.has(why)) this.#say(`a notification was not delivered: ${why}`);
      this.#warned.add(why);
    }
  }
}

function notifiersOf(settings: NotifySettings): Notifier[] {
  const local = settings.desktop ? desktop() : undefined;
  return [
    ...(local === undefined ? [] : [local]),
    ...(settings.webhook === undefined ? [] : [webhook(settings.webhook.url, settings.webhook.secret)]),
    ...(settings.ntfy === undefined ? [] : [ntfy(settings.ntfy)]),
    ...(settings.slack === undefined ? [] : [slack(settings.slack)]),
  ];
}
