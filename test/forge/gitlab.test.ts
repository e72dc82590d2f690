/** The driver for GitLab against a forge that knows only what GitLab's description does: every call and every answer is held against it. It shows shape and protocol, not every rule. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { gitlabForge } from "./gitlab-lab.ts";
import { issueCases } from "./issue-cases.ts";
import { commonCases, failure, made, nothing, page } from "./other-cases.ts";
import { foundOut, inOther, noIdleException } from "./other-lab.ts";

commonCases(gitlabForge);

inOther(gitlabForge, "issues: what is meant over all pages, by numbers, and what there is not", (lab) =>
  issueCases(lab.driver(), lab.issues, false),
);

inOther(gitlabForge, "a label it does not know is made; labels it may not set become a note", async (lab) => {
  const pr = await made(lab);
  assert.equal(await lab.driver().extras(pr, { ...nothing, labels: ["agents", "nobody-knows"] }), []);
  assert.equal(lab.pages()[0]?.labels, ["agents", "nobody-knows"]);
  lab.served.next(gitlabForge.calls.update, { status: 403, body: { message: "403 Forbidden" } });
  assert.equal(await lab.driver().extras(pr, { ...nothing, labels: ["more"] }), [
    "labels (more) could not be set on the merge request: 403 Forbidden",
  ]);
});

inOther(gitlabForge, "auto-merge is asked for by the name that this GitLab knows, and every refusal becomes a note", async (lab) => {
  const pr = await made(lab);
  const merge = () => lab.driver().extras(pr, { ...nothing, autoMerge: "merge" });
  lab.speaks.autoMerge = "merge_when_pipeline_succeeds";
  assert.equal([await merge(), lab.pages()[0]?.autoMerge, lab.pages()[0]?.state], [[], "merge", "open"]);
  for (const status of [401, 406, 422]) {
    lab.served.next(gitlabForge.calls.merge, { status, body: { message: "Branch cannot be merged" } });
    assert.equal(await merge(), ["auto-merge could not be set on the merge request: Branch cannot be merged"]);
  }
});

inOther(gitlabForge, "that there is one already is understood of the status as of the words", async (lab) => {
  const message = ["Another open merge request already exists for this source branch: !1"];
  lab.served.next(gitlabForge.calls.create, { status: 422, body: { message } }, { status: 409, body: { message: "409 Conflict" } });
  for (let i = 0; i < 2; i++) assert.equal(await lab.driver().create(page(lab.repo, true)), { did: "exists" });
  lab.served.next(gitlabForge.calls.create, { status: 422, body: { message: ["Target project is not accessible"] } });
  assert.match((await failure(lab.driver().create(page(lab.repo, true)))).message, /\(422\): .*not accessible/);
});

inOther(gitlabForge, "checks are what the newest pipeline says; a person's may be without a text", async (lab) => {
  await made(lab);
  lab.change(1, { body: null });
  for (const [status, checks] of [
    [null, null],
    ["running", "pending"],
    ["success", "passing"],
    ["failed", "failing"],
    ["canceled", "failing"],
  ] as const) {
    lab.pipeline.status = status;
    const seen = await lab.driver().look(1);
    assert.equal([seen.checks, seen.body], [checks, ""]);
  }
});

test("calls and answers that are not as described are found out", async () => {
  const login = { "private-token": "secret" };
  const found = await foundOut(
    gitlabForge,
    "/api/v4",
    login,
    [
      ["POST", "/projects/5/merge_requests", { source_branch: "x", target_branch: "main", target_project_id: "5", draft: true }],
      ["GET", "/projects/5/merge_requests?state=open&head=x&per_page=all&source_branch=x&source_branch=y"],
      ["PUT", "/projects/5/merge_requests/1", { reviewer_ids: ["41"] }],
      ["PUT", "/projects/5/merge_requests/1/merge", { auto_merge: "true" }],
      ["PUT", "/projects/5/merge_requests/1/merge"],
      ["GET", "/users?name=x"],
      ["PATCH", "/projects/5/merge_requests/1", { title: "y" }],
      ["GET", "/projects/5", undefined, { authorization: "Basic secret" }],
      ["GET", "/projects/group%2Fsub%2Fproject/merge_requests/1"],
      ["GET", "/projects/group%2Fsub%2Fproject/merge_requests/1"],
    ],
    [{ status: 200, body: { iid: "1", web_link: "x", head_pipeline: { status: 1 } } }, { status: 418 }],
  );
  const requests = "/api/v4/projects/{id}/merge_requests";
  assert.equal(found, [
    `POST ${requests}: request must have required property 'title'`,
    `POST ${requests}: request /draft is not described`,
    `POST ${requests}: request /target_project_id is string, must be integer`,
    `GET ${requests}: query state must be equal to one of the allowed values`,
    `GET ${requests}: query head is not described`,
    `GET ${requests}: query per_page is string, must be integer`,
    `GET ${requests}: query source_branch is array, must be string`,
    `PUT ${requests}/{merge_request_iid}: request /reviewer_ids/* is string, must be integer`,
    `PUT ${requests}/{merge_request_iid}/merge: request /auto_merge is string, must be boolean`,
    `PUT ${requests}/{merge_request_iid}/merge: request body is missing`,
    "GET /api/v4/users: query name is not described",
    "PATCH /api/v4/projects/5/merge_requests/1 is not described",
    "GET /api/v4/projects/{id}: request has no token where one is described",
    `GET ${requests}/{merge_request_iid}: answer 200 /web_link is not described`,
    `GET ${requests}/{merge_request_iid}: answer 200 /iid is string, must be integer`,
    `GET ${requests}/{merge_request_iid}: answer 200 /head_pipeline/status is integer, must be string`,
    `GET ${requests}/{merge_request_iid}: answer 418 is not described`,
  ]);
});

noIdleException(gitlabForge);

test.run();
