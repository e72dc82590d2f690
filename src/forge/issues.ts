/** Issues of a forge, gathered the same way from each: page by page, or one by one by their numbers. */
import { CopseError } from "../core/errors.ts";
import { type Issue, type IssueQuery, isMeant } from "../core/issues.ts";
import type { Tracker } from "./tracker.ts";

export interface IssueSource {
  /** Newest first, from page 1 on; a page without anything is behind the last. undefined: a pull request, which some forges count among issues. */
  page(query: IssueQuery, page: number): Promise<readonly (Issue | undefined)[]>;
  /** A page with fewer is the last. Left out where a server may give fewer than it is asked for. */
  readonly pageSize?: number;
  /** "none": there is no such issue; undefined: it is a pull request. */
  one(number: number): Promise<Issue | undefined | "none">;
}

/** More than this cannot be meant, and is more than a batch takes. */
const mostIssues = 1000;
const mostPages = 200;
const mostOpen = 2000;

const allOpen: IssueQuery = { numbers: [], labels: [], assignee: null, milestone: null, state: "open" };

export const listsOf = (source: IssueSource): Pick<Tracker, "find" | "open"> => ({
  find: (query) => find(query, source),
  async open() {
    const all: Issue[] = [];
    for await (const issues of pages(allOpen, source)) {
      all.push(...issues);
      if (all.length >= mostOpen) break;
    }
    return all.slice(0, mostOpen);
  },
});

async function find(query: IssueQuery, source: IssueSource): Promise<Issue[]> {
  const found = new Map<number, Issue>();
  for (const number of query.numbers) {
    const issue = await source.one(number);
    if (issue === undefined || issue === "none")
      throw new CopseError(
        "FORGE_FAILED",
        issue === undefined ? `#${number} is a pull request, not an issue` : `there is no issue #${number}`,
        {
          hint: "Look up its number on the forge.",
        },
      );
    found.set(number, issue);
  }
  if (query.numbers.length === 0)
    for await (const issues of pages(query, source)) {
      for (const issue of issues) if (isMeant(issue, query)) found.set(issue.number, issue);
      if (found.size > mostIssues)
        throw new CopseError("FORGE_FAILED", `more than ${mostIssues} issues are meant`, { hint: "Narrow it: label:bug milestone:v2" });
    }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

async function* pages(query: IssueQuery, { page, pageSize = 1 }: IssueSource): AsyncGenerator<Issue[]> {
  for (let number = 1; number <= mostPages; number++) {
    const some = await page(query, number);
    yield some.filter((one) => one !== undefined);
    if (some.length < pageSize) return;
  }
}
