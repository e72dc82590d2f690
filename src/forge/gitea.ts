/** Gitea and Forgejo: one REST dialect. Drafts are a title that begins with `WIP:`, or as a person may have written it, `[WIP]`; labels go by their ids. See https://codeberg.org/api/swagger */
import { CopseError } from "../core/errors.ts";
import type { Created, Draft, Ends, Extras, Forge, ForgeRepo, PullRequest } from "./forge.ts";
import { giteaTracker, labelIds } from "./gitea-tracker.ts";

const wip = "WIP: ";
const marked = /^(?:wip:|\[wip\])\s*/i;
const patienceMs = 30_000;

interface Data {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly merged: boolean;
  readonly head: { readonly ref: string; readonly repo: { readonly full_name: string } | null };
  readonly base: { readonly ref: string };
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export function gitea(repo: ForgeRepo, token: string): Forge {
  const at = `${repo.apiUrl}/repos/${encodeURIComponent(repo.owner)}/${encodeURIComponent(repo.name)}`;
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${at}${path}`, {
      method,
      headers: {
        authorization: `token ${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
      redirect: "error",
    }).catch((error: Error) => {
      throw new CopseError(
        "FORGE_FAILED",
        `${repo.host} cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`,
        { hint: "Try again: copse pr, or copse retry." },
      );
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, said(text) || answer.statusText);
    try {
      return (text === "" ? undefined : JSON.parse(text)) as T;
    } catch {
      throw new Refused(answer.status, "what answers there is no Gitea or Forgejo (see `apiUrl` of `forges`)");
    }
  };
  const whole = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw error instanceof Refused ? failed(repo, error) : error;
    });
  /** undefined: there is nothing of the kind. */
  const ifThere = <T>(path: string): Promise<T | undefined> =>
    whole(
      ask<T>("GET", path).catch((error: unknown) => {
        if (error instanceof Refused && error.status === 404) return undefined;
        throw error;
      }),
    );
  /** A list, at most a thousand of it. */
  async function* pages<T>(list: string): AsyncGenerator<T[]> {
    for (let page = 1, more = true; more && page <= 20; page++) {
      const found = await whole(ask<T[]>("GET", `${list}limit=50&page=${page}`));
      yield found;
      // A server may give fewer a page than it is asked for.
      more = found.length > 0;
    }
  }
  return {
    most: { title: 255, body: 65_536 },
    tracker: giteaTracker({ ask: (...call) => whole(ask(...call)), ifThere, pages }),
    defaultBranch: async () => (await whole(ask<{ default_branch: string }>("GET", ""))).default_branch,
    async find({ head, branch, base }: Ends) {
      // The list knows no dependable filter for the head: paged and compared.
      for await (const found of pages<Data>("/pulls?state=open&")) {
        const mine = found.find(
          (one) => one.base.ref === base && one.head.ref === branch && one.head.repo?.full_name === `${head.owner}/${head.name}`,
        );
        if (mine !== undefined) return prOf(mine);
      }
      return undefined;
    },
    async create({ head, branch, base, title, body, draft }: Draft): Promise<Created> {
      const from = head.owner === repo.owner ? branch : `${head.owner}:${branch}`;
      try {
        const made = await ask<Data>("POST", "/pulls", { head: from, base, title: draft ? `${wip}${title}` : title, body });
        return { did: "created", pr: prOf(made), notes: [] };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.status === 409) return { did: "exists" };
        if (error.status === 422 && /no commits|no changes/i.test(error.message)) return { did: "nothing" };
        throw failed(repo, error);
      }
    },
    async update(number, { title, body }) {
      const now = await whole(ask<Data>("GET", `/pulls/${number}`));
      return prOf(await whole(ask<Data>("PATCH", `/pulls/${number}`, { title: `${markOf(now)}${title}`, body })));
    },
    async extras(pr, { labels, reviewers, autoMerge }: Extras) {
      const notes: string[] = [];
      const tried = (what: string, work: () => Promise<unknown>) =>
        work().catch((error: Error) => void notes.push(`${what} could not be set on the pull request: ${error.message.slice(0, 300)}`));
      if (labels.length > 0)
        await tried(`labels (${labels.join(", ")})`, async () =>
          ask("POST", `/issues/${pr.number}/labels`, { labels: await labelIds({ pages }, labels) }),
        );
      if (reviewers.length > 0)
        await tried(`reviewers (${reviewers.join(", ")})`, () => ask("POST", `/pulls/${pr.number}/requested_reviewers`, { reviewers }));
      if (autoMerge !== null)
        await tried("auto-merge", () => ask("POST", `/pulls/${pr.number}/merge`, { Do: autoMerge, merge_when_checks_succeed: true }));
      return notes;
    },
    async comment(number, body, ours) {
      // All at once: this list has no pages.
      const all = await whole(ask<{ id: number; body: string }[]>("GET", `/issues/${number}/comments`));
      const mine = all.find((one) => ours(one.body));
      if (mine === undefined) await whole(ask("POST", `/issues/${number}/comments`, { body }));
      else await whole(ask("PATCH", `/issues/comments/${mine.id}`, { body }));
    },
    async look(number) {
      return { ...prOf(await whole(ask<Data>("GET", `/pulls/${number}`))), checks: null };
    },
  };
}

const markOf = (data: Data): string => marked.exec(data.title)?.[0] ?? "";

const prOf = (data: Data): PullRequest => ({
  number: data.number,
  url: data.html_url,
  draft: markOf(data) !== "",
  title: data.title.slice(markOf(data).length),
  body: data.body,
  state: data.merged ? "merged" : data.state === "open" ? "open" : "closed",
});

/** The forge's own words; none of a page, which a proxy sends in its place. */
function said(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? "");
  } catch {
    return text.trimStart().startsWith("<") ? "" : text.slice(0, 300);
  }
}

const failed = (repo: ForgeRepo, error: Refused): CopseError =>
  new CopseError("FORGE_FAILED", `${repo.host} (${error.status}): ${error.message}`, {
    hint:
      error.status === 401 || error.status === 403
        ? "The login is refused, or may not do that: set GITEA_TOKEN."
        : "Try again: copse pr, or copse retry.",
    cause: error,
  });
