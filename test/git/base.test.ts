/** Where a task starts from. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { errorOf, run, settings, settled, submit } from "../support/run-script.ts";
import { type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const commit = (box: Sandbox, text: string, cwd = box.repo): string => {
  box.git(["commit", "-q", "--allow-empty", "-m", text], cwd);
  return box.git(["rev-parse", "HEAD"], cwd).trim();
};

test("the base becomes a commit when the task starts, not when it is submitted", async () => {
  const box = await sandbox();
  try {
    settings(box, { limit: 1 });
    const gate = join(box.dir, "gate");
    await submit(box, "blocker", `until test -e '${gate}'; do sleep 0.05; done`);
    await submit(box, "late", "true");
    await submit(box, "late-named", "true", { flags: ["--base", "main"] });
    await waitFor(async () => (await box.task("blocker")).state === "running", "the blocker to run");
    assert.is((await box.task("late")).state, "queued");
    assert.is((await box.task("late")).base, null);
    const moved = commit(box, "main moved");
    writeFileSync(gate, "");
    assert.is((await settled(box, "late")).base, moved);
    assert.is((await settled(box, "late-named")).base, moved);
    assert.is.not((await box.task("blocker")).base, moved);
  } finally {
    await box.close();
  }
});

test("--base takes a branch, a tag, a commit or another task; what names no commit is refused with exit code 3", async () => {
  const box = await sandbox();
  try {
    settings(box, { limit: 1 });
    const first = box.git(["rev-parse", "HEAD"]).trim();
    box.git(["tag", "-a", "-m", "v", "v1"]);
    box.git(["branch", "side"]);
    commit(box, "second");
    for (const [label, ref] of [
      ["by-branch", "side"],
      ["by-tag", "v1"],
      ["by-sha", first.slice(0, 10)],
      ["by-math", "HEAD~1"],
    ] as const)
      assert.is((await run(box, label, "true", { flags: ["--base", ref] })).base, first, ref);
    const a = await run(box, "a", "echo a > by-a.txt");
    const b = await run(box, "b", "cat by-a.txt > seen.txt", { flags: ["--base", "@a"] });
    assert.is(b.state, "completed", JSON.stringify(b.failure));
    assert.is(b.base, box.git(["rev-parse", "copse/a"]).trim());
    assert.is.not(a.base, b.base);
    assert.is(b.result.commits, 1, "only its own work counts as its work");
    for (const ref of ["no-such", "--help", "-x", "--upload-pack=touch x", "HEAD:a.txt", "main..side", "@{99}", "", " "]) {
      const refused = await box.copse(["run", "-b", "--json", `--base=${ref}`, "--exec", "--", "true"]);
      assert.is(refused.code, 3, `${JSON.stringify(ref)}: ${refused.stdout}`);
      assert.is(errorOf(refused).code, "BASE_NOT_FOUND");
      assert.ok(errorOf(refused).hint);
    }
    const missing = await box.copse(["run", "-b", "--json", "--base", "@nobody", "--exec", "--", "true"]);
    assert.is(missing.code, 3);
    // It may vanish while the task waits.
    const gate = join(box.dir, "gate");
    await submit(box, "blocker", `until test -e '${gate}'; do sleep 0.05; done`);
    await submit(box, "orphan", "true", { flags: ["--base", "side"] });
    box.git(["branch", "-D", "side"]);
    writeFileSync(gate, "");
    const orphan = await settled(box, "orphan");
    assert.is(orphan.state, "failed");
    assert.is(orphan.failure.stage, "prepare");
    assert.match(orphan.failure.message, /no commit named "side"/);
  } finally {
    await box.close();
  }
});

test("without --base: the remote's default branch, main of the remote, the only remote's, else HEAD", async () => {
  const box = await sandbox();
  try {
    const upstream = join(box.dir, "upstream");
    box.git(["clone", "-q", box.repo, upstream]);
    const main = box.git(["rev-parse", "HEAD"]).trim();
    box.git(["checkout", "-q", "-b", "trunk"], upstream);
    const trunk = commit(box, "trunk", upstream);
    const local = commit(box, "local");
    assert.is((await run(box, "none", "true")).base, local, "no remote: HEAD");

    box.git(["remote", "add", "mirror", upstream]);
    box.git(["fetch", "-q", "mirror"]);
    box.git(["remote", "set-head", "mirror", "trunk"]);
    assert.is((await run(box, "only-remote", "true")).base, trunk, "the only remote, whatever its name");
    box.git(["remote", "add", "origin", upstream]);
    box.git(["fetch", "-q", "origin"]);
    const byName = await run(box, "by-name", "true");
    assert.is(byName.base, main, "origin/main where origin has no HEAD");
    box.git(["remote", "set-head", "origin", "trunk"]);
    assert.is((await run(box, "by-head", "true")).base, trunk, "origin/HEAD");
    box.git(["update-ref", "-d", "refs/remotes/origin/trunk"]);
    assert.is((await run(box, "stale-head", "true")).base, main, "an origin/HEAD that leads nowhere is passed over");
  } finally {
    await box.close();
  }
});

test.run();
