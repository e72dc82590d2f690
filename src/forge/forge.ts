/** What Copse asks of a forge (GitHub, GitLab, Gitea/Forgejo). One driver a file; nothing outside this folder knows one from the other. */

import type { PullRequestSeen } from "../core/task.ts";
import type { Tracker } from "./tracker.ts";

export type ForgeKind = "github" | "gitlab" | "gitea";

/** A repository on a forge. */
export interface ForgeRepo {
  readonly kind: ForgeKind;
  /** As in the remote's address, with the port if it names one. */
  readonly host: string;
  readonly apiUrl: string;
  readonly owner: string;
  readonly name: string;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly draft: boolean;
  readonly title: string;
  readonly body: string;
  readonly state: "open" | "merged" | "closed";
}

/** From `branch` of `head` into `base` of the repository the driver was made for. */
export interface Ends {
  readonly head: ForgeRepo;
  readonly branch: string;
  readonly base: string;
}

export interface Draft extends Ends {
  readonly title: string;
  readonly body: string;
  readonly draft: boolean;
}

/** Best effort: whatever of it is refused becomes a note. */
export interface Extras {
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  readonly autoMerge: "merge" | "squash" | "rebase" | null;
}

/** How a creation went: `nothing` when there are no commits between, `exists` when somebody was first. */
export type Created =
  | { readonly did: "created"; readonly pr: PullRequest; readonly notes: readonly string[] }
  | { readonly did: "exists" | "nothing" };

export interface Forge {
  /** Longest title and body it takes, in characters. */
  readonly most: { readonly title: number; readonly body: number };
  readonly tracker: Tracker;
  defaultBranch(): Promise<string>;
  /** The open one between these ends. */
  find(ends: Ends): Promise<PullRequest | undefined>;
  create(draft: Draft): Promise<Created>;
  update(number: number, change: { readonly title: string; readonly body: string }): Promise<PullRequest>;
  extras(pr: PullRequest, extras: Extras): Promise<string[]>;
  /** Writes a comment; where one whose text is `ours` is there already, that one is brought up to date. */
  comment(number: number, body: string, ours: (body: string) => boolean): Promise<void>;
  /** As it is now, with what its checks say where the forge has some. */
  look(number: number): Promise<PullRequest & { readonly checks: PullRequestSeen["checks"] }>;
}
