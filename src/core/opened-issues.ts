/** Issues on the forge for what a task has found: what it was asked, and what became of it. */

export interface IssuesWanted {
  /** Folder of the worktree whose Markdown files become issues; left out where there is none. */
  readonly openIssues?: string;
}

/** Opened by a task, or found open and brought up to date. */
export interface IssueSeen {
  readonly number: number;
  readonly url: string;
  readonly title: string;
}

export interface IssuesOpened {
  /** Left out by earlier versions, and where there are none. */
  readonly issues?: readonly IssueSeen[];
}
