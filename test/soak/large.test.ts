/** A repository of 100,000 files: whole, and sparse. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, run } from "../support/run-script.ts";
import { sandbox } from "../support/sandbox.ts";

test("100,000 files", async () => {
  const box = await sandbox();
  try {
    const rows = [
      "blob\nmark :1\ndata 2\nx\n",
      "commit refs/heads/main\ncommitter T <t@example.com> 1700000000 +0000\ndata 4\nmany\nfrom refs/heads/main^0\n",
    ];
    for (let i = 0; i < 100_000; i++) rows.push(`M 100644 :1 d${i % 200}/f${i}.txt\n`);
    execFileSync("git", ["fast-import", "--quiet"], { cwd: box.repo, env: box.env, input: rows.join("") });
    box.git(["sparse-checkout", "set", "d7"]);
    box.git(["reset", "-q", "--hard"]);
    assert.equal(
      readdirSync(box.repo).filter((name) => name.startsWith("d")),
      ["d7"],
    );

    const sparse = await run(box, "sparse", "ls d7 | wc -l > count.txt; echo y > d7/f7.txt; rm d7/f207.txt");
    assert.is(sparse.state, "completed", JSON.stringify(sparse.failure));
    assert.equal(
      readdirSync(sparse.worktree).filter((name) => name.startsWith("d")),
      ["d7"],
    );
    assert.is(box.git(["show", "copse/sparse:count.txt"]).trim(), "500");
    assert.is(sparse.result.diff.files, 3, "what is not checked out is not deleted");
    assertUntouched(box);

    const whole = join(box.dir, "whole");
    box.git(["worktree", "add", "-q", "--no-checkout", "-b", "whole", whole]);
    box.git(["config", "--worktree", "core.sparseCheckout", "false"], whole);
    const full = await run(box, "full", "ls | grep -c '^d' > count.txt; rm -r d9; echo y > d7/f7.txt", { cwd: whole });
    assert.is(full.state, "completed", JSON.stringify(full.failure));
    assert.ok(existsSync(join(full.worktree, "d199", "f99999.txt")));
    assert.is(box.git(["show", "copse/full:count.txt"]).trim(), "200");
    assert.is(full.result.diff.files, 502);
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test.run();
