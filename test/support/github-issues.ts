/** The issues of the GitHub on loopback: its list has the pull requests in it, as GitHub's has; a milestone is asked for by its number there, so nobody asks. */
import { type LabIssue, newIssue, pageOf } from "./issue-book.ts";

type Json = any;
type Answer = { status: number; body: Json };

export interface GithubIssues {
  readonly issues: LabIssue[];
  readonly rules: { readonly labels: readonly string[] };
  /** A body that keeps to a schema of the description. */
  sample(schema: string): Json;
}

const notFound: Answer = { status: 404, body: { message: "Not Found", documentation_url: "", status: "404" } };

/** `rest`: what follows the repository in the path. `pulls`: its pull requests. @returns undefined where it is no call for an issue */
export function issueAnswer(
  { issues, rules, sample }: GithubIssues,
  call: { readonly method: string; readonly rest: string; readonly url: URL; readonly body: Json; readonly page: string },
  pulls: readonly Json[],
): Answer | undefined {
  const { method, rest, url, body } = call;
  const shown = (one: LabIssue) => ({
    ...sample("issue"),
    number: one.number,
    html_url: `${call.page}/issues/${one.number}`,
    title: one.title,
    body: one.body,
    state: one.state,
    labels: one.labels.map(label),
    assignees: one.assignees.map((login) => ({ ...sample("simple-user"), login })),
    milestone: one.milestone === null ? null : { ...sample("nullable-milestone"), title: one.milestone },
    ...(one.isPull ? { pull_request: { url: "u", html_url: "h", diff_url: "d", patch_url: "p" } } : {}),
  });
  const label = (name: string) => ({ ...sample("label"), name, description: "" });
  const asIssue = ({ number, title, body: text, state }: Json): LabIssue => ({
    ...{ number, title, body: text, state, labels: [], assignees: [], milestone: null },
    isPull: true,
  });
  if (rest === "/issues" && method === "POST") return { status: 201, body: shown(newIssue(issues, body.title, body.body ?? null)) };
  const all = [...pulls.map(asIssue), ...issues];
  if (rest === "/issues") return { status: 200, body: listed(all, url.searchParams).map(shown) };
  const [, number, more] = /^\/issues\/(\d+)(\/labels)?$/.exec(rest) ?? [];
  if (number === undefined) return undefined;
  const one = all.find((each) => each.number === Number(number));
  if (method === "GET") return one === undefined ? notFound : { status: 200, body: shown(one) };
  // What is done to a pull request by way of its issue is done there.
  if (one === undefined || !issues.includes(one)) return undefined;
  if (more === undefined) return { status: 200, body: shown(Object.assign(one, body)) };
  const unknown = (body.labels as string[]).find((name) => !rules.labels.includes(name));
  if (unknown !== undefined)
    return { status: 422, body: { message: `${unknown} is unknown`, documentation_url: "https://docs.github.com", errors: [] } };
  one.labels = [...new Set([...one.labels, ...body.labels])];
  return { status: 200, body: one.labels.map(label) };
}

function listed(all: readonly LabIssue[], query: URLSearchParams): LabIssue[] {
  const labels = (query.get("labels") ?? "").split(",").filter((label) => label !== "");
  const assignee = query.get("assignee");
  const wanted = all.filter(
    (one) =>
      ["all", one.state].includes(query.get("state") ?? "open") &&
      labels.every((label) => one.labels.includes(label.toLowerCase())) &&
      (assignee === null || one.assignees.includes(assignee)),
  );
  return pageOf(wanted, Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 30));
}
