/** GitHub, github.com or Enterprise. One client a host and token for all tasks, so that its limits are kept (octokit's throttling and retry). See https://docs.github.com/rest/pulls */
import { Octokit } from "@octokit/core";
import { type RestEndpointMethodTypes, restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { CopseError, messageOf } from "../core/errors.ts";
import { debug } from "../system/debug.ts";
import type { Created, Draft, Ends, Extras, Forge, ForgeRepo, PullRequest } from "./forge.ts";
import { githubTracker } from "./github-tracker.ts";

const Client = Octokit.plugin(restEndpointMethods, retry, throttling);
export type Client = InstanceType<typeof Client>;
const clients = new Map<string, Client>();

const most = { title: 256, body: 65_536 };

export function github(repo: ForgeRepo, token: string, pause: boolean): Forge {
  const key = `${repo.apiUrl} ${token}`;
  const client = clients.get(key) ?? made(repo.apiUrl, token, pause);
  clients.set(key, client);
  const at = { owner: repo.owner, repo: repo.name };
  return {
    most,
    tracker: githubTracker(client, at, { said, saidIfThere }),
    async defaultBranch() {
      return (await said(() => client.rest.repos.get(at))).default_branch;
    },
    async find({ head, branch, base }: Ends) {
      const found = await said(() => client.rest.pulls.list({ ...at, head: `${head.owner}:${branch}`, base, state: "open", per_page: 10 }));
      // A forge of the same kind that does not know `head` would answer with all of them.
      const mine = found.find((one) => one.head.ref === branch && one.head.repo?.owner.login === head.owner);
      return mine && prOf(mine);
    },
    async create(draft: Draft) {
      return await create(client, at, repo, draft);
    },
    async update(number, change) {
      return prOf(await said(() => client.rest.pulls.update({ ...at, pull_number: number, ...change })));
    },
    async extras(pr, extras) {
      return await addExtras(client, at, pr, extras);
    },
    async comment(number, body, ours) {
      for (let page = 1, more = true; more && page <= 20; page++) {
        const some = await said(() => client.rest.issues.listComments({ ...at, issue_number: number, per_page: 100, page }));
        const mine = some.find((one) => ours(one.body ?? ""));
        if (mine !== undefined) return void (await said(() => client.rest.issues.updateComment({ ...at, comment_id: mine.id, body })));
        more = some.length === 100;
      }
      await said(() => client.rest.issues.createComment({ ...at, issue_number: number, body }));
    },
    async look(number) {
      const pr = await said(() => client.rest.pulls.get({ ...at, pull_number: number }));
      const runs = await said(() => client.rest.checks.listForRef({ ...at, ref: pr.head.sha, per_page: 100 })).catch(() => null);
      return { ...prOf(pr), checks: runs === null || runs.total_count === 0 ? null : checksOf(runs.check_runs) };
    },
  };
}

function made(apiUrl: string, token: string, pause: boolean): Client {
  return new Client({
    auth: token,
    baseUrl: apiUrl,
    userAgent: "copse",
    // Retries belong to the plug-in alone: `request.retries` would repeat refusals as well.
    retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 451], retries: 3 },
    throttle: {
      enabled: pause,
      onRateLimit: (after, _options, _client, times) => after < 900 && times < 3,
      onSecondaryRateLimit: (after, _options, _client, times) => after < 900 && times < 3,
    },
    log: { debug: () => {}, info: () => {}, warn: (text: string) => debug(() => text), error: (text: string) => debug(() => text) },
  });
}

async function create(client: Client, at: { owner: string; repo: string }, repo: ForgeRepo, draft: Draft): Promise<Created> {
  const { head, branch, base, title, body } = draft;
  const same = head.owner === repo.owner && head.name === repo.name;
  const fields = {
    ...at,
    title,
    body,
    base,
    head: same ? branch : `${head.owner}:${branch}`,
    // Two repositories of one owner in one network: the owner alone does not say which.
    ...(!same && head.owner === repo.owner ? { head_repo: head.name } : {}),
  };
  for (const asDraft of draft.draft ? [true, false] : [false]) {
    try {
      const { data } = await client.rest.pulls.create({ ...fields, draft: asDraft });
      return {
        did: "created",
        pr: prOf(data),
        notes: asDraft === draft.draft ? [] : ["this repository knows no drafts, so the pull request is none"],
      };
    } catch (error) {
      const text = textOf(error);
      if (statusOf(error) === 422 && /already exists/i.test(text)) return { did: "exists" };
      if (statusOf(error) === 422 && /No commits between/i.test(text)) return { did: "nothing" };
      if (!(asDraft && statusOf(error) === 422 && /draft/i.test(text))) throw failed(error);
    }
  }
  throw new CopseError("BUG", "a pull request was neither made nor refused");
}

async function addExtras(
  client: Client,
  at: { owner: string; repo: string },
  pr: PullRequest,
  { labels, reviewers, autoMerge }: Extras,
): Promise<string[]> {
  const notes: string[] = [];
  const tried = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      notes.push(`${what} could not be set on the pull request: ${textOf(error).slice(0, 300)}`);
    }
  };
  if (labels.length > 0)
    await tried(`labels (${labels.join(", ")})`, () =>
      client.rest.issues.addLabels({ ...at, issue_number: pr.number, labels: [...labels] }),
    );
  if (reviewers.length > 0) {
    const teams = reviewers.filter((name) => name.includes("/")).map((name) => name.slice(name.indexOf("/") + 1));
    const people = reviewers.filter((name) => !name.includes("/"));
    await tried(`reviewers (${reviewers.join(", ")})`, () =>
      client.rest.pulls.requestReviewers({ ...at, pull_number: pr.number, reviewers: people, team_reviewers: teams }),
    );
  }
  if (autoMerge !== null) await tried("auto-merge", () => setAutoMerge(client, at, pr, autoMerge));
  return notes;
}

/** Only GraphQL knows it. Where nothing stands in the way of merging already, it is refused, and the merge is made at once, of exactly this commit. */
async function setAutoMerge(
  client: Client,
  at: { owner: string; repo: string },
  pr: PullRequest,
  how: "merge" | "squash" | "rebase",
): Promise<void> {
  if (pr.draft) throw new Error("it is a draft");
  const { data } = await client.rest.pulls.get({ ...at, pull_number: pr.number });
  const mutation =
    "mutation($id: ID!, $how: PullRequestMergeMethod!) { enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $how}) { pullRequest { number } } }";
  try {
    await client.graphql(mutation, { id: data.node_id, how: how.toUpperCase() });
  } catch (error) {
    if (!/clean status/i.test(messageOf(error))) throw error;
    await client.rest.pulls.merge({ ...at, pull_number: pr.number, merge_method: how, sha: data.head.sha });
  }
}

type Data =
  | RestEndpointMethodTypes["pulls"]["list"]["response"]["data"][number]
  | RestEndpointMethodTypes["pulls"]["get"]["response"]["data"];

const prOf = (data: Data): PullRequest => ({
  number: data.number,
  url: data.html_url,
  draft: data.draft === true,
  title: data.title,
  body: data.body ?? "",
  state: data.merged_at ? "merged" : data.state === "open" ? "open" : "closed",
});

function checksOf(runs: readonly { status: string; conclusion: string | null }[]): "passing" | "failing" | "pending" {
  if (
    runs.some(
      ({ conclusion }) =>
        conclusion !== null && ["failure", "timed_out", "cancelled", "action_required", "startup_failure"].includes(conclusion),
    )
  )
    return "failing";
  return runs.every(({ status }) => status === "completed") ? "passing" : "pending";
}

async function said<T>(ask: () => Promise<{ data: T }>): Promise<T> {
  try {
    return (await ask()).data;
  } catch (error) {
    throw failed(error);
  }
}

/** undefined: there is nothing of the kind. */
async function saidIfThere<T>(ask: () => Promise<{ data: T }>): Promise<T | undefined> {
  try {
    return (await ask()).data;
  } catch (error) {
    if ([404, 410].includes(statusOf(error))) return undefined;
    throw failed(error);
  }
}

const statusOf = (error: unknown): number => Number((error as { status?: unknown }).status ?? 0);

/** The API's own words, with the fields it complains of. */
function textOf(error: unknown): string {
  const data = (
    error as {
      response?: { data?: { message?: string; errors?: readonly ({ message?: string; field?: string; code?: string } | string)[] } };
    }
  ).response?.data;
  const fields = (data?.errors ?? []).map((one) =>
    typeof one === "string" ? one : (one.message ?? `${one.field ?? ""} ${one.code ?? ""}`),
  );
  return (data?.message === undefined ? messageOf(error) : [data.message, ...fields].join("; ")).replace(/\s+/g, " ");
}

function failed(error: unknown): CopseError {
  const status = statusOf(error);
  const hint =
    status === 401
      ? "The login is refused: gh auth login, or set GH_TOKEN."
      : status === 403 || status === 404
        ? "The login may not do that here: it needs to write pull requests or issues (a fine-grained token: contents, pull requests, issues)."
        : "Try again: copse pr, or copse retry.";
  return new CopseError("FORGE_FAILED", `GitHub${status > 0 ? ` (${status})` : ""}: ${textOf(error)}`, { hint, cause: error });
}
