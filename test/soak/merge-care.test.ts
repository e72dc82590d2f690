/** What a merge must not write over: files git ignores, edits made while its checks run, a branch the person has gone to meanwhile, what only a merge of the agent's settled. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, refused } from "../cli/support.ts";
import { type Sandbox, waitFor } from "../support/sandbox.ts";

const sh = (script: string) => ["--exec", "--", "sh", "-c", script];
const tree = (box: Sandbox, label: string) => join(box.repo, ".worktrees", "trees", label);
const files = { "a.txt": "a\n", "b.txt": "b\n", ".gitignore": ".env\n*.local\n" };

inBox(
  "an ignored file of the person's is not written over, in the checkout or in the task's worktree",
  async (box) => {
    writeFileSync(join(box.repo, ".env"), "the person's\n");
    await box.copse(["run", "-q", "-l", "env", ...sh("echo agent > .env; git add -f .env; git commit -qm env")]);
    const before = box.git(["rev-parse", "HEAD"]);
    refused(await box.copse(["merge", "env"]), 4, /nothing was merged into main: \.env would be written over/, /move away/);
    assert.is(readFileSync(join(box.repo, ".env"), "utf8"), "the person's\n");
    assert.is(box.git(["rev-parse", "HEAD"]), before);
    await box.copse(["run", "-q", "-l", "checked", "--verify", "true", ...sh("echo c > c.txt; echo kept > own.local")]);
    writeFileSync(join(box.repo, "own.local"), "main's\n");
    box.git(["add", "-f", "own.local"]);
    box.git(["commit", "-qm", "own"]);
    refused(await box.copse(["merge", "checked"]), 4, /the merged result cannot be put into .*own\.local/s, /--no-verify/);
    assert.is(readFileSync(join(tree(box, "checked"), "own.local"), "utf8"), "kept\n");
    assert.is(box.git(["symbolic-ref", "HEAD"], tree(box, "checked")), "refs/heads/copse/checked\n");
  },
  files,
);

const waits = "touch ../../../checking; i=0; while [ ! -e ../../../go ] && [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done";

inBox(
  "edits made in the worktree while the checks run are kept, and the worktree is where it was",
  async (box) => {
    await box.copse(["run", "-q", "-l", "docs", ...sh("echo work > work.txt")]);
    await box.copse(["run", "-q", "-l", "late", "--verify", "true", "--base", "copse/docs", ...sh("echo late > late.txt")]);
    writeFileSync(join(box.repo, ".gitignore"), ".env\n*.local\nchecking\ngo\n");
    box.git(["commit", "-qam", "meanwhile"]);
    await box.copse([
      "run",
      "-q",
      "-l",
      "slow",
      "--base",
      "main~1",
      "--verify",
      `[ ! -e ../../../merging ] || { ${waits}; }`,
      ...sh("echo s > s.txt"),
    ]);
    box.git(["checkout", "-q", "-b", "another"], tree(box, "slow"));
    writeFileSync(join(box.repo, "merging"), "");
    const merging = box.copse(["merge", "slow"]);
    await waitFor(() => existsSync(join(box.repo, "checking")), "the check");
    writeFileSync(join(tree(box, "slow"), "a.txt"), "edited by a person meanwhile\n");
    writeFileSync(join(box.repo, "go"), "");
    const { code, stderr } = await merging;
    assert.is(code, 0, stderr);
    const [, ref = ""] = /the changes are kept as (refs\/copse\/rescue\/\S+)/.exec(stderr) ?? [];
    assert.is(box.git(["show", `${ref}:a.txt`]), "edited by a person meanwhile\n");
    assert.is(box.git(["symbolic-ref", "HEAD"], tree(box, "slow")), "refs/heads/another\n");
    assert.is(box.git(["show", "main:s.txt"]), "s\n");
  },
  files,
);

inBox(
  "a person who goes to another branch while the checks run gets nothing merged into that one",
  async (box) => {
    await box.copse(["run", "-q", "-l", "slow", "--verify", `[ ! -e ../../../merging ] || { ${waits}; }`, ...sh("echo s > s.txt")]);
    writeFileSync(join(box.repo, "merging"), "");
    const merging = box.copse(["merge", "slow"]);
    await waitFor(() => existsSync(join(box.repo, "checking")), "the check");
    box.git(["switch", "-q", "-c", "feature"]);
    writeFileSync(join(box.repo, "go"), "");
    refused(
      { ...(await merging), stdout: "", stderr: (await merging).stderr.replace(/^checking .*\n/, "") },
      4,
      /main has changed meanwhile; nothing was merged/,
    );
    assert.is(box.git(["rev-parse", "main"]), box.git(["rev-parse", "feature"]));
  },
  files,
);

inBox(
  "a rebase refuses what only a merge of the agent's has settled; a squash takes it",
  async (box) => {
    const script =
      "echo mine > m.txt; git add .; git commit -qm mine; git merge -q --no-commit --no-ff side; echo settled > settled.txt; git add .; git commit -qm merged";
    box.git(["checkout", "-q", "-b", "side"]);
    writeFileSync(join(box.repo, "side.txt"), "side\n");
    box.git(["add", "."]);
    box.git(["commit", "-qm", "side"]);
    box.git(["checkout", "-q", "main"]);
    await box.copse(["run", "-q", "-l", "evil", ...sh(script)]);
    refused(await box.copse(["merge", "evil", "--rebase"]), 4, /merges in it whose changes a rebase would leave out/, /--squash/);
    assert.is((await box.copse(["merge", "evil", "--squash"])).code, 0);
    assert.is(box.git(["show", "main:settled.txt"]), "settled\n");
  },
  files,
);

test.run();
