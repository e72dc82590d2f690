/** The issues of a forge on loopback, as a person sees them. */

export interface BookedIssue {
  readonly number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  labels: string[];
}

export const newIssue = (book: BookedIssue[], first: number, title: string, body: string | null): BookedIssue => {
  const issue: BookedIssue = { number: first + book.length, title, body, state: "open", labels: [] };
  book.push(issue);
  return issue;
};

/** The newest first, a page of them. */
export function pageOf<T>(all: readonly T[], page: number, size: number): T[] {
  return [...all].reverse().slice((page - 1) * size, page * size);
}
