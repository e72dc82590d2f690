/** Issues on GitLab. A line that begins with a slash is a command there (`/close`): whoever writes the text sees to it that none does. See https://docs.gitlab.com/api/issues */
import type { Api } from "./gitlab.ts";
import type { Issue, Tracker } from "./tracker.ts";

type Ask = <T>(ask: () => Promise<T>) => Promise<T>;

interface Data {
  readonly iid: number;
  readonly web_url: string;
  readonly title: string;
  readonly description: string | null;
}

export const gitlabTracker = (api: Api, project: string, said: Ask): Tracker => ({
  async open() {
    const found = await said(() => api.Issues.all({ projectId: project, state: "opened", perPage: 100, maxPages: 20 }));
    return (found as unknown as Data[]).map(issueOf);
  },
  create: async ({ title, body }) =>
    issueOf((await said(() => api.Issues.create(project, title, { description: body }))) as unknown as Data),
  async rewrite(number, body) {
    await said(() => api.Issues.edit(project, number, { description: body }));
  },
  async label(number, labels) {
    await said(() => api.Issues.edit(project, number, { addLabels: labels.join(",") }));
  },
});

const issueOf = ({ iid, web_url, title, description }: Data): Issue => ({ number: iid, url: web_url, title, body: description ?? "" });
