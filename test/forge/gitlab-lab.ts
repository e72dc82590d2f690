/** A GitLab on loopback: what its own description has of it (gitlab-openapi.json), with projects, labels and people enough to tell right from wrong. */
import type { ForgeRepo } from "../../src/forge/forge.ts";
import { gitlab } from "../../src/forge/gitlab.ts";
import { type Answer, type Call, described } from "../support/contract.ts";
import { type LabIssue, newIssue, pageOf } from "../support/issue-book.ts";
import type { OtherForge, OtherLab, Page } from "./other-lab.ts";

type Request = { -readonly [key in keyof Page]: Page[key] } & { iid: number };

const projects: Readonly<Record<string, number>> = { "group/sub/project": 5, "them/project": 6 };
const people = [
  { id: 41, username: "somebody" },
  { id: 42, username: "else" },
];
const sha = "a".repeat(40);
const issuesAt = "/api/v4/projects/{id}/issues";
const requests = "/api/v4/projects/{id}/merge_requests";

export const gitlabForge: OtherForge<GitlabLab> = {
  open: gitlabLab,
  exceptions: [
    {
      from: /\/issues(\/\{issue_iid\})?: answer 20[01] (\/\*)?\/(milestone|description) is null, must be (object|string)$/,
      because: "of an issue without one; Swagger 2.0 has no null",
    },
    {
      from: /\/notes(\/\{note_id\})?: answer 20[01] (\/\*)?\/id is integer, must be string$/,
      because: "a note's number is one, whatever the description makes of every field of it",
    },
    { from: /\/notes: answer 404 is not described$/, because: "described with what goes well alone, and any merge request may be gone" },
    {
      from: /: answer (401|403) is not described$/,
      because: "every operation says so to a bad token, or one that may not; the description names it for a few",
    },
    { from: /: answer 50[023] is not described$/, because: "any operation may fail; 502 and 503 are said by a proxy before the forge" },
    { from: /\/merge: answer 406 is not described$/, because: "what older ones say of a branch that cannot be merged; now it is 422" },
    {
      from: /: request \/add_labels is string, must be array$/,
      because:
        "the description's text says comma-separated names, and so does the documentation; GitLab takes apart either (CommaSeparatedToArray)",
    },
    {
      from: /: answer 20[01] (\/\*)?\/source_project_id is integer, must be string$/,
      because: "the description calls string whatever it knows no type of; the documentation shows a number",
    },
    {
      from: /: answer 20[01] (\/\*)?\/description is null, must be string$/,
      because: "of a merge request without a text; Swagger 2.0 has no null",
    },
    {
      from: /: answer 20[01] \/head_pipeline is null, must be object$/,
      because: "of a merge request without pipelines; Swagger 2.0 has no null",
    },
  ],
  calls: {
    repo: "GET /api/v4/projects/{id}",
    list: `GET ${requests}`,
    create: `POST ${requests}`,
    show: `GET ${requests}/{merge_request_iid}`,
    update: `PUT ${requests}/{merge_request_iid}`,
    merge: `PUT ${requests}/{merge_request_iid}/merge`,
    issues: `GET ${issuesAt}`,
    newIssue: `POST ${issuesAt}`,
  },
  marks: ["Draft: ", "[Draft] ", "(draft) "],
  tries: 10,
};

export interface GitlabLab extends OtherLab {
  /** Of the newest pipeline of every merge request; null: there is none. */
  readonly pipeline: { status: string | null };
  /** The name by which this GitLab knows auto-merge. */
  readonly speaks: { autoMerge: string };
}

async function gitlabLab(): Promise<GitlabLab> {
  const all: Request[] = [];
  const rules = { autoMerge: true };
  const comments: OtherLab["comments"] = [];
  const issues: LabIssue[] = [];
  const pipeline: GitlabLab["pipeline"] = { status: null };
  const speaks = { autoMerge: "auto_merge" };
  const served = await described("gitlab-openapi.json", gitlabForge.exceptions, answer);
  const repo: ForgeRepo = { kind: "gitlab", host: "gitlab.example", apiUrl: served.url, owner: "group/sub", name: "project" };

  function answer(call: Call): Answer {
    if (call.login !== "secret") return { status: 401, body: { message: "401 Unauthorized" } };
    const { at, query, body } = call;
    if (call.operation === "GET /api/v4/users")
      return { status: 200, body: people.filter(({ username }) => username === query.get("username")) };
    const project = at["id"] as string;
    if (projects[project] === undefined) throw new Error(`there is no project ${project}`);
    const request = all.find(({ iid }) => iid === Number(at["merge_request_iid"]));
    switch (call.operation) {
      case "GET /api/v4/projects/{id}":
        return { status: 200, body: { id: projects[project], path_with_namespace: project, default_branch: "main" } };
      case `GET ${requests}`:
        return { status: 200, body: listed(query) };
      case `POST ${requests}`:
        return create(project, body);
    }
    if (at["noteable_id"] !== undefined) return notes(call);
    if (call.operation.includes(issuesAt)) return issueCall(call);
    if (request === undefined) return { status: 404, body: { message: "404 Not found" } };
    switch (call.operation) {
      case `GET ${requests}/{merge_request_iid}`:
        return { status: 200, body: shown(request) };
      case `PUT ${requests}/{merge_request_iid}`:
        if (body.title !== undefined) request.title = body.title;
        if (body.description !== undefined) request.body = body.description;
        // GitLab makes a label that it does not know.
        if (body.add_labels !== undefined) request.labels = [...request.labels, ...body.add_labels.split(",")];
        if (body.reviewer_ids !== undefined)
          request.reviewers = people.filter(({ id }) => body.reviewer_ids.includes(id)).map(({ username }) => username);
        return { status: 200, body: shown(request) };
      case `PUT ${requests}/{merge_request_iid}/merge`:
        return merge(request, body);
    }
    throw new Error(`nobody answers ${call.operation}`);
  }

  function issueCall({ operation, at, query, body }: Call): Answer {
    if (operation === gitlabForge.calls.issues) {
      const wanted = issues.filter((one) => isListed(one, query));
      return { status: 200, body: pageOf(wanted, Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 20)).map(issueShown) };
    }
    if (operation === gitlabForge.calls.newIssue)
      return { status: 201, body: issueShown(newIssue(issues, body.title, body.description ?? null)) };
    const one = issues.find(({ number }) => number === Number(at["issue_iid"]));
    if (one === undefined) return { status: 404, body: { message: "404 Not found" } };
    if (body.description !== undefined) one.body = body.description;
    if (body.add_labels !== undefined) one.labels = [...one.labels, ...body.add_labels.split(",")];
    return { status: 200, body: issueShown(one) };
  }

  function notes({ operation, at, query, body }: Call): Answer {
    const on = Number(at["noteable_id"]);
    if (!all.some(({ iid }) => iid === on)) return { status: 404, body: { message: "404 Not found" } };
    const mine = comments.filter((one) => one.on === on).map(({ id, body: text }) => ({ id, body: text }));
    const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 20)];
    if (operation.startsWith("GET ")) {
      // https://docs.gitlab.com/api/rest/#pagination
      const next = `<${served.url}/api/v4/projects/5/merge_requests/${on}/notes?page=${page + 1}&per_page=${size}>; rel="next"`;
      return { status: 200, body: mine.slice((page - 1) * size, page * size), headers: page * size < mine.length ? { link: next } : {} };
    }
    const known = comments.find(({ id }) => id === Number(at["note_id"]));
    const note = known ?? { id: comments.length + 300, on, body: "" };
    if (known === undefined) comments.push(note);
    note.body = body.body;
    return { status: known === undefined ? 201 : 200, body: { id: note.id, body: note.body } };
  }

  function listed(query: URLSearchParams): unknown[] {
    const wanted = all.filter(
      (one) =>
        stateOf(one) === query.get("state") &&
        one.into === query.get("target_branch") &&
        one.from.endsWith(`:${query.get("source_branch")}`),
    );
    return wanted.slice(0, Number(query.get("per_page") ?? 20)).map((one) => {
      const { head_pipeline: _, ...short } = shown(one);
      return short;
    });
  }

  function create(project: string, body: Record<string, string> & { target_project_id?: number }): Answer {
    const from = `${project}:${body["source_branch"]}`;
    if ((body.target_project_id ?? projects[project]) !== projects["group/sub/project"])
      throw new Error("it would be merged into the fork");
    const there = all.find((one) => one.state === "open" && one.from === from && one.into === body["target_branch"]);
    if (there !== undefined)
      return { status: 409, body: { message: [`Another open merge request already exists for this source branch: !${there.iid}`] } };
    const request: Request = {
      iid: all.length + 1,
      title: body["title"] as string,
      body: body["description"] as string,
      state: "open",
      from,
      into: body["target_branch"] as string,
      labels: [],
      reviewers: [],
      autoMerge: null,
    };
    all.push(request);
    return { status: 201, body: shown(request) };
  }

  function merge(request: Request, body: Record<string, unknown>): Answer {
    if (body["sha"] === undefined) return { status: 400, body: { message: "SHA must be provided when merging" } };
    if (body["sha"] !== sha) return { status: 409, body: { message: `SHA does not match HEAD of source branch: ${sha}` } };
    if (isDraft(request) || !rules.autoMerge) return { status: 405, body: { message: "405 Method Not Allowed" } };
    if (body[speaks.autoMerge] === true) request.autoMerge = body["squash"] === true ? "squash" : "merge";
    else request.state = "merged";
    return { status: 200, body: shown(request) };
  }

  const shown = (one: Request) => ({
    id: 1000 + one.iid,
    iid: one.iid,
    project_id: projects["group/sub/project"],
    web_url: `https://gitlab.example/group/sub/project/-/merge_requests/${one.iid}`,
    title: one.title,
    description: one.body,
    state: stateOf(one),
    source_branch: one.from.split(":")[1],
    target_branch: one.into,
    source_project_id: projects[one.from.split(":")[0] as string],
    sha,
    head_pipeline: pipeline.status === null ? null : { id: 7, status: pipeline.status, sha },
  });

  return {
    served,
    repo,
    fork: { ...repo, owner: "them" },
    driver: (token = "secret") => gitlab(repo, token),
    pages: () => all.map(({ iid: _, ...page }) => page),
    change: (number, change) => void Object.assign(all[number - 1] as Request, change),
    rules,
    comments,
    issues,
    pipeline,
    speaks,
  };
}

/** All of several labels, whatever the case of their letters. */
function isListed(one: LabIssue, query: URLSearchParams): boolean {
  const labels = (query.get("labels") ?? "").split(",").filter((name) => name !== "");
  const people = query.getAll("assignee_username[]");
  const numbers = query.getAll("iids[]").map(Number);
  return (
    (numbers.length === 0 || numbers.includes(one.number)) &&
    (!query.has("state") || query.get("state") === (one.state === "open" ? "opened" : "closed")) &&
    labels.every((name) => one.labels.includes(name.toLowerCase())) &&
    people.every((name) => one.assignees.includes(name)) &&
    (!query.has("milestone") || one.milestone === query.get("milestone"))
  );
}

const issueShown = (one: LabIssue) => ({
  id: 5000 + one.number,
  iid: one.number,
  web_url: `https://gitlab.example/group/sub/project/-/issues/${one.number}`,
  title: one.title,
  description: one.body,
  state: one.state === "open" ? "opened" : "closed",
  labels: one.labels,
  assignees: one.assignees.map((username) => ({ username })),
  milestone: one.milestone === null ? null : { title: one.milestone },
});

const stateOf = ({ state }: Request): string => (state === "open" ? "opened" : state);
const isDraft = ({ title }: Request): boolean => /^(draft:|\[draft\]|\(draft\))/i.test(title);
