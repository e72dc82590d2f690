/** Issues of a forge, gathered the same way from each: page by page, or one by one by their numbers. */
import { CopseError } from "../core/errors.ts";
import { type Issue, type IssueQuery, isMeant } from "../core/issues.ts";

export interface IssueSource {
  /** From 1 on; a page without anything is behind the last. undefined: a pull request, which some forges count among issues. */
  page(page: number): Promise<readonly (Issue | undefined)[]>;
  /** "none": there is no such issue; undefined: it is a pull request. */
  one(number: number): Promise<Issue | undefined | "none">;
}

/** More than this cannot be meant, and is more than a batch takes. */
const mostIssues = 1000;
const mostPages = 200;

/** By their numbers, lowest first. @throws CopseError FORGE_FAILED, also for a number that is no issue's */
export async function gatherIssues(query: IssueQuery, source: IssueSource): Promise<Issue[]> {
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
    for (let page = 1; page <= mostPages; page++) {
      const some = await source.page(page);
      if (some.length === 0) break;
      for (const issue of some) if (issue !== undefined && isMeant(issue, query)) found.set(issue.number, issue);
      if (found.size > mostIssues)
        throw new CopseError("FORGE_FAILED", `more than ${mostIssues} issues are meant`, { hint: "Narrow it: label:bug milestone:v2" });
    }
  return [...found.values()].sort((a, b) => a.number - b.number);
}
