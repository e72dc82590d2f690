/** Every kind of repository: a task works in it, or is refused with a next step; never is an agent let into the main checkout. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, errorOf, type Json, run, settings, submit } from "../support/run-script.ts";
import { builtCli, type Sandbox, sandbox } from "../support/sandbox.ts";

const writes = 'pwd -P > cwd.txt; git rev-parse --show-toplevel > top.txt; echo done > "$COPSE_LABEL.txt"';

/** Runs a task in `cwd` and shows that its agent stood in its own worktree, on its own branch. */
async function works(box: Sandbox, cwd: string, label: string): Promise<Json> {
  const task = await run(box, label, writes, { cwd });
  assert.is(task.state, "completed", JSON.stringify(task.failure));
  assert.is(readFileSync(join(task.worktree, "cwd.txt"), "utf8"), `${task.worktree}\n`);
  assert.is(readFileSync(join(task.worktree, "top.txt"), "utf8"), `${task.worktree}\n`);
  assert.is(box.git(["show", `copse/${label}:${label}.txt`], cwd), "done\n");
  assert.is(box.git(["symbolic-ref", "HEAD"], task.worktree), `refs/heads/copse/${label}\n`);
  return task;
}

test("a repository without a remote, on a branch and with a detached HEAD; from a subfolder and from another worktree", async () => {
  const box = await sandbox({ "a.txt": "a\n", "sub/deep/b.txt": "b\n" });
  try {
    const first = await works(box, join(box.repo, "sub", "deep"), "from-sub");
    assert.is(first.worktree, join(box.repo, ".worktrees", "trees", "from-sub"));
    assertUntouched(box);

    box.git(["worktree", "add", "-q", "-b", "side", "../side"]);
    const side = join(box.dir, "side");
    writeFileSync(join(side, "side.txt"), "side\n");
    box.git(["add", "-A"], side);
    box.git(["commit", "-qm", "side"], side);
    const second = await works(box, side, "from-side");
    assert.is(second.base, box.git(["rev-parse", "side"]).trim(), "starts from the HEAD of the checkout it was submitted from");
    assert.is(second.worktree, join(box.repo, ".worktrees", "trees", "from-side"));
    assertUntouched(box, side);
    // From inside a task's own worktree.
    const third = await works(box, second.worktree, "from-task");
    assert.is(third.worktree, join(box.repo, ".worktrees", "trees", "from-task"));
    assert.is((await box.json(["tasks"], { cwd: side })).tasks.length, 3, "one repository, however it is reached");

    box.git(["checkout", "-q", "--detach"]);
    await works(box, box.repo, "detached");
    assertUntouched(box);
    assert.is(spawnSync("git", ["symbolic-ref", "-q", "HEAD"], { cwd: box.repo, env: box.env }).status, 1, "still detached");
  } finally {
    await box.close();
  }
});

test("a shallow clone, and a sparse checkout, whose worktrees are sparse too", async () => {
  const box = await sandbox({ "in/a.txt": "a\n", "out/b.txt": "b\n", "top.txt": "t\n" });
  try {
    writeFileSync(join(box.repo, "top.txt"), "2\n");
    box.git(["commit", "-qam", "second"]);
    box.git(["clone", "-q", "--depth", "1", `file://${box.repo}`, "../shallow"]);
    const shallow = join(box.dir, "shallow");
    assert.ok(existsSync(join(shallow, ".git", "shallow")));
    const task = await works(box, shallow, "shallow");
    assert.is(task.result.commits, 1);
    assertUntouched(box, shallow);

    for (const mode of ["--cone", "--no-cone"]) {
      const dir = join(box.dir, `sparse${mode}`);
      box.git(["clone", "-q", box.repo, dir]);
      box.git(["sparse-checkout", "set", mode, mode === "--cone" ? "in" : "/in/"], dir);
      assert.not(existsSync(join(dir, "out")));
      const label = `sparse${mode.slice(1)}`;
      const sparse = await run(box, label, `${writes}; mkdir -p out; echo new > out/new.txt; echo more >> in/a.txt`, { cwd: dir });
      assert.is(sparse.state, "completed", JSON.stringify(sparse.failure));
      assert.ok(existsSync(join(sparse.worktree, "in", "a.txt")));
      assert.not(existsSync(join(sparse.worktree, "out", "b.txt")), "what the checkout leaves out, the worktree leaves out");
      assert.is(box.git(["show", `copse/${label}:out/b.txt`], dir), "b\n", "and it is not deleted by that");
      assert.is(box.git(["show", `copse/${label}:out/new.txt`], dir), "new\n", "a file made outside of the sparse part is kept");
      assertUntouched(box, dir);
    }
  } finally {
    await box.close();
  }
});

test("submodules are filled in, or it is said that they are not; a submodule is a repository too", async () => {
  const box = await sandbox();
  try {
    box.git(["clone", "-q", box.repo, "../inner"]);
    box.git(["submodule", "--quiet", "add", join(box.dir, "inner"), "lib/inner"]);
    box.git(["commit", "-qm", "with a submodule"]);
    const task = await works(box, box.repo, "filled");
    assert.is(readFileSync(join(task.worktree, "lib", "inner", "a.txt"), "utf8"), "a\n");
    assertUntouched(box);

    // What an agent leaves inside of a submodule cannot be committed from outside; it is said, and the rest is kept.
    const inside = await run(box, "inside", `${writes}; echo x > lib/inner/a.txt`);
    assert.is(inside.state, "completed", JSON.stringify(inside.failure));
    assert.match(inside.notes.join("\n"), /not committed, still in .*lib\/inner/);
    assert.is(box.git(["show", "copse/inside:inside.txt"]), "done\n");

    rmSync(join(box.dir, "inner"), { recursive: true });
    const without = await run(box, "without", writes);
    assert.is(without.state, "completed", JSON.stringify(without.failure));
    assert.match(without.notes.join("\n"), /submodules are not filled in/);

    const sub = join(box.repo, "lib", "inner");
    const inner = await works(box, sub, "in-sub");
    assert.is(inner.worktree, join(sub, ".worktrees", "trees", "in-sub"));
    assertUntouched(box, sub);
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("a submodule over a protocol that git refuses is noted, not fetched", async () => {
  const box = await sandbox();
  try {
    box.git(["clone", "-q", box.repo, "../inner"]);
    box.git(["submodule", "--quiet", "add", join(box.dir, "inner"), "inner"]);
    box.git(["commit", "-qm", "with a submodule"]);
    const { GIT_ALLOW_PROTOCOL: _, ...env } = box.env;
    writeFileSync(join(box.dir, "home", "strict"), "[user]\n\tname = T\n\temail = t@example.com\n");
    const child = spawnSync(
      process.execPath,
      [builtCli, "run", "--label", "refused", "--json", "--exec", "--", "/bin/sh", "-c", 'ls inner > "$COPSE_LABEL.txt"'],
      { cwd: box.repo, env: { ...env, GIT_CONFIG_GLOBAL: join(box.dir, "home", "strict") }, encoding: "utf8" },
    );
    assert.is(child.status, 0, child.stderr);
    const { task } = JSON.parse(child.stdout);
    assert.match(task.notes.join("\n"), /submodules are not filled in.*transport 'file' not allowed/s);
  } finally {
    await box.close();
  }
});

test("a git directory elsewhere; a bare repository; a bare one with checkouts beside", async () => {
  const box = await sandbox();
  try {
    const apart = join(box.dir, "apart");
    box.git(["clone", "-q", `--separate-git-dir=${join(box.dir, "apart.git")}`, box.repo, apart]);
    assert.match(readFileSync(join(apart, ".git"), "utf8"), /gitdir/);
    const task = await works(box, apart, "apart");
    assert.is(task.worktree, join(apart, ".worktrees", "trees", "apart"));
    assertUntouched(box, apart);

    const bare = join(box.dir, "bare.git");
    box.git(["clone", "-q", "--bare", box.repo, bare]);
    const inBare = await works(box, bare, "bare");
    assert.is(inBare.repo, bare);
    const refused = await box.copse(["run", "-b", "--no-worktree", "--json", "--exec", "--", "true"], { cwd: bare });
    assert.is(refused.code, 2);
    assert.match(errorOf(refused).hint, /--no-worktree/);

    const project = join(box.dir, "project");
    mkdirSync(project);
    box.git(["clone", "-q", "--bare", box.repo, join(project, ".bare")]);
    writeFileSync(join(project, ".git"), "gitdir: ./.bare\n");
    box.git(["worktree", "add", "-q", "main-tree", "main"], project);
    await works(box, project, "beside");
    await works(box, join(project, "main-tree"), "beside-tree");
    assertUntouched(box, join(project, "main-tree"));
  } finally {
    await box.close();
  }
});

test("no repository, no commit, and a worktree whose repository is gone are refused with a next step", async () => {
  const box = await sandbox();
  try {
    const nowhere = join(box.dir, "nowhere");
    mkdirSync(nowhere);
    const none = await box.copse(["run", "-b", "--json", "--exec", "--", "true"], { cwd: nowhere });
    assert.is(none.code, 3);
    assert.match(errorOf(none).hint, /git init/);

    box.git(["init", "-q", nowhere]);
    const empty = await box.copse(["run", "-b", "--json", "--exec", "--", "true"], { cwd: nowhere });
    assert.is(empty.code, 3);
    assert.is(errorOf(empty).code, "NO_COMMITS");
    assert.match(errorOf(empty).hint, /git commit --allow-empty/);
    assert.not(existsSync(join(nowhere, ".worktrees")));

    // An unborn branch where others have commits: --base says where to start.
    box.git(["checkout", "-q", "--orphan", "fresh"]);
    const based = await run(box, "based", writes, { flags: ["--base", "main"] });
    assert.is(based.state, "completed", JSON.stringify(based.failure));
    box.git(["checkout", "-q", "-f", "main"]);

    // A broken worktree inside of the main checkout is not taken for the main checkout.
    const broken = join(box.repo, "broken");
    box.git(["worktree", "add", "-q", "-b", "broken", broken]);
    rmSync(join(box.repo, ".git", "worktrees", "broken"), { recursive: true });
    for (const flags of [[], ["--no-worktree"]]) {
      const ran = await box.copse(["run", "-b", "--json", ...flags, "--exec", "--", "touch", "here"], { cwd: broken });
      assert.is(ran.code, 3);
      assert.match(errorOf(ran).hint, /git worktree repair/);
    }
    rmSync(broken, { recursive: true });
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("paths with spaces, newlines, emoji, quotes and a leading dash", async () => {
  const box = await sandbox(undefined, { repoName: "-a b\nc 🌳 'q\" é" });
  try {
    const task = await run(box, "odd", 'printf %s "$(pwd -P)" > cwd.txt');
    assert.is(task.state, "completed", JSON.stringify(task.failure));
    assert.is(readFileSync(join(task.worktree, "cwd.txt"), "utf8"), join(box.repo, ".worktrees", "trees", "odd"));
    assertUntouched(box);
    writeFileSync(join(box.repo, ".git", "info", "exclude"), "");
    mkdirSync(join(box.repo, ".worktrees"), { recursive: true });
    const trees = "odd [place] *\\ {repo}/{label}";
    settings(box, { worktrees: trees.replace("{repo}", "x") });
    const placed = await run(box, "placed", "echo x > x.txt");
    assert.is(placed.state, "completed", JSON.stringify(placed.failure));
    assert.is(placed.worktree, join(box.repo, "odd [place] *\\ x", "placed"));
    rmSync(join(box.repo, ".worktrees"), { recursive: true });
    assertUntouched(box);
    settings(box, { worktrees: "wt-{label}" });
    const top = await run(box, "top", "echo x > x.txt");
    assert.is(top.worktree, join(box.repo, "wt-top"));
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("a folder whose name is not UTF-8 is refused in words", async () => {
  const box = await sandbox();
  try {
    const parent = Buffer.concat([Buffer.from(join(box.dir, "latin-")), Buffer.from([0xe9])]);
    mkdirSync(parent);
    execFileSync("/bin/sh", ["-c", `cd "$(printf '${box.dir}/latin-\\351')" && git clone -q ../repo repo`], { env: box.env });
    const script = `cd "$(printf '${box.dir}/latin-\\351/repo')" && exec "${process.execPath}" "${builtCli}" run -b --json --exec -- touch here`;
    const ran = spawnSync("/bin/sh", ["-c", script], { env: box.env, encoding: "utf8" });
    assert.is(ran.status, 3, ran.stderr + ran.stdout);
    assert.match(JSON.parse(ran.stdout).error.hint, /UTF-8/);
    // Inside of a folder that is well named it is no trouble.
    const inside = Buffer.concat([Buffer.from(join(box.repo, "x-")), Buffer.from([0xe9])]);
    writeFileSync(inside, "bytes\n");
    box.git(["add", "-A"]);
    box.git(["commit", "-qm", "bytes"]);
    await works(box, box.repo, "bytes");
  } finally {
    await box.close();
  }
});

test("a link in the repository does not lead the worktree out of it; the person's own setting may", async () => {
  const box = await sandbox();
  try {
    const out = join(box.dir, "out");
    mkdirSync(out);
    symlinkSync(out, join(box.repo, ".worktrees"));
    box.git(["add", "-A"]);
    box.git(["commit", "-qm", "hostile"]);
    const task = await run(box, "led", "echo x > x.txt");
    assert.is(task.state, "failed");
    assert.is(task.failure.stage, "prepare");
    assert.match(task.failure.message, /leads out of the repository/);
    assert.equal(execFileSync("ls", ["-A", out], { encoding: "utf8" }), "");
    assert.throws(() => box.git(["rev-parse", "--verify", "-q", "copse/led"]));
    settings(box, { worktrees: join(out, "{repo}", "{label}") });
    const task2 = await run(box, "mine", "echo x > x.txt");
    assert.is(task2.state, "completed", JSON.stringify(task2.failure));
    assert.is(task2.worktree, join(out, "repo", "mine"));
  } finally {
    await box.close();
  }
});

test("a project may not choose a place outside of the repository unless it is trusted", async () => {
  const box = await sandbox({ ".worktrees/config.json": '{"worktrees":"../elsewhere/{label}"}' });
  try {
    const refused = await submit(box, "away", "true");
    assert.is(refused.code, 77);
    assert.is((await box.copse(["config", "trust", "--yes"])).code, 0);
    const task = await run(box, "away", "echo x > x.txt");
    assert.is(task.worktree, join(box.dir, "elsewhere", "away"));
  } finally {
    await box.close();
  }
});

test("a reftable repository, where this git has it", async () => {
  const box = await sandbox();
  try {
    const dir = join(box.dir, "reftable");
    const made = spawnSync("git", ["init", "-q", "--ref-format=reftable", dir], { env: box.env });
    if (made.status !== 0) return console.log("  (this git has no reftable: not tried)");
    box.git(["commit", "-q", "--allow-empty", "-m", "start"], dir);
    await works(box, dir, "table");
  } finally {
    await box.close();
  }
});

test.run();
