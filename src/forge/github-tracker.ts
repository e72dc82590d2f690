/** Issues on GitHub. Its list of issues has the pull requests in it. See https://docs.github.com/rest/issues/issues */
import type { Client } from "./github.ts";
import type { Issue, Tracker } from "./tracker.ts";

type Ask = <T>(ask: () => Promise<{ data: T }>) => Promise<T>;

interface Data {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body?: string | null | undefined;
}

export const githubTracker = (client: Client, at: { readonly owner: string; readonly repo: string }, said: Ask): Tracker => ({
  async open() {
    const all: Issue[] = [];
    for (let page = 1, more = true; more && page <= 20; page++) {
      const found = await said(() => client.rest.issues.listForRepo({ ...at, state: "open", per_page: 100, page }));
      all.push(...found.filter((one) => one.pull_request === undefined).map(issueOf));
      more = found.length === 100;
    }
    return all;
  },
  create: async (issue) => issueOf(await said(() => client.rest.issues.create({ ...at, ...issue }))),
  async rewrite(number, body) {
    await said(() => client.rest.issues.update({ ...at, issue_number: number, body }));
  },
  async label(number, labels) {
    await said(() => client.rest.issues.addLabels({ ...at, issue_number: number, labels: [...labels] }));
  },
});

const issueOf = ({ number, html_url, title, body }: Data): Issue => ({ number, url: html_url, title, body: body ?? "" });
