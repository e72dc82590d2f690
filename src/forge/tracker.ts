/** The issues of a repository, as far as Copse opens some itself: what each forge's driver has to offer for that (`<forge>-tracker.ts`). */

export interface Issue {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
}

export interface Tracker {
  /** The open ones, the newest first; pull requests are none. Of more than two thousand the oldest are left out. */
  open(): Promise<Issue[]>;
  create(issue: { readonly title: string; readonly body: string }): Promise<Issue>;
  /** Title, state and labels stay as they are. */
  rewrite(number: number, body: string): Promise<void>;
  /** Adds to what it has. @throws when one of them is refused; then none may have been added */
  label(number: number, labels: readonly string[]): Promise<void>;
}
