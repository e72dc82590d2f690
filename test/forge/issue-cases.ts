/** Issues as input, the same from every forge: what is meant, over all pages, and what is refused. */
import * as assert from "uvu/assert";
import { type IssueQuery, parseIssueQuery } from "../../src/core/issues.ts";
import type { Forge } from "../../src/forge/forge.ts";
import { type LabIssue, someIssues } from "../support/issue-book.ts";
import { failure } from "./other-cases.ts";

export const queryOf = (text: string): IssueQuery => {
  const query = parseIssueQuery(text);
  if ("text" in query) throw new Error(query.text);
  return query;
};

/** `all`: what the forge holds. `hasPulls`: does it know some of its issues as pull requests? */
export async function issueCases(driver: Forge, all: LabIssue[], hasPulls: boolean): Promise<void> {
  all.push(...someIssues());
  const numbers = (keep: (one: LabIssue) => boolean) =>
    all.filter((one) => !(hasPulls && one.isPull) && keep(one)).map(({ number }) => number);
  const open = ({ state }: LabIssue) => state === "open";
  const cases: readonly (readonly [string, (one: LabIssue) => boolean])[] = [
    ["label:bug", (one) => open(one) && one.labels.includes("bug")],
    ["label:Bug", (one) => open(one) && one.labels.includes("bug")],
    ['label:bug label:"good first issue"', (one) => open(one) && one.labels.length === 2],
    ["assignee:ann", (one) => open(one) && one.assignees.length > 0],
    ["assignee:@ann milestone:v2 state:all", (one) => one.number % 35 === 0],
    ["milestone:v2 state:closed", (one) => one.number % 77 === 0],
    ["state:all", () => true],
    ["label:nothing", () => false],
    ["milestone:v9", () => false],
  ];
  for (const [text, keep] of cases) {
    const found = await driver.tracker.find(queryOf(text));
    assert.equal(
      found.map(({ number }) => number),
      numbers(keep),
      text,
    );
  }
  const [second, first] = await driver.tracker.find(queryOf("#12,7"));
  assert.equal(
    [first?.number, first?.title, first?.body, first?.labels, first?.milestone, first?.state],
    [12, "Trouble 12", "", ["bug", "good first issue"], null, "open"],
  );
  assert.equal([second?.number, second?.body, second?.milestone], [7, "It breaks, 7 times.", "v2"]);
  assert.match(first?.url ?? "", /^https?:\/\/.*\/issues\/12$/);
  const gone = await failure(driver.tracker.find(queryOf("7,999")));
  assert.equal([gone.code, gone.message], ["FORGE_FAILED", "there is no issue #999"]);
  if (hasPulls) assert.match((await failure(driver.tracker.find(queryOf("6")))).message, /#6 is a pull request/);
}
