/**
 * Makes the descriptions that the tests' forges are held against (test/forge/*.json): of a forge's own only what Copse calls, with every schema those need, without examples and prose.
 *   GitHub, @octokit/openapi of npm: node scripts/slim-openapi.mjs github package/generated/api.github.com.json <version of the package>
 *   Forgejo, /swagger.v1.json of any: node scripts/slim-openapi.mjs forgejo swagger.v1.json
 *   GitLab, doc/api/openapi/openapi_v2.yaml of gitlabhq/gitlabhq as JSON: node scripts/slim-openapi.mjs gitlab openapi_v2.json <commit>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const fromVersion3 = "openapi_v3.yaml beside it: openapi_v2.yaml has no such path";
const notePlace = [
  { in: "path", name: "id", type: "string", required: true },
  { in: "path", name: "noteable_id", type: "integer", required: true },
];
const noteQuery = {
  order_by: { type: "string", enum: ["created_at", "updated_at"] },
  sort: { type: "string", enum: ["asc", "desc"] },
  activity_filter: { type: "string", enum: ["all_notes", "only_comments", "only_activity"] },
  page: { type: "integer" },
  per_page: { type: "integer" },
};
const noteBody = { type: "object", properties: { body: { type: "string" } } };
const note = { type: "object", properties: { id: { type: "string" }, body: { type: "string" }, system: { type: "string" } } };

// Neither file has issues; these are the names and types that GitLab's own lib/api/issues.rb declares (MIT) and the table of doc/api/issues.md has, as far as they are used. Labels are taken as a list or with commas between.
const fromApi =
  "lib/api/issues.rb and doc/api/issues.md of gitlabhq/gitlabhq (commit 000087abd5a11442a7e34b0e5f3bf86cb40fa8e4), as far as Copse uses it: neither openapi_v2.yaml nor openapi_v3.yaml has it";
const issue = {
  type: "object",
  required: ["iid", "title", "state", "web_url"],
  properties: {
    id: { type: "integer" },
    iid: { type: "integer" },
    title: { type: "string" },
    description: { type: "string" },
    state: { type: "string", enum: ["opened", "closed"] },
    labels: { type: "array", items: { type: "string" } },
    assignees: { type: "array", items: { type: "object", properties: { username: { type: "string" } } } },
    milestone: { type: "object", properties: { title: { type: "string" } } },
    web_url: { type: "string" },
  },
};
const issuePlace = [{ in: "path", name: "id", type: "string", required: true }];
const issueQuery = {
  iids: { type: "array", items: { type: "integer" } },
  state: { type: "string", enum: ["opened", "closed", "all"] },
  labels: { type: "string" },
  assignee_username: { type: "array", items: { type: "string" } },
  milestone: { type: "string" },
  order_by: { type: "string" },
  sort: { type: "string", enum: ["asc", "desc"] },
  page: { type: "integer" },
  per_page: { type: "integer" },
};
const newIssueBody = {
  title: { type: "string" },
  description: { type: "string" },
  labels: { type: "string" },
  add_labels: { type: "string" },
  state_event: { type: "string", enum: ["reopen", "close"] },
};

const forges = {
  github: {
    file: "github-openapi.json",
    source: (_whole, version) => ({ description: `Part of @octokit/openapi ${version} (MIT), made by scripts/slim-openapi.mjs` }),
    drop: ["example", "examples", "x-github", "externalDocs", "x-multi-segment"],
    calls: {
      "/repos/{owner}/{repo}": ["get"],
      "/repos/{owner}/{repo}/pulls": ["get", "post"],
      "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
      "/repos/{owner}/{repo}/pulls/{pull_number}/merge": ["put"],
      "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": ["post"],
      "/repos/{owner}/{repo}/issues": ["get", "post"],
      "/repos/{owner}/{repo}/issues/{issue_number}": ["get", "patch"],
      "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["post"],
      "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
      "/repos/{owner}/{repo}/issues/comments/{comment_id}": ["patch"],
      "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
    },
  },
  forgejo: {
    file: "forgejo-swagger.json",
    source: ({ info }) => ({ "x-source": `Part of ${info.title} ${info.version}, made by scripts/slim-openapi.mjs` }),
    drop: ["example", "examples", "summary", "tags", "operationId", "x-go-name", "x-go-package"],
    calls: {
      "/repos/{owner}/{repo}": ["get"],
      "/repos/{owner}/{repo}/pulls": ["get", "post"],
      "/repos/{owner}/{repo}/pulls/{index}": ["get", "patch"],
      "/repos/{owner}/{repo}/pulls/{index}/merge": ["post"],
      "/repos/{owner}/{repo}/pulls/{index}/requested_reviewers": ["post"],
      "/repos/{owner}/{repo}/labels": ["get"],
      "/repos/{owner}/{repo}/issues": ["get", "post"],
      "/repos/{owner}/{repo}/issues/{index}": ["get", "patch"],
      "/repos/{owner}/{repo}/issues/{index}/labels": ["post"],
      "/repos/{owner}/{repo}/issues/{index}/comments": ["get", "post"],
      "/repos/{owner}/{repo}/issues/comments/{id}": ["patch"],
    },
  },
  gitlab: {
    file: "gitlab-openapi.json",
    source: (_whole, commit) => ({
      "x-source": `Names and types of doc/api/openapi/openapi_v2.yaml in gitlabhq/gitlabhq, commit ${commit} (of about GitLab 18.9; its doc/ is CC BY-SA 4.0), made by scripts/slim-openapi.mjs`,
    }),
    drop: ["example", "examples", "summary", "tags", "operationId"],
    calls: {
      "/api/v4/projects/{id}": ["get"],
      "/api/v4/projects/{id}/merge_requests": ["get", "post"],
      "/api/v4/projects/{id}/merge_requests/{merge_request_iid}": ["get", "put"],
      "/api/v4/projects/{id}/merge_requests/{merge_request_iid}/merge": ["put"],
    },
    /** What of them the driver reads; every other entity stays an object without fields. */
    entities: ["MergeRequest", "MergeRequestBasic", "ProjectWithAccess", "UserBasic", "Ci_Pipeline"],
    more: {
      // The answer to the first is a list, which openapi_v3.yaml writes as one of its items. Of a note the fields that are read.
      "/api/v4/projects/{id}/merge_requests/{noteable_id}/notes": {
        get: {
          "x-source": fromVersion3,
          produces: ["application/json"],
          parameters: [
            ...notePlace,
            ...Object.entries(noteQuery).map(([name, schema]) => ({ in: "query", name, required: false, ...schema })),
          ],
          responses: { 200: { schema: { type: "array", items: note } } },
        },
        post: {
          "x-source": fromVersion3,
          consumes: ["application/json"],
          parameters: [...notePlace, { in: "body", name: "note", required: true, schema: { ...noteBody, required: ["body"] } }],
          responses: { 201: { schema: note } },
        },
      },
      "/api/v4/projects/{id}/merge_requests/{noteable_id}/notes/{note_id}": {
        put: {
          "x-source": fromVersion3,
          consumes: ["application/json"],
          parameters: [
            ...notePlace,
            { in: "path", name: "note_id", type: "integer", required: true },
            { in: "body", name: "note", required: true, schema: noteBody },
          ],
          responses: { 200: { schema: note } },
        },
      },
      "/api/v4/projects/{id}/issues": {
        get: {
          "x-source": fromApi,
          produces: ["application/json"],
          parameters: [
            ...issuePlace,
            ...Object.entries(issueQuery).map(([name, schema]) => ({ in: "query", name, required: false, ...schema })),
          ],
          responses: { 200: { schema: { type: "array", items: issue } }, 401: {}, 404: {} },
        },
        post: {
          "x-source": fromApi,
          consumes: ["application/json"],
          parameters: [
            ...issuePlace,
            { in: "body", name: "issue", required: true, schema: { type: "object", required: ["title"], properties: newIssueBody } },
          ],
          responses: { 201: { schema: issue }, 400: {}, 401: {}, 403: {}, 404: {} },
        },
      },
      "/api/v4/projects/{id}/issues/{issue_iid}": {
        put: {
          "x-source": fromApi,
          consumes: ["application/json"],
          parameters: [
            ...issuePlace,
            { in: "path", name: "issue_iid", type: "integer", required: true },
            { in: "body", name: "issue", required: true, schema: { type: "object", properties: newIssueBody } },
          ],
          responses: { 200: { schema: issue }, 400: {}, 401: {}, 403: {}, 404: {} },
        },
      },
      "/api/v4/users": {
        get: {
          "x-source":
            "openapi_v3.yaml beside it, commit 07fbd7abe2d2c18b6e7ea6a14f627048f28aa795: openapi_v2.yaml has no such path. A list, which that file writes as one of its items.",
          produces: ["application/json"],
          parameters: [{ in: "query", name: "username", type: "string", required: false }],
          responses: { 200: { schema: { type: "array", items: { $ref: "#/definitions/API_Entities_UserBasic" } } } },
        },
      },
    },
  },
};
const [name, source, version = ""] = process.argv.slice(2);
const forge = forges[name];
const whole = JSON.parse(readFileSync(source, "utf8"));
const about = forge.source(whole, version);
const slim = {};
for (const key of ["openapi", "swagger", "info", "basePath", "consumes", "produces", "securityDefinitions"])
  if (whole[key] !== undefined) slim[key] = bare(whole[key]);
Object.assign(slim.info, about);
slim.paths = { ...forge.more };
for (const [path, methods] of Object.entries(forge.calls)) {
  slim.paths[path] = Object.fromEntries(methods.map((method) => [method, bare(whole.paths[path][method])]));
}
const open = [slim.paths];
for (let part = open.pop(); part !== undefined; part = open.pop()) {
  for (const [, ref] of JSON.stringify(part).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const steps = ref.split("/");
    const last = steps.pop();
    let [from, to] = [whole, slim];
    for (const step of steps) {
      from = from[step];
      to = to[step] ??= {};
    }
    if (to[last] !== undefined) continue;
    to[last] = kept(last) ? bare(from[last]) : { type: "object" };
    open.push(to[last]);
  }
}
const out = fileURLToPath(new URL(`../test/forge/${forge.file}`, import.meta.url));
writeFileSync(out, `${JSON.stringify(slim)}\n`);
console.log(`${out}: ${Object.keys(slim.paths).length} paths, ${Math.round(JSON.stringify(slim).length / 1024)} KiB`);

function kept(definition) {
  return (
    forge.entities === undefined ||
    !/Entity$|^API_Entities_/.test(definition) ||
    forge.entities.includes(definition.replace("API_Entities_", ""))
  );
}

/** Without prose; `named`: a map of fields, which may be named like a piece of prose. */
function bare(value, named = false) {
  if (Array.isArray(value)) return value.map((one) => bare(one));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => named || (!forge.drop.includes(key) && !(key === "description" && typeof inner === "string")))
      .map(([key, inner]) => [key, bare(inner, key === "properties" && !named)]),
  );
}
