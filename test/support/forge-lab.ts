/**
 * A GitHub on loopback: real git over smart HTTP (git http-backend), and of the REST API what Copse calls. Every request and every answer is held against GitHub's own OpenAPI description
 * (test/forge/github-openapi.json). It shows shape and protocol, not GitHub's every rule; GraphQL is answered, not checked.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Ajv } from "ajv";
import { issueAnswer } from "./github-issues.ts";
import type { LabIssue } from "./issue-book.ts";

type Json = any;

const document: Json = JSON.parse(readFileSync(new URL("../forge/github-openapi.json", import.meta.url), "utf8"), (_, value) => {
  if (value?.nullable !== true) return value;
  // A nullable value with an enumeration may be null, which GitHub's description leaves out of the enumeration and GitHub itself sends (the conclusion of a check under way).
  if (Array.isArray(value.enum) && !value.enum.includes(null)) return { ...value, enum: [...value.enum, null] };
  if (value.type !== undefined) return value;
  const { nullable: _nullable, ...whole } = value;
  return { anyOf: [whole, { type: "null" }] };
});
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: "doc", components: document.components });

export interface Lab {
  readonly host: string;
  /** Every call but git's: `POST /repos/o/r/pulls`. */
  readonly calls: string[];
  readonly violations: string[];
  readonly pulls: Json[];
  /** Answers the next calls that begin so in this way, instead of properly. */
  fail(call: string, times: number, status: number, body: Json, headers?: Record<string, string>): void;
  /** Makes a bare repository; @returns its address for git. */
  repository(owner: string, name: string): string;
  gitDir(owner: string, name: string): string;
  /** What is refused: labels nobody knows, reviewers, auto-merge. */
  readonly rules: { labels: string[]; autoMerge: "off" | "clean" | "on" };
  /** Those that are opened there are numbered from 101 on. */
  readonly issues: LabIssue[];
  /** Below the pull requests, of all of them. */
  readonly comments: { id: number; on: number; body: string }[];
  /** Conclusions of the checks of every commit; null: still under way. */
  readonly checks: (string | null)[];
  close(): Promise<void>;
}

export async function forgeLab(dir: string): Promise<Lab> {
  const root = join(dir, "forge");
  mkdirSync(root, { recursive: true });
  const calls: string[] = [];
  const violations: string[] = [];
  const pulls: Json[] = [];
  const checks: Lab["checks"] = [];
  const comments: Lab["comments"] = [];
  const issues: LabIssue[] = [];
  const faults: { call: string; times: number; status: number; body: Json; headers: Record<string, string> }[] = [];
  const rules: Lab["rules"] = { labels: ["agents"], autoMerge: "off" };
  const gitDir = (owner: string, name: string) => join(root, owner, `${name}.git`);
  const gitIn = (owner: string, name: string, ...args: string[]) =>
    execFileSync("git", ["-C", gitDir(owner, name), ...args], { encoding: "utf8", stdio: "pipe" }).trim();
  let host = "";

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://lab");
    if (!url.pathname.startsWith("/api/")) return backend(root, url, request, response);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
      const path = url.pathname.replace(/^\/api\/v3/, "").replace(/^\/api/, "");
      const call = `${request.method} ${path}`;
      calls.push(call);
      const fault = faults.find((one) => one.times > 0 && call.startsWith(one.call));
      if (fault !== undefined) fault.times -= 1;
      const answer =
        fault ??
        (request.headers.authorization === "token secret-token"
          ? handle(request.method ?? "", path, url, body)
          : { status: 401, body: { message: "Bad credentials" } });
      check(request.method ?? "", path, url, body, answer, fault !== undefined);
      response.writeHead(answer.status, { "content-type": "application/json", ...(fault?.headers ?? {}) });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  function handle(method: string, path: string, url: URL, body: Json): { status: number; body: Json } {
    if (path === "/graphql") return graphql(body);
    const [, owner = "", name = "", rest = ""] = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const mine = pulls.filter((one) => one.base.repo.full_name === `${owner}/${name}`);
    const of = (n: string | undefined) => mine.find((one) => one.number === Number(n));
    if (rest === "" && method === "GET")
      return { status: 200, body: { ...sample("full-repository"), default_branch: "main", name, full_name: `${owner}/${name}` } };
    if (rest === "/pulls" && method === "GET") {
      const [head, base, state] = ["head", "base", "state"].map((key) => url.searchParams.get(key));
      return {
        status: 200,
        body: mine
          .filter(
            (one) =>
              (head === null || one.head.label === head) &&
              (base === null || one.base.ref === base) &&
              (state === null || one.state === state),
          )
          .map(simple),
      };
    }
    if (rest === "/pulls" && method === "POST") return create(owner, name, body, mine);
    if (/^\/commits\/\w+\/check-runs$/.test(rest)) {
      const run = (conclusion: string | null) => ({
        ...sample("check-run"),
        status: conclusion === null ? "in_progress" : "completed",
        conclusion,
      });
      return { status: 200, body: { total_count: checks.length, check_runs: checks.map(run) } };
    }
    const [, on, edited] = /^\/issues\/(?:(\d+)\/comments|comments\/(\d+))$/.exec(rest) ?? [];
    if (on !== undefined || edited !== undefined) return comment(method, url, on, edited, body);
    const about = issueAnswer({ issues, rules, sample }, { method, rest, url, body, page: `http://${host}/${owner}/${name}` }, mine);
    if (about !== undefined) return about;
    const [, number, more] = /^\/(?:pulls|issues)\/(\d+)(\/\w+)?$/.exec(rest) ?? [];
    const pull = of(number);
    if (pull === undefined) return { status: 404, body: { message: "Not Found" } };
    if (more === undefined && method === "PATCH") Object.assign(pull, body);
    if (more === undefined) return { status: 200, body: pull };
    if (more === "/labels") {
      const unknown = (body.labels as string[]).filter((label) => !rules.labels.includes(label));
      if (unknown.length > 0)
        return {
          status: 422,
          body: {
            message: "Validation Failed",
            documentation_url: "https://docs.github.com",
            errors: [{ resource: "Label", code: "invalid", field: "name", message: `${unknown[0]} is unknown` }],
          },
        };
      pull.labels = body.labels.map((label: string) => ({ ...sample("label"), name: label, description: "" }));
      return { status: 200, body: pull.labels };
    }
    if (more === "/requested_reviewers") {
      if (body.reviewers?.includes(owner))
        return { status: 422, body: { message: "Review cannot be requested from pull request author." } };
      pull.requested_reviewers = body.reviewers.map((login: string) => ({ ...sample("simple-user"), login }));
      return { status: 201, body: simple(pull) };
    }
    if (more === "/merge") {
      if (body.sha !== pull.head.sha) return { status: 409, body: { message: "Head branch was modified." } };
      Object.assign(pull, { state: "closed", merged: true, merged_at: "2026-01-01T00:00:00Z" });
      return { status: 200, body: { sha: pull.head.sha, merged: true, message: "Pull Request successfully merged" } };
    }
    return { status: 404, body: { message: "Not Found" } };
  }

  function comment(
    method: string,
    url: URL,
    on: string | undefined,
    edited: string | undefined,
    body: Json,
  ): { status: number; body: Json } {
    const shown = ({ id, body: text }: Lab["comments"][number]) => ({ ...sample("issue-comment"), id, body: text });
    const first = (Number(url.searchParams.get("page") ?? 1) - 1) * 100;
    if (method === "GET")
      return {
        status: 200,
        body: comments
          .filter((one) => one.on === Number(on))
          .slice(first, first + 100)
          .map(shown),
      };
    const known = comments.find(({ id }) => id === Number(edited));
    const one = known ?? { id: comments.length + 300, on: Number(on), body: "" };
    if (known === undefined) comments.push(one);
    one.body = body.body;
    return { status: known === undefined ? 201 : 200, body: shown(one) };
  }

  function create(owner: string, name: string, body: Json, mine: Json[]): { status: number; body: Json } {
    const [from, branch] = body.head.includes(":") ? body.head.split(":") : [owner, body.head];
    const source = body.head_repo ?? name;
    const refused = (message: string) => ({
      status: 422,
      body: {
        message: "Validation Failed",
        documentation_url: "https://docs.github.com",
        errors: [{ resource: "PullRequest", code: "custom", message }],
      },
    });
    if (mine.some((one) => one.state === "open" && one.head.label === `${from}:${branch}` && one.base.ref === body.base))
      return refused(`A pull request already exists for ${from}:${branch}.`);
    let sha = "";
    try {
      sha = gitIn(from, source, "rev-parse", `refs/heads/${branch}`);
    } catch {
      return {
        status: 422,
        body: {
          message: "Validation Failed",
          documentation_url: "https://docs.github.com",
          errors: [{ resource: "PullRequest", field: "head", code: "invalid" }],
        },
      };
    }
    if (from === owner && gitIn(owner, name, "rev-list", "--count", `${body.base}..${branch}`) === "0")
      return refused(`No commits between ${body.base} and ${branch}`);
    const repo = (who: string, what: string) => ({
      ...sample("repository"),
      name: what,
      full_name: `${who}/${what}`,
      owner: { ...sample("simple-user"), login: who },
    });
    const full = sample("pull-request");
    const number = mine.length + 1;
    const pull = {
      ...full,
      number,
      node_id: `PR_${number}`,
      html_url: `http://${host}/${owner}/${name}/pull/${number}`,
      title: body.title,
      body: body.body ?? null,
      state: "open",
      draft: body.draft === true,
      labels: [],
      merged_at: null,
      head: {
        ...full.head,
        label: `${from}:${branch}`,
        ref: branch,
        sha,
        repo: repo(from, source),
        user: { ...sample("simple-user"), login: from },
      },
      base: {
        ...full.base,
        label: `${owner}:${body.base}`,
        ref: body.base,
        repo: repo(owner, name),
        user: { ...sample("simple-user"), login: owner },
      },
    };
    pulls.push(pull);
    return { status: 201, body: pull };
  }

  function graphql(body: Json): { status: number; body: Json } {
    const said = { off: "Auto merge is not allowed for this repository", clean: "Pull request Pull request is in clean status", on: "" }[
      rules.autoMerge
    ];
    if (said !== "") return { status: 200, body: { data: null, errors: [{ message: said }] } };
    return {
      status: 200,
      body: {
        data: { enablePullRequestAutoMerge: { pullRequest: { number: pulls.find((one) => one.node_id === body.variables.id)?.number } } },
      },
    };
  }

  function check(method: string, path: string, url: URL, body: Json, answer: { status: number; body: Json }, faulty: boolean): void {
    if (path === "/graphql") return;
    const wrong = (what: string) => violations.push(`${method} ${path}: ${what}`);
    const operation = operationOf(method, path);
    if (operation === undefined) return void wrong("no such operation");
    const known = (operation.parameters ?? []).map(deref);
    for (const [name, value] of url.searchParams) {
      const parameter = known.find((one: Json) => one.in === "query" && one.name === name);
      if (parameter === undefined) wrong(`unknown parameter ${name}`);
      else if (parameter.schema?.enum && !parameter.schema.enum.includes(value)) wrong(`${name}=${value}`);
    }
    const wanted = operation.requestBody?.content?.["application/json"]?.schema;
    if (wanted !== undefined) {
      hold(wanted, body ?? {}, (what) => wrong(`request ${what}`));
      // GitHub passes over what it does not know, and so nobody notices.
      const properties = propertiesOf(wanted);
      if (properties !== undefined)
        for (const key of Object.keys(body ?? {})) if (!properties.includes(key)) wrong(`request has ${key}, which is no field of it`);
    } else if (body !== undefined) wrong("request has a body");
    if (faulty || answer.status >= 500) return;
    const response = deref(operation.responses[String(answer.status)]);
    if (response === undefined)
      return void (answer.status === 401 || answer.status === 404 || wrong(`status ${answer.status} is not described`));
    const shape = response.content?.["application/json"]?.schema;
    if (shape !== undefined) hold(shape, answer.body, (what) => wrong(`answer ${what}`));
  }

  return {
    get host() {
      return host;
    },
    calls,
    violations,
    pulls,
    checks,
    comments,
    issues,
    rules,
    gitDir,
    fail: (call, times, status, body, headers = {}) => void faults.push({ call, times, status, body, headers }),
    repository(owner, name) {
      mkdirSync(join(root, owner), { recursive: true });
      execFileSync("git", ["init", "-q", "--bare", "-b", "main", gitDir(owner, name)]);
      gitIn(owner, name, "config", "http.receivepack", "true");
      return `http://${host}/${owner}/${name}.git`;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** git over HTTP, as CGI. */
function backend(root: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      REMOTE_USER: "somebody",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => {});
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const out = Buffer.concat(chunks);
    const end = out.indexOf("\r\n\r\n");
    const headers = Object.fromEntries(
      out
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((row) => [row.slice(0, row.indexOf(":")), row.slice(row.indexOf(":") + 1).trim()]),
    );
    const { Status, ...others } = headers as Record<string, string>;
    response.writeHead(Number((Status ?? "200").split(" ")[0]), others);
    response.end(out.subarray(end + 4));
  });
}

const deref = (value: Json): Json => {
  const ref: string | undefined = value?.$ref;
  if (ref === undefined) return value;
  const [, , kind, name] = ref.split("/");
  return document.components[kind as string][name as string];
};

function operationOf(method: string, path: string): Json {
  for (const [pattern, operations] of Object.entries(document.paths as Record<string, Json>)) {
    if (new RegExp(`^${pattern.replace(/\{\w+\}/g, "[^/]+")}$`).test(path)) return operations[method.toLowerCase()];
  }
  return undefined;
}

const compiled = new Map<string, ReturnType<typeof ajv.compile>>();

function hold(schema: Json, value: Json, wrong: (what: string) => void): void {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"doc#/components/');
  const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
  compiled.set(text, validate);
  if (!validate(value)) for (const error of validate.errors ?? []) wrong(`${error.instancePath || "/"} ${error.message}`);
}

function propertiesOf(schema: Json): string[] | undefined {
  const real = deref(schema);
  const parts = [real, ...(real.oneOf ?? []), ...(real.anyOf ?? [])].map(deref);
  const names = parts.flatMap((part: Json) => Object.keys(part.properties ?? {}));
  return names.length === 0 ? undefined : names;
}

/** The smallest value of a schema of the document. */
function sample(name: string): Json {
  return minimal({ $ref: `#/components/schemas/${name}` }, 0);
}

function minimal(schema: Json, depth: number): Json {
  const real = deref(schema);
  if (real.nullable === true && depth > 1) return null;
  if (real.enum) return real.enum[0];
  if (real.allOf) return Object.assign({}, ...real.allOf.map((one: Json) => minimal(one, depth)));
  const either = real.oneOf ?? real.anyOf;
  if (either) return minimal(either[0], depth);
  switch (Array.isArray(real.type) ? real.type[0] : real.type) {
    case "string":
      return real.format === "uri" ? "https://example.invalid/" : real.format === "date-time" ? "2026-01-01T00:00:00Z" : "x";
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return false;
    case "array":
      return [];
    default:
      return Object.fromEntries((real.required ?? []).map((key: string) => [key, minimal(real.properties?.[key] ?? {}, depth + 1)]));
  }
}

/** The form of lists has fewer fields than the whole. */
function simple(pull: Json): Json {
  const schema = deref({ $ref: "#/components/schemas/pull-request-simple" });
  return Object.fromEntries(
    Object.keys(schema.properties)
      .filter((key) => key in pull)
      .map((key) => [key, pull[key]]),
  );
}
