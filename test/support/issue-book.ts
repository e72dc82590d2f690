/** The issues of a forge on loopback, as a person sees them. */
export interface LabIssue {
  readonly number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  labels: string[];
  readonly assignees: readonly string[];
  readonly milestone: string | null;
  /** A pull request, which some forges count among issues. */
  readonly isPull: boolean;
}

export const labIssue = (number: number, more: Partial<LabIssue> = {}): LabIssue => ({
  number,
  title: `Trouble ${number}`,
  body: "It breaks.",
  state: "open",
  labels: [],
  assignees: [],
  milestone: null,
  isPull: false,
  ...more,
});

/** Opened by somebody: numbered from 101 on, so that a pull request is never meant by mistake. */
export function newIssue(book: LabIssue[], title: string, body: string | null): LabIssue {
  const issue = labIssue(Math.max(100, ...book.map(({ number }) => number)) + 1, { title, body });
  book.push(issue);
  return issue;
}

/** As a forge's list gives them: the newest first, a page of them. */
export function pageOf(all: readonly LabIssue[], page: number, size: number): LabIssue[] {
  return [...all].sort((a, b) => b.number - a.number).slice((page - 1) * size, page * size);
}

/** Issues enough for several pages, of which a few are meant. */
export const someIssues = (count = 230): LabIssue[] =>
  Array.from({ length: count }, (_, i) => i + 1).map((number) =>
    labIssue(number, {
      body: number % 4 === 0 ? null : `It breaks, ${number} times.`,
      labels: [...(number % 2 === 0 ? ["bug"] : []), ...(number % 3 === 0 ? ["good first issue"] : [])],
      assignees: number % 5 === 0 ? ["ann"] : [],
      milestone: number % 7 === 0 ? "v2" : null,
      state: number % 11 === 0 ? "closed" : "open",
      isPull: number === 6,
    }),
  );
