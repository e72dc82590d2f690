/** The driver for Gitea and Forgejo against a forge that knows only what Forgejo's description does: every call and every answer is held against it. It shows shape and protocol, not every rule. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { giteaForge } from "./gitea-lab.ts";
import { issueCases } from "./issue-cases.ts";
import { commonCases, ends, failure, made, nothing, page } from "./other-cases.ts";
import { foundOut, inOther, noIdleException } from "./other-lab.ts";

commonCases(giteaForge);

inOther(giteaForge, "issues: what is meant over all pages, by numbers, and what there is not", (lab) =>
  issueCases(lab.driver(), lab.issues, true),
);

inOther(giteaForge, "a label it does not know becomes a note, and no label is set", async (lab) => {
  const notes = await lab.driver().extras(await made(lab), { ...nothing, labels: ["agents", "nobody-knows"] });
  assert.equal(notes, ["labels (agents, nobody-knows) could not be set on the pull request: the repository has no label nobody-knows"]);
  assert.equal(lab.pages()[0]?.labels, []);
});

inOther(giteaForge, "found among more than a page of others, one of them from a fork that is gone", async (lab) => {
  const driver = lab.driver();
  for (let i = 0; i < 60; i++) await driver.create({ ...page(lab.fork, false), branch: `copse/${i}` });
  lab.change(7, { from: "ghost/project:copse/docs" });
  await driver.create(page(lab.repo, false));
  assert.is((await driver.find(ends(lab.repo)))?.number, 61);
  assert.is(await driver.find(ends(lab.fork)), undefined);
});

inOther(giteaForge, "no commits between the branches is nothing to make", async (lab) => {
  lab.served.next(giteaForge.calls.create, { status: 422, body: { message: "No changes between the head and the base", url: "" } });
  assert.equal(await lab.driver().create(page(lab.repo, true)), { did: "nothing" });
  lab.served.next(giteaForge.calls.create, { status: 422, body: { message: "Invalid PullRequest: title is too long", url: "" } });
  assert.match((await failure(lab.driver().create(page(lab.repo, true)))).message, /\(422\): .*title is too long/);
});

test("calls and answers that are not as described are found out", async () => {
  const login = { authorization: "token secret" };
  const found = await foundOut(
    giteaForge,
    "/repos/me/project",
    login,
    [
      ["POST", "/pulls", { head: 5, base: "main", title: "x", body: "x", draft: true }],
      ["POST", "/pulls/1/merge", { merge_when_checks_succeed: "yes", Do: "octopus" }],
      ["POST", "/pulls/1/merge", { merge_when_checks_succeed: true }],
      ["GET", "/pulls?state=opened&page=0&sorted=yes"],
      ["GET", "/pulls/first"],
      ["POST", "/pulls/1/requested_reviewers"],
      ["PATCH", "/pulls/1", { title: "y" }, { ...login, "content-type": "application/x-www-form-urlencoded" }],
      ["PUT", "/pulls/1", { title: "y" }],
      ["GET", "/labels", undefined, {}],
      ["GET", "/pulls/1"],
      ["GET", "/pulls/1"],
    ],
    [{ status: 200, body: { number: "1", html_link: "x", head: { repo: { full_name: null } } } }, { status: 418 }],
  );
  const pulls = "/repos/{owner}/{repo}/pulls";
  assert.equal(found, [
    `POST ${pulls}: request /draft is not described`,
    `POST ${pulls}: request /head is integer, must be string`,
    `POST ${pulls}/{index}/merge: request /Do must be equal to one of the allowed values`,
    `POST ${pulls}/{index}/merge: request /merge_when_checks_succeed is string, must be boolean`,
    `POST ${pulls}/{index}/merge: request must have required property 'Do'`,
    `GET ${pulls}: query state must be equal to one of the allowed values`,
    `GET ${pulls}: query page must be >= 1`,
    `GET ${pulls}: query sorted is not described`,
    `GET ${pulls}/{index}: path index is string, must be integer`,
    `POST ${pulls}/{index}/requested_reviewers: request body is missing`,
    `PATCH ${pulls}/{index}: request body is application/x-www-form-urlencoded, and application/json is described`,
    "PUT /api/v1/repos/me/project/pulls/1 is not described",
    "GET /repos/{owner}/{repo}/labels: request has no token where one is described",
    `GET ${pulls}/{index}: answer 200 /html_link is not described`,
    `GET ${pulls}/{index}: answer 200 /head/repo/full_name is null, must be string`,
    `GET ${pulls}/{index}: answer 200 /number is string, must be integer`,
    `GET ${pulls}/{index}: answer 418 is not described`,
  ]);
});

noIdleException(giteaForge);

test.run();
