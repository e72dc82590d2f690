/** Issues on Gitea and Forgejo, whose labels go by their numbers. See https://codeberg.org/api/swagger */
import type { Issue } from "../core/issues.ts";
import { listsOf } from "./issues.ts";
import type { Tracker } from "./tracker.ts";

interface Data {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly html_url: string;
  readonly state: string;
  readonly labels: readonly { readonly name: string }[] | null;
  readonly assignees: readonly { readonly login: string }[] | null;
  readonly milestone: { readonly title: string } | null;
  readonly pull_request?: object | null;
}

interface Calls {
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  ifThere<T>(path: string): Promise<T | undefined>;
  pages<T>(list: string): AsyncGenerator<T[]>;
}

/** @throws Error naming those that the repository does not have; @returns their numbers */
export async function labelIds({ pages }: Pick<Calls, "pages">, labels: readonly string[]): Promise<number[]> {
  const known: { id: number; name: string }[] = [];
  for await (const page of pages<{ id: number; name: string }>("/labels?")) known.push(...page);
  const missing = labels.filter((label) => !known.some(({ name }) => name === label));
  if (missing.length > 0) throw new Error(`the repository has no label ${missing.join(", ")}`);
  return known.filter(({ name }) => labels.includes(name)).map(({ id }) => id);
}

export const giteaTracker = ({ ask, ifThere, pages }: Calls): Tracker => ({
  ...listsOf({
    async page({ labels, assignee, milestone, state }, page) {
      const filter = new URLSearchParams({ type: "issues", state });
      // It takes any of several labels, and passes over what it does not know: what comes is looked at again.
      if (labels.length > 0) filter.set("labels", labels.join(","));
      if (assignee !== null) filter.set("assigned_by", assignee);
      if (milestone !== null) filter.set("milestones", milestone);
      return (await ask<Data[]>("GET", `/issues?${filter}&limit=50&page=${page}`)).map(issueOf);
    },
    async one(number) {
      const found = await ifThere<Data>(`/issues/${number}`);
      return found === undefined ? "none" : issueOf(found);
    },
  }),
  create: async (issue) => wholeOf(await ask<Data>("POST", "/issues", issue)),
  async rewrite(number, body) {
    await ask("PATCH", `/issues/${number}`, { body });
  },
  async label(number, labels) {
    await ask("POST", `/issues/${number}/labels`, { labels: await labelIds({ pages }, labels) });
  },
});

/** undefined: a pull request. */
const issueOf = (data: Data): Issue | undefined => (data.pull_request ? undefined : wholeOf(data));

const wholeOf = (data: Data): Issue => ({
  number: data.number,
  title: data.title,
  body: data.body,
  url: data.html_url,
  labels: (data.labels ?? []).map(({ name }) => name),
  assignees: (data.assignees ?? []).map(({ login }) => login),
  milestone: data.milestone?.title ?? null,
  state: data.state === "open" ? "open" : "closed",
});
