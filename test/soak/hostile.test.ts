/** A hostile repository, a hostile environment, hostile names: none of them makes our git do something else. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, errorOf, type Json, run, settings, submit } from "../support/run-script.ts";
import { type Sandbox, sandbox } from "../support/sandbox.ts";

/** A program that leaves its name behind when anybody runs it. */
function trap(box: Sandbox, name: string): string {
  const file = join(box.dir, `trap-${name}`);
  writeFileSync(file, `#!/bin/sh\necho "$0 $*" >> '${join(box.dir, "sprung")}'\ncat\n`);
  chmodSync(file, 0o755);
  return file;
}

const sprung = (box: Sandbox): string => (existsSync(join(box.dir, "sprung")) ? readFileSync(join(box.dir, "sprung"), "utf8") : "");

const hooks = [
  "applypatch-msg",
  "pre-applypatch",
  "post-applypatch",
  "pre-commit",
  "pre-merge-commit",
  "prepare-commit-msg",
  "commit-msg",
  "post-commit",
  "pre-rebase",
  "post-checkout",
  "post-merge",
  "pre-push",
  "pre-receive",
  "update",
  "proc-receive",
  "post-receive",
  "post-update",
  "reference-transaction",
  "push-to-checkout",
  "pre-auto-gc",
  "post-rewrite",
  "sendemail-validate",
  "fsmonitor-watchman",
  "post-index-change",
];

test("nothing that a hostile repository configures is run by our git; filters are, and said to be", async () => {
  const box = await sandbox({
    ".gitattributes": "*.txt diff=evil merge=evil\n*.lfs filter=marked\n",
    "a.txt": "a\n",
    "b.lfs": "b\n",
  });
  try {
    box.git(["clone", "-q", "--bare", box.repo, "../origin.git"]);
    box.git(["remote", "add", "origin", join(box.dir, "origin.git")]);
    const dirs = [join(box.repo, ".git", "hooks"), join(box.repo, "evil-hooks")];
    for (const dir of dirs) {
      mkdirSync(dir, { recursive: true });
      for (const hook of hooks) execFileSync("cp", [trap(box, `hook-${hook}`), join(dir, hook)]);
    }
    box.git(["add", "-A"]);
    box.git(["-c", "core.hooksPath=/dev/null", "commit", "-qm", "with hooks"]);
    const set = (key: string, value: string) => box.git(["config", key, value]);
    const settings: Record<string, string> = {
      "core.hooksPath": "evil-hooks",
      "core.fsmonitor": trap(box, "fsmonitor"),
      "core.pager": trap(box, "pager"),
      "core.editor": trap(box, "editor"),
      "core.askPass": trap(box, "askpass"),
      "core.gitProxy": trap(box, "proxy"),
      "core.alternateRefsCommand": trap(box, "alternates"),
      "sequence.editor": trap(box, "sequence"),
      "diff.external": trap(box, "external"),
      "diff.evil.textconv": trap(box, "textconv"),
      "diff.evil.command": trap(box, "driver"),
      "merge.evil.driver": trap(box, "merge"),
      "gpg.program": trap(box, "gpg"),
      "commit.gpgSign": "true",
      "tag.gpgSign": "true",
      "push.gpgSign": "if-asked",
      "log.showSignature": "true",
      "interactive.diffFilter": trap(box, "diff-filter"),
      "credential.helper": trap(box, "credential"),
      "gc.auto": "1",
      "alias.status": `!${trap(box, "alias-status")}`,
      "alias.worktree": `!${trap(box, "alias-worktree")}`,
      "trailer.x.command": trap(box, "trailer"),
      "submodule.sub.update": `!${trap(box, "submodule")}`,
      "commit.template": "/etc/passwd",
    };
    for (const [key, value] of Object.entries(settings)) set(key, value);
    set("filter.marked.clean", `${trap(box, "clean")} clean`);
    set("filter.marked.smudge", `${trap(box, "smudge")} smudge`);
    writeFileSync(join(box.dir, "sprung"), "");
    const env = {
      GIT_EXTERNAL_DIFF: trap(box, "env-diff"),
      GIT_EDITOR: trap(box, "env-editor"),
      GIT_PAGER: trap(box, "env-pager"),
      EDITOR: trap(box, "env-ed"),
      GIT_SSH_COMMAND: trap(box, "env-ssh"),
      GIT_ASKPASS: trap(box, "env-askpass"),
      GIT_PROXY_COMMAND: trap(box, "env-proxy"),
      PAGER: trap(box, "env-pg"),
    };
    // The agent's own git would run them: it uses none.
    const task = await run(box, "hostile", "echo changed > a.txt; echo new > n.txt; echo l > c.lfs; rm b.lfs", {
      flags: ["--deliver", "branch", "--verify", "true"],
      env,
    });
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(task.result.diff.files, 4);
    const seen = sprung(box)
      .trim()
      .split("\n")
      .filter((row) => !/trap-(clean|smudge) /.test(row));
    assert.equal(seen, [], "no trap was sprung but the filters");
    // Filters are part of what a file's content is (Git LFS): those of the repository's own, local configuration run, as they do for every checkout. A clone brings none.
    assert.match(sprung(box), /smudge/);
    assert.match(sprung(box), /clean/);
    assert.is(
      box.git(["-c", "core.fsmonitor=false", "log", "--no-show-signature", "-1", "--format=%G?%s", "copse/hostile"]).slice(0, 1),
      "N",
      "not signed with a hostile program",
    );
    assert.is(
      execFileSync("git", ["rev-parse", "copse/hostile"], { cwd: join(box.dir, "origin.git"), env: box.env, encoding: "utf8" }),
      box.git(["rev-parse", "copse/hostile"]),
    );
  } finally {
    await box.close();
  }
});

test("GIT_* of the caller has no effect, on our git or on the agent's; core.bare stays as it is", async () => {
  const box = await sandbox();
  try {
    const other = join(box.dir, "other");
    box.git(["init", "-q", other]);
    box.git(["commit", "-q", "--allow-empty", "-m", "other"], other);
    const before = { head: box.git(["rev-parse", "HEAD"], other), config: readFileSync(join(other, ".git", "config"), "utf8") };
    const env = {
      GIT_DIR: join(other, ".git"),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(box.dir, "foreign-index"),
      GIT_COMMON_DIR: join(other, ".git"),
      GIT_OBJECT_DIRECTORY: join(other, ".git", "objects"),
      GIT_NAMESPACE: "evil",
      GIT_PREFIX: "evil/",
      GIT_CEILING_DIRECTORIES: box.dir,
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "core.bare",
      GIT_CONFIG_VALUE_0: "true",
      GIT_CONFIG_KEY_1: "core.worktree",
      GIT_CONFIG_VALUE_1: other,
      GIT_CONFIG_PARAMETERS: "'core.bare=true'",
      GIT_LITERAL_PATHSPECS: "1",
      GIT_DEFAULT_HASH: "sha256",
      GIT_REDIRECT_STDOUT: join(box.dir, "redirected"),
      GIT_AUTHOR_DATE: "not a date",
      GIT_FLUSH: "x",
      GIT_TEMPLATE_DIR: box.dir,
    };
    const task = await run(
      box,
      "env",
      "git rev-parse --show-toplevel > top.txt; env | grep '^GIT_' | cut -d= -f1 | sort > env.txt; git add top.txt; git -c user.name=A -c user.email=a@b.c commit -qm agent 2> err.txt; true",
      { env },
    );
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(task.repo, box.repo);
    assert.is(box.git(["show", "copse/env:top.txt"]).trim(), task.worktree);
    assert.not.match(
      box.git(["show", "copse/env:env.txt"]),
      /GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|CONFIG_(COUNT|KEY|PARAM)|NAMESPACE|PREFIX)/,
    );
    assert.is(box.git(["config", "core.bare"]).trim(), "false");
    assert.is(box.git(["rev-parse", "HEAD"], other), before.head);
    assert.is(readFileSync(join(other, ".git", "config"), "utf8"), before.config);
    assert.not(existsSync(join(other, ".worktrees")));
    assert.not(existsSync(join(box.dir, "foreign-index")));
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

const names = [
  "../x",
  "../../etc/passwd",
  "/etc/passwd",
  "..",
  ".",
  "...",
  "./x",
  "x/../../y",
  "a/b",
  "a//b",
  "/",
  "//",
  "\\",
  "a\\b",
  "C:\\x",
  "~",
  "~/x",
  "$HOME",
  "$\u007bHOME}",
  "$(touch pwned)",
  "`touch pwned`",
  "; touch pwned",
  "| touch pwned",
  "&& touch pwned",
  "x;y",
  "x&y",
  "x|y",
  "x>y",
  "x<y",
  "'",
  '"',
  "'; touch pwned; '",
  "-x",
  "--help",
  "--force",
  "-b",
  "--",
  "---",
  "--upload-pack=touch pwned",
  "-c core.pager=touch",
  ".lock",
  "x.lock",
  "a..b",
  "@{",
  "@{-1}",
  "@",
  "x@{1}",
  "x~1",
  "x^",
  "x:y",
  "x?",
  "x*",
  "x[",
  "[x]",
  "{label}",
  "{{label}}",
  "%s",
  "%00",
  "%2e%2e%2f",
  "emoji 🐛",
  "🐛🔥",
  "👨‍👩‍👧‍👦",
  "日本語",
  "العربية",
  "é",
  "é",
  "ﬁ",
  "Ⅷ",
  "İ",
  "ı",
  "ß",
  "K",
  "con",
  "CON",
  "nul",
  "aux.txt",
  "com1",
  "lpt9",
  "prn",
  "HEAD",
  "head",
  "FETCH_HEAD",
  "ORIG_HEAD",
  "main",
  "master",
  "refs/heads/x",
  "refs/heads/main",
  "origin/main",
  "copse/x",
  "stash",
  "Foo",
  "foo",
  "FOO",
  "fOO",
  " foo",
  "foo ",
  "foo-",
  "-foo-",
  "foo.",
  ".foo",
  "foo bar",
  "foo  bar",
  "foo_bar",
  "foo-bar",
  "x".repeat(48),
  "x".repeat(49),
  "x".repeat(100),
  "ü".repeat(100),
  `${"a".repeat(47)}-`,
  "0",
  "1",
  "00000000",
  "deadbeef",
  "fix-deadbeef",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "toString",
  "\u00a0x",
  "x\u3000y",
  "a\u200db",
  "<script>alert(1)</script>",
  "![x](y)",
  "*bold*",
  "# x",
  "a\u0301\u0301\u0301",
];
const refused = [
  "",
  " ",
  "\t",
  "\n",
  "a\nb",
  "a\rb",
  "a\tb",
  "\u0007",
  "\u001b[31mred",
  "\u001b]0;t\u0007",
  "x\u007f",
  "x\u0085",
  "a\u202eb",
  "a\u2066b",
  "\u200b",
  "\ufeffx",
  "x".repeat(101),
  "y".repeat(300),
  "\u2028",
  "\u{e0041}",
];

test("hostile labels: a safe branch and a folder below the root, or a refusal", async () => {
  const box = await sandbox();
  try {
    assert.ok(names.length + refused.length > 120);
    settings(box, { limit: 8 });
    for (const label of refused) {
      const ran = await box.copse(["run", "-b", "--json", `--label=${label}`, "--exec", "--", "true"]);
      assert.is(ran.code, 2, `${JSON.stringify(label)}: ${ran.stdout}`);
      assert.ok(errorOf(ran).hint);
    }
    // Labels that are one to the eye only: the distinct ones are distinct tasks.
    const labels = [...new Set(names)];
    const made = new Map<string, Json>();
    const queue = [...labels];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let label = queue.shift(); label !== undefined; label = queue.shift()) {
          const ran = await box.copse(["run", "-b", "--json", `--label=${label}`, "--exec", "--", "true"]);
          assert.is(ran.code, 0, `${JSON.stringify(label)}: ${ran.stdout}${ran.stderr}`);
          made.set(label, JSON.parse(ran.stdout).task);
        }
      }),
    );
    await box.copse(["wait", "--timeout", "120s"]);
    const root = join(box.repo, ".worktrees", "trees");
    const branches = new Set<string>();
    for (const { id } of (await box.json(["tasks", "--all"])).tasks) {
      const task = await box.task(id);
      assert.is(task.state, "completed", `${task.label}: ${JSON.stringify(task.failure)}`);
      assert.ok(made.has(task.label));
      assert.match(task.branch, /^copse\/[a-z0-9][a-z0-9-]{0,47}$/, task.label);
      execFileSync("git", ["check-ref-format", "--branch", task.branch], { stdio: "pipe" });
      assert.is(join(root, task.branch.slice("copse/".length)), task.worktree);
      branches.add(task.branch.toLowerCase());
    }
    assert.is(branches.size, labels.length, "no two share a branch, not even where case is folded");
    assert.is(readdirSync(root).length, labels.length);
    assert.equal(readdirSync(box.dir).sort(), ["home", "repo", "state"], "nothing outside");
    assert.equal(readdirSync(box.repo).sort(), [".git", ".worktrees", "a.txt"], "nothing was run");
    assertUntouched(box);
    const again = await submit(box, "Foo", "true");
    assert.is(again.code, 4, "the same label once more: its branch is there");
  } finally {
    await box.close();
  }
});

test("a hostile branch template of the project is refused", async () => {
  const box = await sandbox();
  try {
    mkdirSync(join(box.repo, ".worktrees"));
    for (const branch of [
      "{label};touch pwned",
      "-{label}",
      "$(touch pwned)/{label}",
      "../{label}",
      "{label}.lock",
      "refs/../{label}",
      "x y/{label}",
    ]) {
      writeFileSync(join(box.repo, ".worktrees", "config.json"), JSON.stringify({ branch }));
      const ran = await submit(box, "x", "true");
      assert.is(ran.code, 2, branch);
    }
    assert.equal((await box.json(["tasks"])).tasks, []);
  } finally {
    await box.close();
  }
});

test.run();
