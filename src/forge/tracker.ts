/** The issues of a repository, as input and as what a task opens: what each forge's driver has to offer for that (`<forge>-tracker.ts`). Their text is a stranger's. */
import type { Issue, IssueQuery } from "../core/issues.ts";

export interface Tracker {
  /** Those that are meant, lowest number first. @throws CopseError FORGE_FAILED, also for a number that is no issue's */
  find(query: IssueQuery): Promise<Issue[]>;
  /** The open ones, the newest first; pull requests are none. Of more than two thousand the oldest are left out. */
  open(): Promise<Issue[]>;
  create(issue: { readonly title: string; readonly body: string }): Promise<Issue>;
  /** Title, state and labels stay as they are. */
  rewrite(number: number, body: string): Promise<void>;
  /** Adds to what it has. @throws when one of them is refused; then none may have been added */
  label(number: number, labels: readonly string[]): Promise<void>;
}
