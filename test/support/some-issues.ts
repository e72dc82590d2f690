/** Issues enough for several pages, of which a few are meant. */
export interface LabIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
  readonly milestone: string | null;
  readonly state: "open" | "closed";
  /** A pull request, which some forges count among issues. */
  readonly isPull: boolean;
}

export const someIssues = (count = 230): LabIssue[] =>
  Array.from({ length: count }, (_, i) => i + 1).map((number) => ({
    number,
    title: `Trouble ${number}`,
    body: number % 4 === 0 ? null : `It breaks, ${number} times.`,
    labels: [...(number % 2 === 0 ? ["bug"] : []), ...(number % 3 === 0 ? ["good first issue"] : [])],
    assignees: number % 5 === 0 ? ["ann"] : [],
    milestone: number % 7 === 0 ? "v2" : null,
    state: number % 11 === 0 ? "closed" : "open",
    isPull: number === 6,
  }));

/** As a forge's list gives them: the newest first. */
export const newestFirst = (all: readonly LabIssue[]): LabIssue[] => [...all].sort((a, b) => b.number - a.number);
