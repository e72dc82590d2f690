/**
 * GitLab and Gitea as far as a stand-in shows: the calls made, the end reached, twice the same. The stand-in answers as their documentation says and is ours: it shows no more than that.
 * Gitea: https://codeberg.org/api/swagger · GitLab: https://docs.gitlab.com/api/merge_requests
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareUrl, forgeOf, parseAddress } from "../../src/forge/address.ts";
import type { Forge, ForgeRepo } from "../../src/forge/forge.ts";
import { gitea } from "../../src/forge/gitea.ts";
import { gitlab } from "../../src/forge/gitlab.ts";

interface Served {
  readonly url: string;
  readonly calls: { call: string; body: any }[];
  close(): Promise<void>;
}

async function serve(answer: (call: string, body: any, pulls: any[]) => [number, unknown]): Promise<Served> {
  const calls: Served["calls"] = [];
  const pulls: any[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const body = text === "" ? undefined : JSON.parse(text);
      const call = `${request.method} ${decodeURIComponent((request.url ?? "").split("?")[0] ?? "")}`;
      calls.push({ call, body });
      const [status, said] = answer(call, body, pulls);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const draft = (head: ForgeRepo) => ({ head, branch: "copse/docs", base: "main", title: "Docs", body: "text", draft: true });

async function walk(forge: Forge, repo: ForgeRepo): Promise<void> {
  assert.is(await forge.find(draft(repo)), undefined);
  const made = await forge.create(draft(repo));
  assert.is(made.did, "created");
  assert.equal((await forge.create(draft(repo))).did, "exists");
  const found = await forge.find(draft(repo));
  assert.equal([found?.number, found?.draft, found?.title, found?.state], [1, true, "Docs", "open"]);
  const changed = await forge.update(1, { title: "More docs", body: "more" });
  assert.equal([changed.title, changed.body, changed.draft], ["More docs", "more", true], "it stays a draft");
  const notes = await forge.extras(changed, { labels: ["agents", "nobody-knows"], reviewers: [], autoMerge: null });
  assert.is(notes.length, 1);
  assert.is((await forge.look(1)).state, "open");
}

test("Gitea: found among all, made as WIP, brought up to date", async () => {
  const served = await serve((call, body, pulls) => {
    if (call === "GET /api/v1/repos/me/project/pulls") return [200, pulls];
    if (call === "POST /api/v1/repos/me/project/pulls") {
      if (pulls.length > 0) return [409, { message: "pull request already exists for these targets" }];
      pulls.push({
        number: 1,
        html_url: "http://x/1",
        title: body.title,
        body: body.body,
        state: "open",
        merged: false,
        head: { ref: body.head, repo: { full_name: "me/project" } },
        base: { ref: body.base },
      });
      return [201, pulls[0]];
    }
    if (call === "PATCH /api/v1/repos/me/project/pulls/1") return [201, Object.assign(pulls[0], body)];
    if (call === "GET /api/v1/repos/me/project/pulls/1") return [200, pulls[0]];
    if (call === "GET /api/v1/repos/me/project/labels") return [200, [{ id: 7, name: "agents" }]];
    return [404, { message: `no ${call}` }];
  });
  try {
    const repo: ForgeRepo = { kind: "gitea", host: "x", apiUrl: `${served.url}/api/v1`, owner: "me", name: "project" };
    await walk(gitea(repo, "t"), repo);
    assert.is(served.calls.find(({ call }) => call.startsWith("POST"))?.body.title, "WIP: Docs");
  } finally {
    await served.close();
  }
});

test("GitLab: found by branch and project, made as Draft, brought up to date", async () => {
  const served = await serve((call, body, pulls) => {
    const project = "/api/v4/projects/group/sub/project";
    if (call === `GET ${project}`) return [200, { id: 5, default_branch: "main" }];
    if (call === `GET ${project}/merge_requests`) return [200, pulls];
    if (call === `POST ${project}/merge_requests`) {
      if (pulls.length > 0) return [409, { message: ["Another open merge request already exists for this source branch: !1"] }];
      pulls.push({
        iid: 1,
        web_url: "http://x/1",
        title: body.title,
        description: body.description,
        state: "opened",
        source_project_id: 5,
      });
      return [201, pulls[0]];
    }
    if (call === `PUT ${project}/merge_requests/1`)
      return body.add_labels ? [403, { message: "403 Forbidden" }] : [200, Object.assign(pulls[0], body)];
    if (call === `GET ${project}/merge_requests/1`) return [200, pulls[0]];
    return [404, { message: `no ${call}` }];
  });
  try {
    const repo: ForgeRepo = { kind: "gitlab", host: "x", apiUrl: served.url, owner: "group/sub", name: "project" };
    await walk(gitlab(repo, "t"), repo);
    assert.is(served.calls.find(({ call }) => call.startsWith("POST"))?.body.title, "Draft: Docs");
  } finally {
    await served.close();
  }
});

test("addresses of remotes", () => {
  for (const [url, host, path] of [
    ["https://github.com/a/b.git", "github.com", "a/b"],
    ["https://user:token@github.com/a/b", "github.com", "a/b"],
    ["git@github.com:a/b.git", "github.com", "a/b"],
    ["ssh://git@gitlab.example.com:2222/g/s/b.git", "gitlab.example.com", "g/s/b"],
    ["http://127.0.0.1:3000/a/b.git/", "127.0.0.1:3000", "a/b"],
  ] as const)
    assert.equal(parseAddress(url), { host, path }, url);
  for (const url of ["/srv/git/a.git", "../a", "C:/a/b", "file:///srv/a.git"]) assert.is(parseAddress(url), undefined, url);
  assert.equal(forgeOf("git@gitlab.com:g/s/b.git", {}, {}), {
    kind: "gitlab",
    host: "gitlab.com",
    apiUrl: "https://gitlab.com",
    owner: "g/s",
    name: "b",
  });
  assert.is(forgeOf("https://github.com/a/b", {}, { GITHUB_API_URL: "http://127.0.0.1:1/api" })?.apiUrl, "http://127.0.0.1:1/api");
  assert.is(forgeOf("https://git.firm.example/a/b", {}, {}), undefined);
  assert.is(
    forgeOf("https://git.firm.example/a/b", { "git.firm.example": { kind: "gitea" } }, {})?.apiUrl,
    "https://git.firm.example/api/v1",
  );
  assert.is(forgeOf("https://github.firm.example/a/b", {}, {})?.apiUrl, "https://github.firm.example/api/v3");
  assert.is(
    compareUrl("git@github.com:a/b.git", "main", "copse/x y", "github"),
    "https://github.com/a/b/compare/main...copse%2Fx%20y?expand=1",
  );
});

test.run();
