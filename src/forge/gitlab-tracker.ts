/** Issues on GitLab. A line that begins with a slash is a command there (`/close`): whoever writes the text sees to it that none does. See https://docs.gitlab.com/api/issues */
import type { Issue } from "../core/issues.ts";
import type { Api } from "./gitlab.ts";
import { listsOf } from "./issues.ts";
import type { Tracker } from "./tracker.ts";

type Ask = <T>(ask: () => Promise<T>) => Promise<T>;

interface Data {
  readonly iid: number;
  readonly title: string;
  readonly description: string | null;
  readonly web_url: string;
  readonly state: string;
  readonly labels: readonly string[];
  readonly assignees?: readonly { readonly username: string }[];
  readonly milestone?: { readonly title: string } | null;
}

const pageSize = 100;

export function gitlabTracker(api: Api, project: string, said: Ask): Tracker {
  const list = async (more: object): Promise<Issue[]> =>
    ((await said(() => api.Issues.all({ projectId: project, maxPages: 1, ...more } as never))) as unknown as Data[]).map(issueOf);
  return {
    ...listsOf({
      pageSize,
      page: ({ labels, assignee, milestone, state }, page) =>
        list({
          ...(state === "all" ? {} : { state: state === "open" ? "opened" : "closed" }),
          ...(labels.length > 0 ? { labels: labels.join(",") } : {}),
          ...(assignee === null ? {} : { assigneeUsername: [assignee] }),
          ...(milestone === null ? {} : { milestone }),
          perPage: pageSize,
          page,
        }),
      one: async (number) => (await list({ iids: [number], perPage: 20 })).find((issue) => issue.number === number) ?? "none",
    }),
    create: async ({ title, body }) =>
      issueOf((await said(() => api.Issues.create(project, title, { description: body }))) as unknown as Data),
    async rewrite(number, body) {
      await said(() => api.Issues.edit(project, number, { description: body }));
    },
    async label(number, labels) {
      await said(() => api.Issues.edit(project, number, { addLabels: labels.join(",") }));
    },
  };
}

const issueOf = (data: Data): Issue => ({
  number: data.iid,
  title: data.title,
  body: data.description ?? "",
  url: data.web_url,
  labels: data.labels,
  assignees: (data.assignees ?? []).map(({ username }) => username),
  milestone: data.milestone?.title ?? null,
  state: data.state === "opened" ? "open" : "closed",
});
