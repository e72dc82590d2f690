/** Pull requests when things go wrong or are otherwise than usual: refusals, limits, forks, logins, crashes. On a GitHub of our own, held against GitHub's description. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inLab, posts, work } from "../support/in-lab.ts";
import { waitFor } from "../support/sandbox.ts";

inLab("two machines at once: the forge says it exists, and that one is taken", async (box, lab) => {
  assert.is((await box.copse(["run", "-q", "-l", "docs", ...work])).code, 0);
  const other = { env: { COPSE_STATE_DIR: join(box.dir, "elsewhere") } };
  lab.fail("POST /repos/me/project/pulls", 1, 422, {
    message: "Validation Failed",
    errors: [{ message: "A pull request already exists for me:copse/docs." }],
  });
  const first = await box.copse(["pr", "docs"]);
  assert.is(first.code, 1);
  assert.match(first.stderr, /shows none/);
  assert.is((await box.copse(["pr", "docs"])).code, 0);
  assert.is(lab.pulls.length, 1);
  assert.ok(other);
});

inLab(
  "a person's pull request is adopted, its text left alone; a branch with somebody else's commits is not overwritten",
  async (box, lab) => {
    assert.is((await box.copse(["run", "-q", "-l", "docs", "--deliver", "branch", ...work])).code, 0);
    const made = await fetch(`http://${lab.host}/api/v3/repos/me/project/pulls`, {
      method: "POST",
      headers: { authorization: "token secret-token" },
      body: JSON.stringify({ title: "Mine", body: "My words", head: "copse/docs", base: "main" }),
    });
    assert.is(made.status, 201);
    const ran = await box.copse(["pr", "docs"]);
    assert.is(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /#1 for this branch is somebody's own; its text is left as it is/);
    assert.equal([lab.pulls[0].title, lab.pulls[0].body], ["Mine", "My words"]);
    const clone = join(box.dir, "clone");
    box.git(["clone", "-q", "-b", "copse/docs", lab.gitDir("me", "project"), clone]);
    writeFileSync(join(clone, "theirs.txt"), "theirs\n");
    box.git(["add", "."], clone);
    box.git(["commit", "-qm", "theirs"], clone);
    box.git(["push", "-q"], clone);
    const theirs = box.git(["rev-parse", "HEAD"], clone).trim();
    const refused = await box.copse(["pr", "docs"]);
    assert.is(refused.code, 4);
    assert.match(refused.stderr, /copse\/docs on origin holds commits .* that the task does not have/);
    assert.is(box.git(["-C", lab.gitDir("me", "project"), "rev-parse", "copse/docs"]).trim(), theirs);
  },
);

inLab(
  "what is best effort fails as a note; what passes is waited out",
  async (box, lab) => {
    lab.fail("POST /repos/me/project/pulls", 1, 502, { message: "Bad gateway" });
    const ran = await box.copse(["run", "-l", "docs", "--pr", ...work]);
    assert.is(ran.code, 0, ran.stderr);
    const { notes, result, state } = await box.task("docs");
    assert.equal([state, result.pr.number, lab.pulls.length], ["completed", 1, 1]);
    assert.match(
      notes.join("\n"),
      /labels \(nobody-knows\) could not be set on the pull request: Validation Failed; nobody-knows is unknown/,
    );
    assert.match(notes.join("\n"), /reviewers \(me\) could not be set .* pull request author/);
    assert.match(notes.join("\n"), /auto-merge could not be set .*: it is a draft/);
  },
  { pr: { labels: ["nobody-knows"], reviewers: ["me"], autoMerge: "squash" } },
);

inLab("a secondary rate limit is waited for as it says", async (box, lab) => {
  box.env["COPSE_FORGE_PAUSE"] = "on";
  lab.fail("POST /repos/me/project/pulls", 1, 403, { message: "You have exceeded a secondary rate limit." }, { "retry-after": "1" });
  assert.is((await box.copse(["run", "-q", "-l", "docs", "--pr", ...work])).code, 0);
  assert.is((await box.task("docs")).result.pr.number, 1);
});

for (const [rule, end] of [
  ["off", "open"],
  ["on", "open"],
  ["clean", "closed"],
] as const)
  inLab(
    `auto-merge ${rule}`,
    async (box, lab) => {
      lab.rules.autoMerge = rule;
      assert.is((await box.copse(["run", "-q", "-l", "docs", "--pr", ...work])).code, 0);
      const { notes } = await box.task("docs");
      assert.is(lab.pulls[0].state, end);
      if (rule === "off") assert.match(notes.join(), /auto-merge could not be set .*not allowed for this repository/);
      else assert.equal(notes, []);
    },
    { pr: { draft: false, autoMerge: "squash" } },
  );

inLab("from a fork, into upstream", async (box, lab) => {
  box.git(["remote", "add", "upstream", lab.repository("them", "project")]);
  box.git(["push", "-q", lab.gitDir("them", "project"), "main"]);
  assert.is((await box.copse(["run", "-l", "docs", "--pr", ...work])).code, 0);
  const { result } = await box.task("docs");
  assert.is(result.pr?.url, `http://${lab.host}/them/project/pull/1`);
  assert.equal([lab.pulls[0].head.label, lab.pulls[0].base.label], ["me:copse/docs", "them:main"]);
});

inLab("no changes: no pull request; no login, or a forge nobody knows: pushed, and a link", async (box, lab) => {
  assert.is((await box.copse(["run", "-q", "-l", "idle", "--pr", "--exec", "--", "true"])).code, 0);
  assert.equal((await box.task("idle")).result.pr, null);
  assert.is(posts(lab), 0);
  delete box.env["GH_ENTERPRISE_TOKEN"];
  assert.is((await box.copse(["run", "-q", "-l", "docs", "--pr", ...work])).code, 0);
  const { notes, state } = await box.task("docs");
  assert.is(state, "completed");
  assert.match(
    notes.join(),
    new RegExp(`there is no login for ${lab.host}.*; open it here: https://${lab.host}/me/project/compare/main...copse%2Fdocs`),
  );
  box.git(["-C", lab.gitDir("me", "project"), "rev-parse", "copse/docs"]);
  const refused = await box.copse(["pr", "docs"], { env: { GH_ENTERPRISE_TOKEN: "wrong" } });
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /GitHub \(401\): Bad credentials\n {2}The login is refused/);
});

inLab("--dry-run prints all of it and asks nobody", async (box, lab) => {
  assert.is((await box.copse(["run", "-q", "-l", "docs", ...work])).code, 0);
  const ran = await box.copse(["pr", "docs", "--dry-run"]);
  assert.is(ran.code, 0, ran.stderr);
  assert.match(
    ran.stdout,
    /^push copse\/docs to origin[\s\S]*pull request into main, as a draft[\s\S]*### Evidence[\s\S]*<!-- copse task /,
  );
  assert.equal(lab.calls, []);
  assert.is(box.git(["-C", lab.gitDir("me", "project"), "branch", "--list", "copse/*"]), "");
});

const steps = ["run-ended", "checked", "pushed", "delivered"].flatMap((name) => [`before-${name}`, `after-${name}`]);
for (const point of [...steps, "pr-create", "pr-created"])
  inLab(`the runner killed at "${point}": one pull request, the agent ran once, and the next runner finishes`, async (box, lab) => {
    const token = join(box.dir, "token");
    box.env["COPSE_CRASH_AT"] = `${point}:1:${token}`;
    writeFileSync(token, "");
    const count = join(box.dir, "count");
    const script = `echo run >> ${count}; echo committed > c.txt; git add c.txt; git commit -qm own; echo left > l.txt`;
    await box.copse(["run", "-b", "-q", "-l", "docs", "--pr", "--verify", "test -f l.txt", "--exec", "--", "sh", "-c", script]);
    await waitFor(async () => {
      await box.copse(["wait", "docs", "--timeout", "1s"]);
      return (await box.task("docs")).state === "completed";
    }, "its end");
    assert.not.ok(existsSync(token), "it was killed there");
    const task = await box.task("docs");
    assert.equal([task.result.pr.number, task.result.commits, task.verify.status, lab.pulls.length], [1, 2, "verified", 1]);
    assert.is(readFileSync(count, "utf8"), "run\n");
    const tip = box.git(["rev-parse", "copse/docs"]);
    assert.is(box.git(["-C", lab.gitDir("me", "project"), "rev-parse", "copse/docs"]), tip, "what is proposed is what is here");
    assert.is(box.git(["log", "--format=%s", "main..copse/docs"]).trim().split("\n").at(-1), "own");
    assert.equal((await box.json(["pr", "docs"])).pr.number, 1, "and again it is the same one");
  });

test.run();
