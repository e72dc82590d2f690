/** GitLab: merge requests. A draft is a title that begins with `Draft:`, or as a person may have written it, `[Draft]` or `(Draft)`. See https://docs.gitlab.com/api/merge_requests */
import { Gitlab } from "@gitbeaker/rest";
import { CopseError, messageOf } from "../core/errors.ts";
import type { Created, Draft, Ends, Extras, Forge, ForgeRepo, PullRequest } from "./forge.ts";
import { gitlabTracker } from "./gitlab-tracker.ts";

const mark = "Draft: ";
const marked = /^(?:draft:|\[draft\]|\(draft\))\s*/i;

interface Data {
  readonly iid: number;
  readonly web_url: string;
  readonly title: string;
  readonly description: string | null;
  readonly state: string;
  readonly source_project_id?: number;
  readonly sha: string;
  readonly head_pipeline?: { readonly status: string } | null;
}

interface Note {
  readonly id: number;
  readonly body: string;
}

export type Api = InstanceType<typeof Gitlab>;

export function gitlab(repo: ForgeRepo, token: string): Forge {
  const api = new Gitlab({ host: repo.apiUrl, token, queryTimeout: 30_000 });
  const project = `${repo.owner}/${repo.name}`;
  const idOf = async (one: ForgeRepo): Promise<number> => (await said(() => api.Projects.show(`${one.owner}/${one.name}`))).id as number;
  return {
    most: { title: 255, body: 1_048_576 },
    tracker: gitlabTracker(api, project, said),
    defaultBranch: async () => String((await said(() => api.Projects.show(project))).default_branch),
    async find({ head, branch, base }: Ends) {
      const found = (await said(() =>
        api.MergeRequests.all({ projectId: project, sourceBranch: branch, targetBranch: base, state: "opened", perPage: 20, maxPages: 1 }),
      )) as unknown as Data[];
      if (found.length === 0) return undefined;
      const source = await idOf(head);
      const mine = found.find((one) => one.source_project_id === source);
      return mine && prOf(mine);
    },
    async create({ head, branch, base, title, body, draft }: Draft): Promise<Created> {
      const fork = head.owner !== repo.owner || head.name !== repo.name;
      const target = fork ? { targetProjectId: await idOf(repo) } : {};
      try {
        const made = await api.MergeRequests.create(
          fork ? `${head.owner}/${head.name}` : project,
          branch,
          base,
          draft ? `${mark}${title}` : title,
          {
            description: body,
            ...target,
          },
        );
        return { did: "created", pr: prOf(made as unknown as Data), notes: [] };
      } catch (error) {
        if (statusOf(error) === 409 || /already exists/i.test(textOf(error))) return { did: "exists" };
        throw failed(error);
      }
    },
    async update(number, { title, body }) {
      const now = (await said(() => api.MergeRequests.show(project, number))) as unknown as Data;
      const change = { title: `${markOf(now)}${title}`, description: body };
      return prOf((await said(() => api.MergeRequests.edit(project, number, change))) as unknown as Data);
    },
    async extras(pr, { labels, reviewers, autoMerge }: Extras) {
      const notes: string[] = [];
      const tried = (what: string, work: () => Promise<unknown>) =>
        work().catch((error: unknown) => void notes.push(`${what} could not be set on the merge request: ${textOf(error).slice(0, 300)}`));
      if (labels.length > 0)
        await tried(`labels (${labels.join(", ")})`, () => api.MergeRequests.edit(project, pr.number, { addLabels: labels.join(",") }));
      if (reviewers.length > 0)
        await tried(`reviewers (${reviewers.join(", ")})`, async () => {
          const ids = await Promise.all(
            reviewers.map(async (username) => {
              const [user] = (await api.Users.all({ username })) as unknown as { id: number }[];
              if (user === undefined) throw new Error(`nobody is named ${username}`);
              return user.id;
            }),
          );
          await api.MergeRequests.edit(project, pr.number, { reviewerIds: ids });
        });
      if (autoMerge !== null)
        await tried("auto-merge", async () => {
          const { sha } = (await api.MergeRequests.show(project, pr.number)) as unknown as Data;
          // Before 17.11 GitLab knows the older name only, and without a name it knows it merges at once.
          const when = { autoMerge: true, mergeWhenPipelineSucceeds: true };
          await api.MergeRequests.merge(project, pr.number, { ...when, sha, squash: autoMerge === "squash" });
        });
      return notes;
    },
    async comment(number, body, ours) {
      const all = (await said(() => api.MergeRequestNotes.all(project, number, { perPage: 100, maxPages: 20 }))) as unknown as Note[];
      const mine = all.find((one) => ours(one.body));
      await said(() =>
        mine === undefined
          ? api.MergeRequestNotes.create(project, number, body)
          : api.MergeRequestNotes.edit(project, number, mine.id, { body }),
      );
    },
    async look(number) {
      const data = (await said(() => api.MergeRequests.show(project, number))) as unknown as Data;
      const status = data.head_pipeline?.status;
      const checks =
        status === undefined ? null : status === "success" ? "passing" : ["failed", "canceled"].includes(status) ? "failing" : "pending";
      return { ...prOf(data), checks };
    },
  };
}

const markOf = (data: Data): string => marked.exec(data.title)?.[0] ?? "";

const prOf = (data: Data): PullRequest => ({
  number: data.iid,
  url: data.web_url,
  draft: markOf(data) !== "",
  title: data.title.slice(markOf(data).length),
  body: data.description ?? "",
  state: data.state === "merged" ? "merged" : data.state === "opened" ? "open" : "closed",
});

async function said<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw failed(error);
  }
}

interface Trouble {
  readonly cause?: { readonly description?: unknown; readonly response?: { readonly status?: number; readonly statusText?: string } };
}

const statusOf = (error: unknown): number => (error as Trouble).cause?.response?.status ?? 0;

/** GitLab's own words; of a page, which a proxy sends in its place, the status. */
function textOf(error: unknown): string {
  const { cause } = error as Trouble;
  if (cause?.response !== undefined && /^\s*(<|$)/.test(String(cause.description))) return String(cause.response.statusText);
  if (typeof cause?.description === "string") return cause.description;
  // Of a host that cannot be reached, `fetch failed` is the least of it.
  const reason = (cause as { message?: unknown; code?: unknown } | undefined)?.message || (cause as { code?: unknown } | undefined)?.code;
  return typeof reason === "string" ? `${messageOf(error)}: ${reason}` : messageOf(error);
}

const failed = (error: unknown): CopseError => {
  const status = statusOf(error);
  return new CopseError("FORGE_FAILED", `GitLab${status > 0 ? ` (${status})` : ""}: ${textOf(error)}`, {
    hint:
      status === 401 || status === 403
        ? "The login is refused, or may not do that: set GITLAB_TOKEN (scope api)."
        : "Try again: copse pr, or copse retry.",
    cause: error,
  });
};
