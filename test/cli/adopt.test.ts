/** Worktrees that no task knows of are found, told of, left alone, and become tasks when a person says so. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Sandbox } from "../support/sandbox.ts";
import { inBox } from "./support.ts";

const session = "0f0e0d0c-0b0a-4908-8706-050403020100";

/** As `claude -w` leaves one: its place, its branch, its lock. */
function leftByClaude(box: Sandbox, name: string, pid: number): string {
  const path = join(box.repo, ".claude", "worktrees", name);
  box.git(["worktree", "add", "-q", "-b", `worktree-${name}`, path]);
  box.git(["worktree", "lock", "--reason", `claude session ${name} (pid ${pid} start 12345)`, path]);
  return path;
}

const dead = 2 ** 22 + 7;
const orphans = async (box: Sandbox) => (await box.json(["clean"])).orphans;

inBox("a worktree left by claude -w: listed, never removed, adopted as it stands, then a task like any other", async (box) => {
  const path = leftByClaude(box, "bold-oak", dead);
  writeFileSync(join(path, "work.txt"), "work\n");
  box.git(["add", "."], path);
  box.git(["commit", "-qm", "work"], path);
  writeFileSync(join(path, "open.txt"), "not committed\n");
  const kept = join(box.env["HOME"] as string, ".claude", "projects", path.replace(/[^A-Za-z0-9-]/g, "-"));
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, `${session}.jsonl`), "{}\n");

  assert.equal(await orphans(box), [
    {
      path,
      branch: "worktree-bold-oak",
      kind: "claude",
      why: `Claude Code made it, and the process that locked it (${dead}) has ended`,
      adoptable: true,
    },
  ]);
  const text = await box.copse(["clean"]);
  assert.match(
    text.stdout,
    /Without a task, and left alone:\n {2}\.claude\/worktrees\/bold-oak \(worktree-bold-oak\) .*: copse adopt \.claude\/worktrees\/bold-oak\n/,
  );
  await box.copse(["clean", "--yes"]);
  assert.ok(existsSync(path), "clean --yes leaves it alone");

  const adopted = await box.copse(["adopt", ".claude/worktrees/bold-oak"]);
  assert.is(adopted.code, 0, adopted.stderr);
  assert.match(adopted.stdout, new RegExp(`^bold-oak \\([a-z0-9]{8}\\) has ${path} on worktree-bold-oak, with session ${session}\n`));
  const task = await box.task("bold-oak");
  assert.equal([task.state, task.branch, task.worktree, task.sessionId], ["stopped", "worktree-bold-oak", path, session]);
  assert.is(box.git(["status", "--porcelain"], path), "?? open.txt\n", "nothing in it was changed");
  assert.equal(await orphans(box), []);
  assert.match((await box.copse(["diff", "bold-oak", "--stat"])).stdout, /work\.txt/);
  assert.match((await box.copse(["show", "bold-oak"])).stdout, /adopted .*bold-oak on worktree-bold-oak/);
  const again = await box.copse(["adopt", path, "--json"]);
  assert.is(again.code, 4);
  assert.is(JSON.parse(again.stdout).error.code, "EXISTS");
  assert.match((await box.copse(["clean"])).stdout, /keep +bold-oak .*1 file is not committed: open\.txt/);

  rmSync(join(path, "open.txt"));
  assert.is((await box.copse(["merge", "bold-oak"])).code, 0);
  assert.match((await box.copse(["clean", "--yes"])).stdout, /removed +bold-oak/);
  assert.not.ok(existsSync(path));
  assert.is((await box.copse(["restore", "bold-oak"])).code, 0);
  assert.is(readFileSync(join(path, "work.txt"), "utf8"), "work\n");
});

inBox("an adopted worktree is worked on by the next attempt", async (box) => {
  const path = join(box.dir, "elsewhere");
  box.git(["worktree", "add", "-q", "-b", "topic", path]);
  const script = 'cat > "$PWD/told.txt"';
  const config = join(box.env["HOME"] as string, ".config", "copse");
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "config.json"), JSON.stringify({ agent: "hand", agents: { hand: { command: ["sh", "-c", script] } } }));
  assert.equal(await orphans(box), [], "a person's own worktree is nobody's orphan");
  assert.is((await box.copse(["adopt", path, "-l", "topic-work", "Finish the API"])).code, 0);
  assert.is((await box.copse(["retry", "topic-work"])).code, 0);
  assert.is((await box.copse(["wait", "topic-work"])).code, 0);
  assert.is(box.git(["show", "topic:told.txt"]), "Finish the API");
  assert.is((await box.task("topic-work")).title, "Finish the API");
});

inBox("what is in use, locked, detached, the main checkout, or no worktree is refused with the reason", async (box) => {
  const live = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    const used = leftByClaude(box, "used", live.pid as number);
    const locked = join(box.dir, "locked");
    box.git(["worktree", "add", "-q", "-b", "locked", "--lock", "--reason", "on a stick", locked]);
    const detached = join(box.dir, "detached");
    box.git(["worktree", "add", "-q", "--detach", detached]);
    for (const [folder, code, said] of [
      [used, "WRONG_STATE", `is in use by process ${live.pid}`],
      [locked, "WRONG_STATE", "is locked: on a stick"],
      [detached, "WRONG_STATE", "is on no branch"],
      [box.repo, "WRONG_STATE", "is the main checkout"],
      [join(box.dir, "nowhere"), "FILE_NOT_FOUND", "there is no folder"],
      [box.dir, "NO_REPOSITORY", "not inside a git repository"],
    ] as const) {
      const refused = await box.copse(["adopt", folder, "--json"]);
      const { error } = JSON.parse(refused.stdout);
      assert.is(error.code, code, folder);
      assert.ok(error.message.includes(said), error.message);
      assert.ok(error.hint);
    }
    const [one] = await orphans(box);
    assert.equal([one.path, one.adoptable, one.why], [used, false, `process ${live.pid} works in it`]);
    assert.equal((await box.json(["tasks", "--all"])).tasks, [], "nothing was made");
  } finally {
    live.kill();
  }
});

inBox("tasks whose records are gone: their worktrees, and folders git does not know", async (box) => {
  assert.is((await box.copse(["run", "-q", "-l", "docs", "--exec", "--", "sh", "-c", "echo w > w.txt"])).code, 0);
  const trees = join(box.repo, ".worktrees", "trees");
  mkdirSync(join(trees, "half"));
  await box.copse(["runner", "stop"]);
  rmSync(join(box.state, "repos"), { recursive: true });
  for (const name of ["index.jsonl", "index-older.jsonl"]) rmSync(join(box.state, name), { force: true });
  assert.equal(
    (await orphans(box)).map(({ path, kind, why, adoptable }: Record<string, unknown>) => [path, kind, why, adoptable]),
    [
      [join(trees, "docs"), "copse", "the task it was made for is not recorded any more", true],
      [join(trees, "half"), "folder", "git does not know this folder; look into it, and delete it yourself", false],
    ],
  );
  assert.is((await box.copse(["adopt", join(trees, "docs")])).code, 0);
  assert.equal([(await box.task("docs")).branch, (await orphans(box)).length], ["copse/docs", 1]);
});

test.run();
