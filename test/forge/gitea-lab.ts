/** A Gitea on loopback: what Forgejo's description has of it (forgejo-swagger.json), with repositories, labels and people enough to tell right from wrong. */
import type { ForgeRepo } from "../../src/forge/forge.ts";
import { gitea } from "../../src/forge/gitea.ts";
import { type Answer, type Call, described } from "../support/contract.ts";
import { type LabIssue, newIssue, pageOf } from "../support/issue-book.ts";
import type { OtherForge, OtherLab, Page } from "./other-lab.ts";

type Pull = { -readonly [key in keyof Page]: Page[key] } & { number: number };

const labels = [...Array.from({ length: 60 }, (_, i) => `area-${i}`), "agents"].map((name, i) => ({ id: i + 1, name, color: "00aabb" }));
const people = ["somebody", "else"];
const pageSize = 50;

export const giteaForge: OtherForge = {
  open: giteaLab,
  exceptions: [
    {
      from: /\/issues(\/\{index\})?: answer 20[01] (\/\*)?\/milestone is null, must be object$/,
      because: "of an issue without one; Swagger 2.0 has no null",
    },
    {
      from: /: answer 401 is not described$/,
      because: "every operation says so without a good token; the description has that in its section on security",
    },
    { from: /: answer 50[23] is not described$/, because: "a proxy before the forge says it, not the forge" },
    { from: /: answer 500 is not described$/, because: "described for lists alone, and any operation may fail" },
    {
      from: /\/merge: answer 201 is not described$/,
      because: "said of a merge that waits for its checks (MergePullRequest in Gitea's routers/api/v1/repo/pull.go)",
    },
    { from: /: answer 200 (\/\*)?\/head\/repo is null, must be object$/, because: "of a fork that is gone; Swagger 2.0 has no null" },
  ],
  calls: {
    repo: "GET /repos/{owner}/{repo}",
    list: "GET /repos/{owner}/{repo}/pulls",
    create: "POST /repos/{owner}/{repo}/pulls",
    show: "GET /repos/{owner}/{repo}/pulls/{index}",
    update: "PATCH /repos/{owner}/{repo}/pulls/{index}",
    merge: "POST /repos/{owner}/{repo}/pulls/{index}/merge",
    issues: "GET /repos/{owner}/{repo}/issues",
    newIssue: "POST /repos/{owner}/{repo}/issues",
  },
  marks: ["WIP: ", "[WIP] ", "wip:"],
  tries: 1,
};

async function giteaLab(): Promise<OtherLab> {
  const pulls: Pull[] = [];
  const rules = { autoMerge: true };
  const comments: OtherLab["comments"] = [];
  const issues: LabIssue[] = [];
  const served = await described("forgejo-swagger.json", giteaForge.exceptions, answer);
  const apiUrl = `${served.url}/api/v1`;
  const repo: ForgeRepo = { kind: "gitea", host: "git.example", apiUrl, owner: "me", name: "project" };

  function answer(call: Call): Answer {
    if (call.login !== "token secret") return refused(401, "invalid username, password or token");
    const { at, query, body } = call;
    const pull = pulls.find(({ number }) => number === Number(at["index"]));
    switch (call.operation) {
      case "GET /repos/{owner}/{repo}":
        return { status: 200, body: { ...repository(`${at["owner"]}/${at["repo"]}`), default_branch: "main" } };
      case "GET /repos/{owner}/{repo}/pulls":
        return { status: 200, body: paged(pulls.filter(({ state }) => state === query.get("state")).map(shown), query) };
      case "POST /repos/{owner}/{repo}/pulls":
        return create(body);
      case "GET /repos/{owner}/{repo}/labels":
        return { status: 200, body: paged(labels, query) };
    }
    if (call.operation === "PATCH /repos/{owner}/{repo}/issues/comments/{id}") {
      const comment = comments.find(({ id }) => id === Number(at["id"]));
      return comment === undefined ? refused(404, "comment does not exist") : { status: 200, body: said(Object.assign(comment, body)) };
    }
    const booked = issueCall(call);
    if (booked !== undefined) return booked;
    if (pull === undefined) return refused(404, "The target couldn't be found.");
    switch (call.operation) {
      case "GET /repos/{owner}/{repo}/pulls/{index}":
        return { status: 200, body: shown(pull) };
      case "PATCH /repos/{owner}/{repo}/pulls/{index}":
        return { status: 201, body: shown(Object.assign(pull, body)) };
      case "GET /repos/{owner}/{repo}/issues/{index}/comments":
        return { status: 200, body: comments.filter(({ on }) => on === pull.number).map(said) };
      case "POST /repos/{owner}/{repo}/issues/{index}/comments":
        comments.push({ id: comments.length + 300, on: pull.number, body: body.body });
        return { status: 201, body: said(comments.at(-1) as OtherLab["comments"][number]) };
      case "POST /repos/{owner}/{repo}/issues/{index}/labels":
        pull.labels = labels.filter(({ id }) => body.labels.includes(id)).map(({ name }) => name);
        return { status: 200, body: labelsOf(pull) };
      case "POST /repos/{owner}/{repo}/pulls/{index}/requested_reviewers": {
        const nobody = body.reviewers.find((name: string) => !people.includes(name));
        if (nobody !== undefined) return refused(404, `user does not exist [name: ${nobody}]`);
        pull.reviewers = body.reviewers;
        return { status: 201, body: pull.reviewers.map((login, id) => ({ id, user: { id, login }, state: "REQUEST_REVIEW" })) };
      }
      case "POST /repos/{owner}/{repo}/pulls/{index}/merge":
        if (isDraft(pull)) return refused(405, "Work in progress PRs cannot be merged");
        if (!rules.autoMerge) return refused(405, "User not allowed to merge PR");
        if (body.merge_when_checks_succeed !== true) pull.state = "merged";
        else pull.autoMerge = body.Do;
        return { status: body.merge_when_checks_succeed === true ? 201 : 200 };
    }
    throw new Error(`nobody answers ${call.operation}`);
  }

  function issueCall({ operation, at, query, body }: Call): Answer | undefined {
    if (operation === giteaForge.calls.issues) {
      const size = Math.min(Number(query.get("limit") ?? 30), pageSize);
      const wanted = issues.filter((one) => isListed(one, query));
      return { status: 200, body: pageOf(wanted, Number(query.get("page") ?? 1), size).map(issueShown) };
    }
    if (operation === giteaForge.calls.newIssue) return { status: 201, body: issueShown(newIssue(issues, body.title, body.body)) };
    const one = issues.find(({ number }) => number === Number(at["index"]));
    if (operation === "GET /repos/{owner}/{repo}/issues/{index}")
      return one === undefined ? refused(404, "issue does not exist") : { status: 200, body: issueShown(one) };
    if (one === undefined) return undefined;
    if (operation === "PATCH /repos/{owner}/{repo}/issues/{index}") return { status: 201, body: issueShown(Object.assign(one, body)) };
    if (operation !== "POST /repos/{owner}/{repo}/issues/{index}/labels") return undefined;
    one.labels = labels.filter(({ id, name }) => one.labels.includes(name) || body.labels.includes(id)).map(({ name }) => name);
    return { status: 200, body: labels.filter(({ name }) => one.labels.includes(name)) };
  }

  function create({ head, base, title, body }: Record<"head" | "base" | "title" | "body", string>): Answer {
    const [owner, branch] = head.includes(":") ? (head.split(":") as [string, string]) : ["me", head];
    const from = `${owner}/project:${branch}`;
    if (pulls.some((one) => one.state === "open" && one.from === from && one.into === base))
      return refused(409, "pull request already exists for these targets");
    const pull: Pull = {
      number: pulls.length + 1,
      title,
      body,
      state: "open",
      from,
      into: base,
      labels: [],
      reviewers: [],
      autoMerge: null,
    };
    pulls.push(pull);
    return { status: 201, body: shown(pull) };
  }

  const said = ({ id, body }: OtherLab["comments"][number]) => ({ id, body });
  const refused = (status: number, message: string): Answer => ({ status, body: { message, url: `${served.url}/api/swagger` } });
  const repository = (full_name: string) => ({ id: full_name.length, name: full_name.split("/")[1], full_name });
  const labelsOf = (pull: Pull) => labels.filter(({ name }) => pull.labels.includes(name));
  const shown = (pull: Pull) => ({
    id: 100 + pull.number,
    number: pull.number,
    html_url: `https://git.example/me/project/pulls/${pull.number}`,
    title: pull.title,
    body: pull.body,
    draft: isDraft(pull),
    state: pull.state === "open" ? "open" : "closed",
    merged: pull.state === "merged",
    labels: labelsOf(pull),
    head: {
      label: pull.from.split(":")[1],
      ref: pull.from.split(":")[1],
      sha: "a".repeat(40),
      repo: pull.from.startsWith("ghost/") ? null : repository(pull.from.split(":")[0] as string),
    },
    base: { label: pull.into, ref: pull.into, sha: "b".repeat(40), repo: repository("me/project") },
  });

  return {
    served,
    repo,
    fork: { ...repo, owner: "them" },
    driver: (token = "secret") => gitea(repo, token),
    pages: () => pulls.map(({ number: _, ...page }) => page),
    change: (number, change) => void Object.assign(pulls[number - 1] as Pull, change),
    rules,
    comments,
    issues,
  };
}

/** Any of several labels will do, and names it does not know are passed over, as its description says. */
function isListed(one: LabIssue, query: URLSearchParams): boolean {
  const known = (query.get("labels") ?? "").split(",").filter((name) => ["bug", "good first issue"].includes(name));
  return (
    (!one.isPull || query.get("type") !== "issues") &&
    ["all", one.state].includes(query.get("state") ?? "open") &&
    (known.length === 0 || known.some((name) => one.labels.includes(name))) &&
    (!query.has("assigned_by") || one.assignees.includes(query.get("assigned_by") as string)) &&
    (query.get("milestones") !== "v2" || one.milestone === "v2")
  );
}

const issueShown = (one: LabIssue) => ({
  id: 500 + one.number,
  number: one.number,
  html_url: `https://git.example/me/project/issues/${one.number}`,
  title: one.title,
  body: one.body ?? "",
  state: one.state,
  labels: one.labels.map((name, id) => ({ id, name, color: "00aabb" })),
  assignees: one.assignees.map((login, id) => ({ id, login })),
  milestone: one.milestone === null ? null : { id: 1, title: one.milestone },
  ...(one.isPull ? { pull_request: { merged: false } } : {}),
});

const isDraft = ({ title }: Pull): boolean => /^(WIP:|\[WIP\])/i.test(title);

function paged<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Math.min(Number(query.get("limit") ?? 30), pageSize);
  const first = (Number(query.get("page") ?? 1) - 1) * size;
  return all.slice(first, first + size);
}
