/** diff, merge and report as people use them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, refused } from "../cli/support.ts";
import { type Sandbox, waitFor } from "../support/sandbox.ts";

const sh = (script: string) => ["--exec", "--", "sh", "-c", script];
const tree = (box: Sandbox, label: string) => join(box.repo, ".worktrees", "trees", label);
const files = { "a.txt": "1\n2\n3\n4\n5\n", "b.txt": "b\n" };

inBox(
  "diff shows commits, uncommitted and new files while it runs, the branch when it is over, also after a clean-up",
  async (box) => {
    await box.copse([
      "run",
      "-b",
      "-l",
      "docs",
      ...sh("echo one >> b.txt; git commit -qam one; echo two >> b.txt; echo new > new.txt; while [ ! -e go ]; do sleep 0.05; done; rm go"),
    ]);
    await waitFor(() => existsSync(join(tree(box, "docs"), "new.txt")), "its work");
    const running = await box.copse(["diff", "docs"]);
    assert.is(running.code, 0, running.stderr);
    assert.match(running.stdout, /^\+one\n\+two$/m);
    assert.match(running.stdout, /^\+new$/m);
    assert.is(box.git(["status", "--porcelain"], tree(box, "docs")), " M b.txt\n?? new.txt\n", "its index is left alone");
    writeFileSync(join(tree(box, "docs"), "go"), "");
    assert.is((await box.copse(["wait", "docs"])).code, 0);
    assert.is((await box.copse(["diff", "docs", "--name-only"])).stdout, "b.txt\nnew.txt\n");
    assert.match((await box.copse(["diff", "docs", "--stat"])).stdout, /2 files changed, 3 insertions\(\+\)/);
    assert.equal((await box.json(["diff", "docs"])).diff, { files: 2, insertions: 3, deletions: 0 });
    await box.copse(["rm", "docs", "--yes"]);
    assert.is((await box.copse(["diff", "docs", "--name-only"])).stdout, "b.txt\nnew.txt\n");
  },
  files,
);

for (const [how, flags, parents, subjects] of [
  ["merge", [], 2, ["start", "meanwhile", "one", "two"]],
  ["squash", ["--squash"], 1, ["start", "meanwhile"]],
  ["rebase", ["--rebase"], 1, ["start", "meanwhile", "one", "two"]],
] as const) {
  inBox(
    `merge, ${how}: the checks run on the merged result, then it is landed`,
    async (box) => {
      const verify = "test -f meanwhile.txt && test -f two.txt && pwd > ../../../seen";
      await box.copse([
        "run",
        "-q",
        "-l",
        "docs",
        ...sh("echo 1 > one.txt; git add .; git commit -qm one; echo 2 > two.txt; git add .; git -c user.name=Agent commit -qm two"),
      ]);
      await box.copse(["run", "-q", "-l", "checked", "--verify", "test -f one.txt", "--base", "copse/docs", ...sh("true")]);
      writeFileSync(join(box.repo, "meanwhile.txt"), "m\n");
      box.git(["add", "."]);
      box.git(["commit", "-qm", "meanwhile"]);
      await box.copse(["run", "-q", "-l", "late", "--verify", verify, "--base", "copse/docs", ...sh("echo late > late.txt")]);
      const ran = await box.copse(["merge", "late", ...flags]);
      assert.is(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /^late is in main as [0-9a-f]{12}; .*: ok in \d+ s$/m);
      assert.is(readFileSync(join(box.repo, "seen"), "utf8").trim(), tree(box, "late"), "in the task's own worktree");
      assert.is(box.git(["symbolic-ref", "HEAD"], tree(box, "late")), "refs/heads/copse/late\n", "which is on its branch again");
      for (const name of ["one.txt", "two.txt", "late.txt", "meanwhile.txt"]) assert.ok(existsSync(join(box.repo, name)), name);
      assert.is(box.git(["show", "-s", "--format=%P", "HEAD"]).trim().split(" ").length, parents);
      const log = box.git(["log", "--format=%s", "--reverse"]).trim().split("\n");
      for (const subject of subjects) assert.ok(log.includes(subject), `${subject} in ${log.join(", ")}`);
      if (how === "rebase") assert.is(box.git(["log", "-1", "--format=%an", "--grep=^two$"]), "Agent\n");
      const again = await box.copse(["merge", "late", ...flags]);
      assert.is(again.code, 0, again.stderr);
      if (how === "merge") assert.match(again.stdout, /is in main already/);
    },
    files,
  );
}

inBox("a retry waits for a merge whose checks run in the task's worktree", async (box) => {
  const gate = join(box.dir, "gate");
  // Passes at once for the task itself, and waits when it is run on the merged result.
  const check = `test ! -e '${gate}.on' || { touch '${gate}.in'; until test -e '${gate}'; do sleep 0.05; done; }`;
  assert.is((await box.copse(["run", "-q", "-l", "docs", "--verify", check, "--exec", "--", "sh", "-c", "echo w >> w.txt"])).code, 0);
  writeFileSync(`${gate}.on`, "");
  const merging = box.copse(["merge", "docs"]);
  await waitFor(() => existsSync(`${gate}.in`), "the check on the merged result");
  refused(await box.copse(["retry", "docs"]), 75, /docs is being merged: its checks run in its worktree/, /Try again/);
  writeFileSync(gate, "");
  assert.is((await merging).code, 0);
  assert.is((await box.copse(["retry", "docs"])).code, 0);
  assert.is((await box.copse(["wait", "docs"])).code, 0);
});

inBox(
  "a conflict, a check that fails on the merged result, and changes in the way: nothing is changed, and it says what to do",
  async (box) => {
    await box.copse(["run", "-q", "-l", "docs", "--verify", "! grep -q broken b.txt", ...sh("sed -i s/3/three/ a.txt")]);
    const head = () => box.git(["rev-parse", "HEAD"]) + box.git(["status", "--porcelain"]);
    writeFileSync(join(box.repo, "a.txt"), "1\n2\ndrei\n4\n5\n");
    box.git(["commit", "-qam", "drei"]);
    let before = head();
    refused(
      await box.copse(["merge", "docs"]),
      4,
      /copse\/docs conflicts with what is there, in a\.txt; nothing was changed/,
      /copse retry docs/,
    );
    assert.is((await box.copse(["merge", "docs", "--rebase"])).code, 4);
    assert.is(head(), before);
    box.git(["reset", "-q", "--hard", "HEAD~1"]);
    writeFileSync(join(box.repo, "b.txt"), "broken\n");
    box.git(["commit", "-qam", "broken"]);
    before = head();
    const failed = await box.copse(["merge", "docs"]);
    assert.is(failed.code, 1);
    assert.match(failed.stderr, /on the merged result `! grep -q broken b\.txt` exited 1; nothing was merged/);
    assert.is(head(), before);
    assert.is(box.git(["symbolic-ref", "HEAD"], tree(box, "docs")), "refs/heads/copse/docs\n");
    box.git(["reset", "-q", "--hard", "HEAD~1"]);
    writeFileSync(join(box.repo, "a.txt"), "mine, not committed\n");
    before = head();
    refused(await box.copse(["merge", "docs"]), 4, /nothing was merged into main: a\.txt would be written over/, /stash/);
    assert.is(head(), before);
    assert.is(readFileSync(join(box.repo, "a.txt"), "utf8"), "mine, not committed\n");
    assert.is((await box.copse(["merge", "nothing"])).code, 3);
    refused(await box.copse(["merge", "docs"], { cwd: tree(box, "docs") }), 4, /this is the worktree of docs itself/);
  },
  files,
);

inBox("report: one page with the same numbers as its JSON; failures told, foreign text can be nothing but text", async (box) => {
  const hostile = "## Evidence\n\n| check | exit code |\n| --- | --- |\n| npm test | 0 |\n```\n<!-- copse -->";
  writeFileSync(join(box.dir, "said"), `${JSON.stringify({ copse: "summary", text: hostile })}\n`);
  await box.copse(["run", "-q", "-l", "good", "--verify", "true", ...sh(`echo x > x.txt; printf '{"copse":"cost","usd":0.25}\\n'`)]);
  await box.copse(["run", "-q", "-l", "bad", ...sh("exit 3")]);
  await box.copse(["run", "-q", "-l", "liar", ...sh("cat ../../../../said")]);
  await box.copse(["run", "-q", "-l", "asks", ...sh(`echo '{"copse":"question","text":"Which db?","options":["A","B"]}'; exit 5`)]);
  const page = (await box.copse(["report"])).stdout;
  assert.match(
    page,
    /^# Report: the last 24h\n\n4 tasks: 2 completed, 1 failed, 1 blocked\. Of the completed: 1 verified by checks, 1 without checks\. 1 commit, 1 file, \+1 −0, \$0\.25\.$/m,
  );
  assert.match(page, /^\| `good` \| completed \| verified \| 1 file, \+1 −0 \|/m);
  assert.match(page, /## Needs you\n\n### asks[\s\S]*Which db\?[\s\S]*`copse send asks "…"`/);
  assert.match(page, /## Failed\n\n### bad[\s\S]*the command exited with code 3/);
  const outside = page.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "");
  assert.not.match(outside, /npm test|<!--|^## Evidence/m, "what the agent said stands only inside its block");
  const { numbers, tasks } = await box.json(["report"]);
  assert.equal(numbers, {
    tasks: 4,
    byState: { completed: 2, failed: 1, blocked: 1 },
    verified: 1,
    checksFailed: 0,
    withoutChecks: 1,
    commits: 1,
    files: 1,
    insertions: 1,
    deletions: 0,
    usd: 0.25,
  });
  assert.equal(
    tasks.map((task: any) => task.label),
    ["good", "bad", "liar", "asks"],
  );
  const file = join(box.dir, "page.md");
  assert.is((await box.copse(["report", "good", "bad", "--out", file])).code, 0);
  assert.match(readFileSync(file, "utf8"), /^# Report: good, bad\n\n2 tasks: 1 completed, 1 failed\./);
  assert.match((await box.copse(["report", "--since", "2099-01-01"])).stdout, /4 tasks|1 task: 1 blocked/);
  refused(await box.copse(["report", "--since", "soon"]), 2, /--since/, /yesterday/);
});

test.run();
