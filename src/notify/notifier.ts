/** What Copse asks of a way to tell somebody. One file each; a notifier that is missing, refuses or hangs never touches the task. */

/** Texts are plain, redacted and without control characters; each notifier escapes for its own place. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Somebody is needed. */
  readonly urgent: boolean;
  /** Ids of the tasks it speaks of. */
  readonly tasks: readonly string[];
}

export interface Notifier {
  readonly name: string;
  /** Rejects when it could not be delivered; the caller bounds its time. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}
