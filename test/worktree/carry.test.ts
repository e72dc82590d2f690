/** What comes along into a worktree: `.worktreeinclude` and `carry`. No link is followed, nothing of the worktree's own overwritten. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, run } from "../support/run-script.ts";
import { type Sandbox, sandbox } from "../support/sandbox.ts";

function write(box: Sandbox, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(box.repo, name, ".."), { recursive: true });
    writeFileSync(join(box.repo, name), text);
  }
}

test(".worktreeinclude: what matches and is ignored comes along, with its mode, however deep", async () => {
  const box = await sandbox({
    ".gitignore": ".env*\n*.local\nsecrets/\n",
    ".worktreeinclude": "# the usual\n.env\n*.local\nsecrets/deep/\nplain.txt\nnotes.txt\n!not.local\n",
    "a.txt": "a\n",
    "plain.txt": "tracked\n",
  });
  try {
    write(box, {
      ".env": "KEY=1\n",
      ".env.other": "not asked for\n",
      "x/y z/é 🌳.local": "odd\n",
      "not.local": "taken out again\n",
      "secrets/deep/er/key": "k\n",
      "secrets/other": "not asked for\n",
      "notes.txt": "matches, but is not ignored\n",
      "run.local": "#!/bin/sh\n",
      "newline\n.local": "n\n",
      "big.local": "0123456789".repeat(100_000),
    });
    chmodSync(join(box.repo, ".env"), 0o600);
    chmodSync(join(box.repo, "run.local"), 0o755);
    chmodSync(join(box.repo, "secrets/deep/er/key"), 0o440);
    const task = await run(box, "along", "echo changed > .env; echo mine > done.txt");
    const at = (name: string) => join(task.worktree, name);
    assert.is(readFileSync(at("x/y z/é 🌳.local"), "utf8"), "odd\n");
    assert.is(readFileSync(at("secrets/deep/er/key"), "utf8"), "k\n");
    assert.is(readFileSync(at("newline\n.local"), "utf8"), "n\n");
    assert.ok(readFileSync(at("big.local")).equals(readFileSync(join(box.repo, "big.local"))));
    for (const [name, mode] of [
      [".env", 0o600],
      ["run.local", 0o755],
      ["secrets/deep/er/key", 0o440],
    ] as const)
      assert.is(statSync(at(name)).mode & 0o777, mode, name);
    for (const name of [".env.other", "not.local", "secrets/other", "notes.txt"]) assert.not(existsSync(at(name)), name);
    assert.is(readFileSync(join(box.repo, ".env"), "utf8"), "KEY=1\n", "the original is as it was");
    assert.equal(
      box.git(["ls-tree", "-r", "--name-only", "copse/along"]).trim().split("\n").sort(),
      [".gitignore", ".worktreeinclude", "a.txt", "done.txt", "plain.txt"],
      "nothing carried is committed",
    );
    assert.equal(task.notes, []);
  } finally {
    await box.close();
  }
});

test(".worktreeinclude: links, pipes, ways out and files that are there already", async () => {
  const box = await sandbox({
    ".gitignore": "*.local\n/ways/\n/linkdir\n/cache/\n",
    ".worktreeinclude": "*.local\n/ways/**\nlinkdir/**\n../outside.txt\n/etc/passwd\n..\n/cache/**\n",
    "a.txt": "a\n",
    "conf/x.txt": "x\n",
  });
  try {
    const outside = join(box.dir, "outside.txt");
    const outdir = join(box.dir, "outdir");
    writeFileSync(outside, "SECRET\n");
    mkdirSync(outdir);
    writeFileSync(join(outdir, "in.local"), "SECRET\n");
    write(box, {
      "good.local": "good\n",
      "ways/plain": "plain\n",
      "taken.local": "mine\n",
      "conf/sub/deep.local": "deep\n",
      "cache/c": "c\n",
    });
    symlinkSync(outside, join(box.repo, "leak.local"));
    symlinkSync("good.local", join(box.repo, "inner.local"));
    symlinkSync(outdir, join(box.repo, "linkdir"));
    symlinkSync(outdir, join(box.repo, "ways", "link"));
    symlinkSync("/etc/passwd", join(box.repo, "ways", "passwd"));
    execFileSync("mkfifo", [join(box.repo, "ways", "fifo"), join(box.repo, "pipe.local")]);
    // In the base, some of these stand as something else: a file, and links to the outside where a folder is in the checkout.
    box.git(["checkout", "-q", "-b", "other"]);
    box.git(["rm", "-q", "-r", "--cached", "conf"]);
    writeFileSync(join(box.dir, "blob"), "theirs\n");
    const blob = (text: string) =>
      execFileSync("git", ["hash-object", "-w", "--stdin"], { cwd: box.repo, env: box.env, input: text, encoding: "utf8" }).trim();
    box.git(["update-index", "--add", "--cacheinfo", `100644,${blob("theirs\n")},taken.local`]);
    box.git(["update-index", "--add", "--cacheinfo", `120000,${blob(outdir)},conf`]);
    box.git(["update-index", "--add", "--cacheinfo", `120000,${blob(join(box.dir, "fresh"))},good.local`]);
    box.git(["commit", "-qm", "hostile base"]);
    box.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    box.git(["reset", "-q"]);
    assertUntouched(box);

    const task = await run(box, "safe", "true", { flags: ["--base", "other"] });
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    const at = (name: string) => join(task.worktree, name);
    assert.is(readFileSync(at("ways/plain"), "utf8"), "plain\n");
    assert.is(readFileSync(at("cache/c"), "utf8"), "c\n");
    assert.is(readFileSync(at("taken.local"), "utf8"), "theirs\n", "a file of the worktree stays");
    assert.ok(lstatSync(at("good.local")).isSymbolicLink(), "a link of the worktree stays a link");
    assert.not(existsSync(join(box.dir, "fresh")), "and nothing is written through it");
    assert.equal(execFileSync("ls", ["-A", outdir], { encoding: "utf8" }), "in.local\n", "nor through a link in the way");
    for (const name of ["leak.local", "inner.local", "linkdir", "ways/link", "ways/passwd", "ways/fifo", "pipe.local", "outside.txt"])
      assert.not(lstatSync(at(name), { throwIfNoEntry: false }), name);
    const notes = task.notes.join("\n");
    for (const [path, why] of [
      ["leak.local", "a symbolic link"],
      ["inner.local", "a symbolic link"],
      ["ways/passwd", "a symbolic link"],
      ["ways/link", "a symbolic link"],
      ["taken.local", "the worktree has a file of that name"],
      ["good.local", "the worktree has a file of that name"],
      ["conf/sub/deep.local", "something else stands at its place in the worktree"],
    ])
      assert.match(notes, `leaves out ${path}: ${why}`);
    assert.is(
      execFileSync("/bin/sh", ["-c", "grep -rl --exclude-dir=.git SECRET . || true"], { cwd: task.worktree, encoding: "utf8" }),
      "",
    );
  } finally {
    await box.close();
  }
});

test("carry: a real copy, links inside kept, links out dropped and told; what cannot be carried is told", async () => {
  const box = await sandbox({
    ".gitignore": "node_modules/\n.cache/\n/link\nfile.ign\n",
    ".worktrees/config.json": JSON.stringify({
      carry: ["node_modules", "./packages/a/node_modules/", "src", "missing", "../up", "/abs", "link", "", "file.ign", ".cache/deep/er"],
    }),
    "src/a.ts": "a\n",
    "packages/a/package.json": "{}\n",
  });
  try {
    write(box, {
      "node_modules/dep/index.js": "one\n",
      "node_modules/.bin/real": "#!/bin/sh\n",
      "packages/a/node_modules/b/x": "b\n",
      ".cache/deep/er/c": "c\n",
      "file.ign": "f\n",
    });
    chmodSync(join(box.repo, "node_modules/.bin/real"), 0o755);
    const links: Record<string, string> = {
      inside: "dep/index.js",
      ".bin/dep": "../dep/index.js",
      workspace: "../packages/a",
      self: "..",
      dangling: "nowhere",
      "dep/out": "../../../outside",
      "dep/abs": join(box.repo, "src"),
      "dep/etc": "/etc",
      hop: "dep/far/../../../..",
      "dep/far": "../../packages",
    };
    for (const [name, to] of Object.entries(links)) symlinkSync(to, join(box.repo, "node_modules", name));
    symlinkSync("src", join(box.repo, "link"));
    const task = await run(box, "carried", "echo changed > node_modules/dep/index.js; rm -r packages/a/node_modules; echo x > x.txt");
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    const at = (name: string) => join(task.worktree, "node_modules", name);
    assert.ok(lstatSync(join(task.worktree, "node_modules")).isDirectory());
    assert.is(readFileSync(join(box.repo, "node_modules/dep/index.js"), "utf8"), "one\n", "a change of the copy is none of the original");
    assert.ok(existsSync(join(box.repo, "packages/a/node_modules/b/x")));
    assert.is(readFileSync(join(task.worktree, ".cache/deep/er/c"), "utf8"), "c\n");
    assert.is(statSync(at(".bin/real")).mode & 0o777, 0o755);
    for (const name of ["inside", ".bin/dep", "workspace", "self", "dangling", "dep/far"])
      assert.is(readlinkSync(at(name)), links[name], name);
    for (const name of ["dep/out", "dep/abs", "dep/etc", "hop"]) assert.not(lstatSync(at(name), { throwIfNoEntry: false }), name);
    const notes = task.notes.join("\n");
    assert.match(notes, "node_modules: 4 symbolic links out of the worktree left out");
    assert.match(notes, "src is not carried: git does not ignore it");
    assert.match(notes, "missing is not carried: it does not exist");
    assert.match(notes, "link is not carried: a symbolic link is in its path");
    assert.match(notes, "../up is not carried: not a plain path inside the repository");
    assert.match(notes, "/abs is not carried: not a plain path inside the repository");
    assert.match(notes, "file.ign is not carried: it is not a folder");
    assert.is(box.git(["diff", "--name-only", `${task.base}`, "copse/carried"]), "x.txt\n", "nothing carried is committed");
  } finally {
    await box.close();
  }
});

test.run();
