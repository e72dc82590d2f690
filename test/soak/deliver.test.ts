/** Evidence, report and delivery. */
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, errorOf, type Json, run, settings, settled, submit } from "../support/run-script.ts";
import { sandbox, waitFor } from "../support/sandbox.ts";

const report = (task: Json) => readFileSync(task.result.report, "utf8");

test("checks are run after the agent, in its worktree: verified, failed, unverified", async () => {
  const box = await sandbox();
  try {
    const good = await run(box, "good", "echo x > x.txt", {
      flags: ["--verify", "test -f x.txt", "--verify", 'test "$PWD" = "$COPSE_WORKTREE"'],
    });
    assert.is(good.state, "completed");
    assert.is(good.wait, 0);
    assert.is(good.verify.status, "verified");
    assert.equal(
      good.verify.checks.map((check: Json) => [check.command, check.exitCode]),
      [
        ["test -f x.txt", 0],
        ['test "$PWD" = "$COPSE_WORKTREE"', 0],
      ],
    );
    assert.ok(good.verify.checks.every((check: Json) => Number.isInteger(check.durationMs)));
    assert.match(report(good), /verified by its checks/);
    assert.match(report(good), /\| `test -f x\.txt` \| 0 \|/);

    const bad = await run(box, "bad", "echo x > x.txt", {
      flags: ["--verify", "true", "--verify", "echo a | grep b; exit 7", "--verify", "true"],
    });
    assert.is(bad.state, "completed", "the agent's work is done; the evidence is against it");
    assert.is(bad.verify.status, "failed");
    assert.equal(
      bad.verify.checks.map((check: Json) => check.exitCode),
      [0, 7, 0],
    );
    assert.is(bad.wait, 1);
    assert.match(report(bad), /its checks FAILED/);
    assert.match(report(bad), /`echo a \\\| grep b; exit 7` \| 7 \|/);
    assert.match((await box.copse(["tasks"])).stdout, /verify FAILED/);

    await submit(box, "cut", "echo x > x.txt", { flags: ["--verify", "true", "--verify", "touch ../../../began; sleep 3000"] });
    await waitFor(() => existsSync(join(box.repo, "began")), "the check to run");
    assert.is((await box.copse(["stop", "cut"])).code, 0);
    const cut = await box.task("cut");
    assert.is(cut.state, "stopped");
    assert.is(cut.verify.status, "unverified");
    assert.equal(
      cut.verify.checks.map((check: Json) => check.exitCode),
      [0, null],
    );
    assert.is(box.git(["show", "copse/cut:x.txt"]), "x\n", "its work is kept");

    const failed = await run(box, "failed", "exit 1", { flags: ["--verify", "true"] });
    assert.is(failed.verify.status, "none", "what failed is not checked");
    const plain = await run(box, "plain", "true");
    assert.is(plain.verify.status, "none");
    assert.match(report(plain), /no check was asked for/);
  } finally {
    await box.close();
  }
});

test("the report: what was asked and written, without secrets, escapes, or a way out of its quotes", async () => {
  const box = await sandbox();
  try {
    const token = `ghp_${"a1B2".repeat(9)}`;
    const hostile = `done \u001b[2J\u001b]0;title\u0007 \u202e ${token} s3cr3t-value-1\n\`\`\`\n# Not a heading\n\`\`\`\`\n<img src=x onerror=alert(1)>`;
    writeFileSync(join(box.dir, "say.json"), `${JSON.stringify({ copse: "summary", text: hostile })}\n`);
    const prompt = `Audit all endpoints. Output to security-audit.md with severity ratings, and to docs/list.csv. Use ${token}.\n\`\`\`\n# breaking out`;
    const script = `cat > /dev/null; cat '${join(box.dir, "say.json")}'; mkdir -p docs; echo a > security-audit.md; echo b > docs/list.csv; echo c > other.md; echo d > '| # <b>.txt'; printf x > "$(printf 'a\\n# b\\140\\140.txt')"; git add -A; git commit -qm 'a \`\`\` # subject <script>'`;
    settings(box, { agents: { sh: { command: ["/bin/sh", "-c", script] } } });
    const ran = await box.copse(["run", "--json", "-l", "audit", "--agent", "sh", "--verify", "echo '|`x`|' # |", "-"], {
      input: prompt,
      env: { MY_SECRET_KEY: "s3cr3t-value-1" },
    });
    assert.is(ran.code, 0, ran.stderr);
    const { task } = JSON.parse(ran.stdout);
    const text = report(task);
    for (const secret of [token, "s3cr3t-value-1"]) {
      assert.not.match(text, secret);
    }
    assert.not.match(ran.stdout, token, "nor does the JSON have it");
    assert.match(text, /\[secret\]/);
    assert.not.match(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.match(text, /Files it was told to write:\n\n- `security-audit\.md`\n- `docs\/list\.csv`\n\n## Evidence/);
    // Read as Markdown is: outside of fences there is no line of the agent's.
    const outside = unfenced(text);
    assert.equal(
      outside.filter((row) => /^\s*#/.test(row)),
      ["# audit", "## Asked", "## Done", "## Evidence", "## Changes", "## Cost", "## How to go on"],
    );
    assert.not.match(outside.map((row) => row.replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, "")).join("\n"), /<b>|<img|<script|# b|# subject/);
    const files = outside.filter((row) => row.startsWith("| ")).map((row) => row.replaceAll("\\|", "").split("|").length);
    assert.is(new Set(files).size, 1, "every row of every table has three cells");
  } finally {
    await box.close();
  }
});

/** The lines of a Markdown text that no code fence holds. */
function unfenced(text: string): string[] {
  let fence = "";
  return text.split("\n").filter((row) => {
    const [, ticks] = /^(`{3,})[^`]*$/.exec(row) ?? [];
    if (fence === "" && ticks !== undefined) {
      fence = ticks;
      return false;
    }
    if (fence !== "" && ticks !== undefined && ticks.length >= fence.length && row.trim() === ticks) {
      fence = "";
      return false;
    }
    return fence === "";
  });
}

test("a failure's message cannot break out of the report either", async () => {
  const box = await sandbox();
  try {
    const task = await run(box, "loud", "printf 'oops ``` \\033[31m\\n# heading <img>\\n' >&2; exit 9");
    assert.is(task.state, "failed");
    assert.match(report(task), /\*\*Failed\*\* \(in the run\)/);
    assert.not.match(unfenced(report(task)).join("\n"), /<img>|# heading/);
    assert.match(report(task), /copse retry loud/);
  } finally {
    await box.close();
  }
});

test("--deliver branch pushes without tracking; a push that fails can be delivered again without the agent", async () => {
  const box = await sandbox();
  try {
    const origin = join(box.dir, "origin.git");
    const none = await run(box, "no-remote", "echo x > x.txt", { flags: ["--deliver", "branch"] });
    assert.is(none.state, "failed");
    assert.match(none.failure.message, /no remote/);
    assert.match(none.failure.hint, /git remote add/);
    box.git(["clone", "-q", "--bare", box.repo, origin]);
    box.git(["remote", "add", "origin", origin]);
    const there = (label: string) => box.git(["ls-remote", "origin", `refs/heads/copse/${label}`]).slice(0, 40);
    const config = readFileSync(join(box.repo, ".git", "config"), "utf8");
    const task = await run(box, "pushed", "echo x > x.txt", { flags: ["--deliver", "branch"] });
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(there("pushed"), box.git(["rev-parse", "copse/pushed"]).trim());
    assert.is(readFileSync(join(box.repo, ".git", "config"), "utf8"), config, "no tracking is written");
    const empty = await run(box, "empty", "true", { flags: ["--deliver", "branch"] });
    assert.is(empty.state, "completed");
    assert.is(there("empty"), "", "nothing to push is not pushed");
    const bad = await run(box, "bad", "exit 1", { flags: ["--deliver", "branch"] });
    assert.is(bad.state, "failed");
    assert.is(there("bad"), "", "what failed is not pushed");

    writeFileSync(join(origin, "hooks", "pre-receive"), "#!/bin/sh\necho 'protected by policy' >&2\nexit 1\n");
    chmodSync(join(origin, "hooks", "pre-receive"), 0o755);
    const refused = await run(box, "refused", "echo run >> runs.txt; echo x > x.txt", {
      flags: ["--deliver", "branch", "--verify", "echo check >> ../../../checks"],
    });
    assert.is(refused.state, "failed");
    assert.is(refused.wait, 1);
    assert.is(refused.failure.stage, "deliver");
    assert.match(refused.failure.message, /protected by policy/);
    assert.match(refused.failure.hint, /copse retry refused/);
    assert.is(refused.verify.status, "verified");
    assert.is(refused.result.commits, 1, "its work is there all the same");
    assert.match(report(refused), /in the delivery/);
    rmSync(join(origin, "hooks", "pre-receive"));
    assert.is((await box.copse(["retry", "refused"])).code, 0);
    const again = await settled(box, "refused");
    assert.is(again.state, "completed", JSON.stringify(again.failure));
    assert.is(again.attempt, 1);
    assert.is(again.failure, null);
    assert.is(there("refused"), box.git(["rev-parse", "copse/refused"]).trim());
    assert.is(box.git(["show", "copse/refused:runs.txt"]), "run\n", "the agent ran once");
    assert.is(readFileSync(join(box.repo, "checks"), "utf8"), "check\n", "and so did the check");
    rmSync(join(box.repo, "checks"));

    box.git(["remote", "rename", "origin", "one"]);
    box.git(["remote", "add", "two", origin]);
    const which = await run(box, "which", "echo x > x.txt", { flags: ["--deliver", "branch"] });
    assert.match(which.failure.message, /none of the remotes \(one, two\) is named origin/);
    box.git(["config", "remote.pushDefault", "two"]);
    await box.copse(["retry", "which"]);
    assert.is((await settled(box, "which")).state, "completed");
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("a repository's own templates are used, as files of its own only", async () => {
  const box = await sandbox({
    ".worktrees/templates/report.md": "OURS {{label}} {{verdict}}\n{{unknown}} {{toString}}\n",
    ".worktrees/templates/commit-message.txt": "ours: {{title}} ({{label}})\n",
  });
  try {
    const token = `ghp_${"z9Y8".repeat(9)}`;
    const task = await run(box, "own", `echo ${token} > /dev/null; echo x > x.txt`);
    assert.match(report(task), /^OURS own \*\*Completed\*\*/);
    assert.match(report(task), /\{\{unknown\}\} \{\{toString\}\}/);
    const message = box.git(["log", "-1", "--format=%B", "copse/own"]);
    assert.match(message, /^ours: .*\(own\)/);
    assert.not.match(message, token, "no secret of a prompt goes into a commit");
    const secret = join(box.dir, "secret");
    writeFileSync(secret, "TOP SECRET\n");
    for (const name of ["report.md", "commit-message.txt"]) {
      rmSync(join(box.repo, ".worktrees", "templates", name));
      symlinkSync(secret, join(box.repo, ".worktrees", "templates", name));
    }
    const linked = await run(box, "linked", "echo x > x.txt");
    assert.not.match(report(linked), /TOP SECRET/);
    assert.not.match(box.git(["log", "-1", "--format=%B", "copse/linked"]), /TOP SECRET/);
  } finally {
    await box.close();
  }
});

test("--no-worktree works in the checkout, one task at a time, and commits nothing for the person", async () => {
  const box = await sandbox({ "a.txt": "a\n" });
  try {
    const head = box.git(["rev-parse", "HEAD"]);
    const gate = join(box.dir, "gate");
    await submit(
      box,
      "here",
      `until test -e '${gate}'; do sleep 0.05; done; pwd -P > '${box.dir}/cwd'; echo x > new.txt; echo b >> a.txt`,
      { flags: ["--no-worktree"] },
    );
    const second = await box.copse(["run", "-b", "--json", "--no-worktree", "-l", "second", "--exec", "--", "true"]);
    assert.is(second.code, 4);
    assert.is(errorOf(second).code, "CHECKOUT_BUSY");
    assert.match(errorOf(second).hint, /copse wait/);
    const beside = await run(box, "beside", "echo y > y.txt");
    assert.is(beside.state, "completed", "one with a worktree of its own may run beside it");
    writeFileSync(gate, "");
    const task = await settled(box, "here");
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(readFileSync(join(box.dir, "cwd"), "utf8").trim(), box.repo);
    assert.is(task.branch, null);
    assert.is(box.git(["rev-parse", "HEAD"]), head, "nothing is committed");
    assert.is(box.git(["status", "--porcelain"]), " M a.txt\n?? new.txt\n");
    assert.is(box.git(["diff", "--cached", "--name-only"]), "", "nothing is staged");
    assert.is(task.result.outcome, "changes");
    assert.equal(task.result.diff, { files: 2, insertions: 2, deletions: 0 });
    assert.match(report(task), /in the checkout it was started in/);
    // A new attempt at an earlier one is no way around that.
    rmSync(gate);
    await submit(box, "holder", `until test -e '${gate}'; do sleep 0.05; done`, { flags: ["--no-worktree"] });
    const retried = await box.copse(["retry", "here", "--json"]);
    assert.is(retried.code, 4);
    assert.is(errorOf(retried).code, "CHECKOUT_BUSY");
    assert.is((await box.task("here")).state, "completed");
    writeFileSync(gate, "");
    await settled(box, "holder");
    const third = await run(box, "third", "true", { flags: ["--no-worktree"] });
    assert.is(third.state, "completed", "the checkout is free again");
    assert.match(third.notes.join("\n"), /had uncommitted changes when it started/);
    box.git(["checkout", "-q", "-f"]);
    rmSync(join(box.repo, "new.txt"));
    const untracked = await run(box, "untracked", "mkdir -p d; echo x > d/only.txt", { flags: ["--no-worktree"] });
    assert.is(untracked.result.outcome, "changes", "a file that is only new is a change, too");
  } finally {
    await box.close();
  }
});

test.run();
