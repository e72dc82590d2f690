/** Issues on GitHub. Its list of issues has the pull requests in it. See https://docs.github.com/rest/issues/issues */
import type { Issue } from "../core/issues.ts";
import type { Client } from "./github.ts";
import { listsOf } from "./issues.ts";
import type { Tracker } from "./tracker.ts";

interface Calls {
  said<T>(ask: () => Promise<{ data: T }>): Promise<T>;
  saidIfThere<T>(ask: () => Promise<{ data: T }>): Promise<T | undefined>;
}

export const githubTracker = (
  client: Client,
  at: { readonly owner: string; readonly repo: string },
  { said, saidIfThere }: Calls,
): Tracker => ({
  ...listsOf({
    pageSize,
    async page({ labels, assignee, state }, page) {
      // A label with a comma in it cannot be asked for, and a milestone only by its number; what comes is looked at again.
      const asked = labels.filter((label) => !label.includes(","));
      const filter = { state, ...(asked.length > 0 ? { labels: asked.join(",") } : {}), ...(assignee === null ? {} : { assignee }) };
      return (await said(() => client.rest.issues.listForRepo({ ...at, ...filter, per_page: pageSize, page }))).map(issueOf);
    },
    async one(number) {
      const found = await saidIfThere(() => client.rest.issues.get({ ...at, issue_number: number }));
      return found === undefined ? "none" : issueOf(found);
    },
  }),
  create: async (issue) => wholeOf(await said(() => client.rest.issues.create({ ...at, ...issue }))),
  async rewrite(number, body) {
    await said(() => client.rest.issues.update({ ...at, issue_number: number, body }));
  },
  async label(number, labels) {
    await said(() => client.rest.issues.addLabels({ ...at, issue_number: number, labels: [...labels] }));
  },
});

const pageSize = 100;

type Data = Awaited<ReturnType<Client["rest"]["issues"]["get"]>>["data"];

/** undefined: a pull request. */
const issueOf = (data: Data): Issue | undefined => (data.pull_request ? undefined : wholeOf(data));

const wholeOf = (data: Data): Issue => ({
  number: data.number,
  title: data.title,
  body: data.body ?? "",
  url: data.html_url,
  labels: data.labels.map((label) => (typeof label === "string" ? label : (label.name ?? ""))),
  assignees: (data.assignees ?? []).map(({ login }) => login),
  milestone: data.milestone?.title ?? null,
  state: data.state === "open" ? "open" : "closed",
});
