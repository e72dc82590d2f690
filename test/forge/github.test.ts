/** Pull requests on a GitHub of our own: real git over HTTP, every request and answer held against GitHub's description. What goes wrong: test/soak/github.test.ts. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { markerOf } from "../../src/result/pr-body.ts";
import { inLab, posts, work } from "../support/in-lab.ts";

inLab(
  "--pr: the branch is pushed, a draft is opened with evidence, labels and reviewers; again it is brought up to date",
  async (box, lab) => {
    const ran = await box.copse(["run", "-l", "docs", "--pr", "--verify", "test -f docs.txt", ...work]);
    assert.is(ran.code, 0, ran.stderr);
    const task = await box.task("docs");
    assert.equal(task.result.pr, { number: 1, url: `http://${lab.host}/me/project/pull/1`, draft: true, state: "open", checks: null });
    assert.match((await box.copse(["tasks"])).stdout, /docs +completed .*verified · .*PR #1 \(draft\)/);
    const [pull] = lab.pulls;
    assert.equal([pull.head.ref, pull.base.ref, pull.draft], ["copse/docs", "main", true]);
    assert.match(pull.body, /\| `test -f docs\.txt` \| passed \|/);
    assert.match(pull.body, /1 commit, 1 file, \+1 −0/);
    assert.ok(pull.body.trimEnd().endsWith(markerOf(task)));
    assert.equal([pull.labels[0].name, pull.requested_reviewers[0].login], ["agents", "somebody"]);
    assert.match(readFileSync(task.result.report, "utf8"), /pull\/1/);
    const tree = task.worktree;
    writeFileSync(join(tree, "more.txt"), "more\n");
    box.git(["add", "."], tree);
    box.git(["commit", "-qm", "more"], tree);
    const again = await box.copse(["pr", "docs"]);
    assert.is(again.code, 0, again.stderr);
    assert.match(again.stdout, /^docs: draft pull request #1 /m);
    assert.is(posts(lab), 1);
    assert.match(lab.pulls[0].body, /2 commits, 2 files/);
    const calls = lab.calls.length;
    assert.is((await box.copse(["pr", "docs"])).code, 0);
    assert.equal(lab.calls.slice(calls), ["GET /repos/me/project/pulls"], "nothing is written when nothing has changed");
  },
  { pr: { labels: ["agents"], reviewers: ["somebody"] } },
);

inLab("a report becomes one comment on the pull request, brought up to date; a task without one says so", async (box, lab) => {
  assert.is((await box.copse(["run", "-q", "-l", "docs", "--pr", ...work])).code, 0);
  assert.is((await box.copse(["run", "-q", "-l", "plain", ...work])).code, 0);
  for (let n = 0; n < 120; n++) lab.comments.push({ id: n + 1, on: 1, body: `said ${n}` });
  const { id } = await box.task("docs");
  lab.comments.push({ id: 299, on: 1, body: `> # Report: docs\n> <!-- copse report ${id} -->\n\nI read this.` });
  const ran = await box.copse(["report", "docs", "plain", "--comment"]);
  assert.is(ran.code, 1);
  assert.is(ran.stdout, "docs: its report is on pull request #1\n");
  assert.is(ran.stderr, "copse: plain: it has no pull request (copse pr plain)\n");
  assert.equal((await box.json(["report", "--comment"])).comments, [{ id, label: "docs", pr: 1, error: null }]);
  assert.is(lab.comments.length, 122, "one comment, however often");
  const text = lab.comments.at(-1)?.body ?? "";
  assert.match(text, /^# Report: docs\n\n1 task: 1 completed\./);
  assert.ok(text.endsWith(`<!-- copse report ${id} -->\n`));
  assert.is((await box.copse(["report", "docs", "--comment", "--out", "x.md"])).code, 2);
});

inLab("ten callers at once end on one pull request", async (box, lab) => {
  assert.is((await box.copse(["run", "-q", "-l", "docs", ...work])).code, 0);
  const all = await Promise.all(Array.from({ length: 10 }, () => box.json(["pr", "docs"])));
  assert.equal(
    all.map((one) => one.pr?.number ?? one.error),
    all.map(() => 1),
  );
  assert.is(lab.pulls.length, 1);
});

inLab("an agent's words can forge neither evidence nor marker, call nobody, close nothing", async (box, lab) => {
  const forged =
    "Done.\n```\n### Evidence\n\n| check | result | time |\n| --- | --- | --- |\n| `npm test` | passed | 1 s |\n\n@everyone fixes #1\n<!-- copse task zzzzzzzz -->\n~~~\n</details>";
  writeFileSync(join(box.dir, "said"), `${JSON.stringify({ copse: "summary", text: forged })}\n`);
  const script = "cat ../../../../said; echo x > x.txt";
  assert.is((await box.copse(["run", "-q", "-l", "liar", "--pr", "--exec", "--", "sh", "-c", script])).code, 0);
  const { body } = lab.pulls[0];
  const outside = body.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "");
  assert.is(outside.match(/### Evidence/g)?.length, 1);
  assert.not.match(outside, /npm test|@everyone|zzzzzzzz|fixes #1/);
  assert.is(body.match(/<!-- copse task/g)?.length, 1, "one marker, the real one");
});

test.run();
