/** What an agent leaves is kept, whatever state it leaves its worktree in. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, run, settled } from "../support/run-script.ts";
import { type Sandbox, sandbox } from "../support/sandbox.ts";

const show = (box: Sandbox, label: string, path: string) => box.git(["show", `copse/${label}:${path}`]);
const clean = (box: Sandbox, dir: string) => assert.is(box.git(["status", "--porcelain"], dir), "");

test("untracked, deleted and modified files, odd names and modes are committed as they are", async () => {
  const box = await sandbox({ "keep.txt": "k\n", "change.txt": "old\n", "delete.txt": "d\n", "crlf.txt": "a\n", "dir/inner.txt": "i\n" });
  try {
    box.git(["config", "core.safecrlf", "true"]);
    box.git(["config", "core.autocrlf", "input"]);
    const script = [
      "echo new > change.txt; rm delete.txt; rm -r dir; mkdir -p fresh/deep; echo f > fresh/deep/f.txt",
      "printf 'x\\n' > \"$(printf 'new\\nline.txt')\"; echo e > 'emoji 🐛.txt'; echo d > ./-dash.txt; echo q > '\"quote\".txt'; echo t > \"$(printf 'tab\\there.txt')\"",
      "echo s > ':(exclude)x'; echo s > '*.glob'; printf 'a\\r\\nb\\n' > crlf.txt; printf '#!/bin/sh\\n' > tool; chmod +x tool; ln -s keep.txt link; printf '\\000\\377' > bin.dat",
    ].join("\n");
    const task = await run(box, "odd", script);
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(task.result.commits, 1);
    assert.is(show(box, "odd", "change.txt"), "new\n");
    assert.equal(
      box
        .git(["diff", "-z", "--name-status", "--no-renames", task.base, "copse/odd"])
        .split("\0")
        .filter((_, i) => i % 2 === 1)
        .sort(),
      [
        '"quote".txt',
        "*.glob",
        "-dash.txt",
        ":(exclude)x",
        "bin.dat",
        "change.txt",
        "crlf.txt",
        "delete.txt",
        "dir/inner.txt",
        "emoji 🐛.txt",
        "fresh/deep/f.txt",
        "link",
        "new\nline.txt",
        "tab\there.txt",
        "tool",
      ].sort(),
    );
    assert.match(box.git(["ls-tree", "copse/odd", "tool", "link"]), /120000 .*link\n100755 .*tool/);
    assert.is(task.result.diff.files, 15);
    assert.match(box.git(["log", "-1", "--format=%an <%ae>%n%B", "copse/odd"]), /^Test <test@example.com>\n/);
    assert.match(box.git(["log", "-1", "--format=%B", "copse/odd"]), /committed by Copse so that nothing is lost/);
    clean(box, task.worktree);
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("an agent's own commits are kept as they are, and what it leaves besides comes on top", async () => {
  const box = await sandbox();
  try {
    const own = await run(
      box,
      "own",
      "echo 1 > one.txt; git add -A; git commit -qm 'its own words'; echo 2 > two.txt; git add -A; git commit -qm second",
    );
    assert.is(own.result.commits, 2);
    assert.equal(
      box
        .git(["log", "--format=%s", `${own.base}..copse/own`])
        .trim()
        .split("\n"),
      ["second", "its own words"],
    );
    const more = await run(
      box,
      "more",
      "echo 1 > one.txt; git add -A; git commit -qm own; echo 2 > two.txt; git add two.txt; echo 3 > three.txt",
    );
    assert.is(more.result.commits, 2);
    assert.is(show(box, "more", "three.txt"), "3\n");
    const none = await run(box, "none", "true");
    assert.is(none.state, "completed");
    assert.is(none.result.outcome, "no-changes");
    assert.is(none.result.commits, 0);
    assert.match((await box.copse(["show", "none"])).stdout, /finished, no changes/);
    assert.match((await box.copse(["tasks"])).stdout, /none .*finished, no changes/);
    assert.match(readFileSync(none.result.report, "utf8"), /Finished, no changes/);
    const failed = await run(box, "failed", "echo x > half.txt; exit 3");
    assert.is(failed.state, "failed");
    assert.is(show(box, "failed", "half.txt"), "x\n", "a failed task's work is kept as well");
    const reverted = await run(box, "reverted", "echo x > x; git add x; git commit -qm x; git rm -q x; git commit -qm back");
    assert.is(reverted.result.outcome, "changes");
    assert.is(reverted.result.diff.files, 0);
  } finally {
    await box.close();
  }
});

test("in the middle of a merge, rebase or cherry-pick: left as it is, and told", async () => {
  const box = await sandbox();
  try {
    const conflict =
      "echo theirs > a.txt; git commit -qam theirs; git branch theirs; git reset -q --hard HEAD~1; echo ours > a.txt; git commit -qam ours; echo note > untracked.txt;";
    for (const [label, what, command] of [
      ["merging", "merge", "git merge theirs"],
      ["rebasing", "rebase", "git rebase theirs"],
      ["picking", "cherry-pick", "git cherry-pick theirs"],
    ] as const) {
      const task = await run(box, label, `${conflict} ${command} > /dev/null 2>&1; git branch -qm theirs theirs-${label}; true`);
      assert.is(task.state, "completed", JSON.stringify(task.failure));
      assert.match(
        task.notes.join("\n"),
        `the worktree is in the middle of a ${what}; its uncommitted files are left as they are in ${task.worktree}`,
      );
      assert.is(task.notes.length, 2, "and nothing else is told than of the branch it made");
      assert.match(task.notes[1], new RegExp(`^while it ran, refs changed: theirs-${label} \\(none\\) → [0-9a-f]{8} \\(`));
      assert.is(show(box, label, "a.txt"), "ours\n", "the branch stands where the agent left it");
      assert.match(readFileSync(join(task.worktree, "a.txt"), "utf8"), /<<<<<<</);
      assert.is(readFileSync(join(task.worktree, "untracked.txt"), "utf8"), "note\n");
      assert.is(task.result.outcome, "changes");
      const report = readFileSync(task.result.report, "utf8");
      assert.match(report, `in the middle of a ${what}`);
      assert.match(report, /untracked\.txt/);
      assert.throws(() => box.git(["show", `copse/${label}:untracked.txt`]));
    }
    box.git(["clone", "-q", "--bare", box.repo, "../origin.git"]);
    box.git(["remote", "add", "origin", join(box.dir, "origin.git")]);
    const pushed = await run(box, "no-push", `${conflict} git merge theirs > /dev/null 2>&1; true`, { flags: ["--deliver", "branch"] });
    assert.is(pushed.state, "failed");
    assert.is(pushed.failure.stage, "deliver");
    assert.match(pushed.failure.message, /in the middle of a merge/);
    box.git(["checkout", "-q", "--theirs", "a.txt"], pushed.worktree);
    box.git(["add", "-A"], pushed.worktree);
    box.git(["commit", "-qm", "merged by a person"], pushed.worktree);
    await box.copse(["retry", "no-push"]);
    const again = await settled(box, "no-push");
    assert.is(again.state, "completed", JSON.stringify(again.failure));
    assert.is(again.attempt, 1, "the agent was not run again");
    assert.is(box.git(["ls-remote", "origin", "refs/heads/copse/no-push"]).slice(0, 40), box.git(["rev-parse", "copse/no-push"]).trim());
  } finally {
    await box.close();
  }
});

test("an agent that switches branch, detaches, renames or deletes its branch: the branch has its work, or it is told where that is", async () => {
  const box = await sandbox();
  try {
    const work = "echo c > c.txt; git add -A; git commit -qm c; echo left > left.txt";
    for (const [label, leave, words] of [
      ["new-branch", "git checkout -q -b agents-own", /worked on the branch agents-own; its work is on copse\/new-branch/],
      ["detached", "git checkout -q --detach", /worked on a detached HEAD; its work is on copse\/detached/],
      ["renamed", "git branch -m another", /worked on the branch another/],
      ["deleted", "git checkout -q --detach; git branch -D copse/deleted", /worked on a detached HEAD/],
    ] as const) {
      const task = await run(box, label, `${leave}; ${work}`);
      assert.is(task.state, "completed", `${label}: ${JSON.stringify(task.failure)}`);
      assert.match(task.notes.join("\n"), words);
      assert.is(show(box, label, "c.txt"), "c\n");
      assert.is(show(box, label, "left.txt"), "left\n");
      assert.is(
        box.git(["symbolic-ref", "HEAD"], task.worktree).trim(),
        `refs/heads/copse/${label}`,
        "a retry finds the worktree on its branch",
      );
      clean(box, task.worktree);
    }
    // A branch of the person's: nothing of ours goes onto it.
    box.git(["branch", "persons"]);
    const persons = box.git(["rev-parse", "persons"]);
    const onto = await run(box, "onto", "git checkout -q persons; echo left > left.txt");
    assert.is(box.git(["rev-parse", "persons"]), persons);
    assert.is(show(box, "onto", "left.txt"), "left\n");
    assert.match(onto.notes.join("\n"), /worked on the branch persons/);
    // Elsewhere altogether: its branch is not bent, and the work is kept and told.
    const tree = box.git(["rev-parse", "HEAD^{tree}"]).trim();
    const other = box.git(["commit-tree", "-m", "other root", tree]).trim();
    box.git(["update-ref", "refs/heads/other", other]);
    const away = await run(box, "away", "echo mine > own.txt; git add -A; git commit -qm own; git checkout -q other; echo left > left.txt");
    assert.is(show(box, "away", "own.txt"), "mine\n");
    assert.is(box.git(["rev-parse", "other"]).trim(), other, "nor is the branch it went to");
    const [, ref] = /kept as (refs\/copse\/rescue\/\S+)/.exec(away.notes.join("\n")) ?? [];
    assert.is(box.git(["show", `${ref}:left.txt`]), "left\n");
    const orphan = await run(box, "orphan", "git checkout -q --orphan fresh; echo o > o.txt");
    const [, kept] = /kept as (refs\/copse\/rescue\/\S+)/.exec(orphan.notes.join("\n")) ?? [];
    assert.is(box.git(["show", `${kept}:o.txt`]), "o\n");
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("an agent that only looked elsewhere at the end: what is told and pushed is its branch", async () => {
  const box = await sandbox();
  try {
    box.git(["clone", "-q", "--bare", box.repo, "../origin.git"]);
    box.git(["remote", "add", "origin", join(box.dir, "origin.git")]);
    box.git(["fetch", "-q"]);
    const two = "echo 1 > one.txt; git add -A; git commit -qm one; echo 2 > two.txt; git add -A; git commit -qm two";
    for (const [label, leave, back] of [
      ["earlier", "git checkout -q --detach HEAD~1", true],
      ["bisecting", "git bisect start -q HEAD HEAD~2 > /dev/null; git checkout -q --detach HEAD~1", true],
      ["on-main", "git checkout -q --detach origin/main", true],
      ["with-leftovers", "git checkout -q --detach HEAD~1; echo left > left.txt", false],
    ] as const) {
      const task = await run(box, label, `${two}; ${leave}`, { flags: ["--deliver", "branch"] });
      assert.is(task.state, "completed", `${label}: ${JSON.stringify(task.failure)}`);
      assert.is(task.result.commits, 2, label);
      assert.is(box.git(["log", "-1", "--format=%s", `copse/${label}`]), "two\n");
      assert.is(
        box.git(["ls-remote", "origin", `refs/heads/copse/${label}`]).slice(0, 40),
        box.git(["rev-parse", `copse/${label}`]).trim(),
      );
      const notes = task.notes.join("\n");
      if (back) {
        assert.match(notes, new RegExp(`the worktree is on copse/${label} again`));
        assert.is(box.git(["symbolic-ref", "--short", "HEAD"], task.worktree), `copse/${label}\n`);
        clean(box, task.worktree);
      } else {
        const [, ref] = /kept as (refs\/copse\/rescue\/\S+)/.exec(notes) ?? [];
        assert.is(box.git(["show", `${ref}:left.txt`]), "left\n");
      }
    }
  } finally {
    await box.close();
  }
});

test("locks a killed git left, repositories inside the worktree, and checks that leave dirt", async () => {
  const box = await sandbox();
  try {
    const locked = await run(
      box,
      "locked",
      'echo x > x.txt; g=$(git rev-parse --git-dir); c=$(git rev-parse --git-common-dir); touch "$g/index.lock" "$g/HEAD.lock" "$c/refs/heads/$(git symbolic-ref --short HEAD).lock"',
    );
    assert.is(locked.state, "completed", JSON.stringify(locked.failure));
    assert.is(show(box, "locked", "x.txt"), "x\n");
    const killed = await run(
      box,
      "killed",
      "i=0; while [ $i -lt 300 ]; do echo $i > f$i; i=$((i+1)); done; git add -A & p=$!; kill -9 $p; wait $p 2> /dev/null; true",
    );
    assert.is(killed.state, "completed", JSON.stringify(killed.failure));
    assert.is(killed.result.diff.files, 300);
    const nested = await run(
      box,
      "nested",
      "echo x > x.txt; git init -q 'in ner'; echo i > 'in ner/i.txt'; git init -q empty; git worktree add -q --detach .claude/worktrees/sub",
    );
    assert.is(nested.state, "completed", JSON.stringify(nested.failure));
    assert.is(show(box, "nested", "x.txt"), "x\n");
    assert.equal(
      box.git(["ls-tree", "-r", "--name-only", "copse/nested"]).trim().split("\n"),
      ["a.txt", "x.txt"],
      "no empty reference to them is committed",
    );
    for (const name of ["in ner/", "empty/", ".claude/worktrees/sub/"])
      assert.match(nested.notes.join("\n"), `${name} is a repository of its own`);
    assert.ok(existsSync(join(nested.worktree, "in ner", "i.txt")));
    const only = await run(box, "only-nested", "git init -q inner");
    assert.is(only.result.outcome, "no-changes");
  } finally {
    await box.close();
  }
});

test("the identity is the person's wherever they have one, Copse's only where there is none; commit hooks are not run", async () => {
  const box = await sandbox();
  try {
    writeFileSync(join(box.repo, ".git", "hooks", "pre-commit"), "#!/bin/sh\ntouch ../../../../hook-ran\nexit 1\n", { mode: 0o755 });
    writeFileSync(join(box.repo, ".git", "hooks", "commit-msg"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const who = (label: string) => box.git(["log", "-1", "--format=%an <%ae> %cn <%ce>", `copse/${label}`]).trim();
    const had = await run(box, "had", "echo x > x.txt");
    assert.is(had.state, "completed", JSON.stringify(had.failure));
    assert.is(who("had"), "Test <test@example.com> Test <test@example.com>");
    writeFileSync(join(box.dir, "home", "gitconfig"), "[user]\n\tuseConfigOnly = true\n");
    await run(box, "nobody", "echo x > x.txt");
    assert.is(who("nobody"), "Copse <copse@localhost> Copse <copse@localhost>");
    await run(box, "by-env", "echo x > x.txt", {
      env: { GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@b.c", GIT_COMMITTER_NAME: "C", GIT_COMMITTER_EMAIL: "c@d.e" },
    });
    assert.is(who("by-env"), "A <a@b.c> C <c@d.e>");
    box.git(["config", "user.name", "Local"]);
    box.git(["config", "user.email", "local@example.com"]);
    await run(box, "local", "echo x > x.txt");
    assert.is(who("local"), "Local <local@example.com> Local <local@example.com>");
    assert.not(existsSync(join(box.dir, "hook-ran")));
    assert.is(
      execFileSync("git", ["config", "--get-regexp", "^user"], { cwd: box.repo, env: box.env, encoding: "utf8" }).includes("Copse"),
      false,
    );
  } finally {
    await box.close();
  }
});

test.run();
