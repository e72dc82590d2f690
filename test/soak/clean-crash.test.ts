/** clean and restore killed at each of their steps: the next command finishes the job, and everything comes back. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox } from "../cli/support.ts";
import type { Sandbox } from "../support/sandbox.ts";

const work = ["--exec", "--", "sh", "-c", "echo work on $COPSE_LABEL >> a.txt; echo secret > .env"];
const tree = (box: Sandbox, label: string) => join(box.repo, ".worktrees", "trees", label);

/** A completed task whose work is on its branch; `.env` is ignored, so it lies only in the worktree. */
async function worked(box: Sandbox, label: string): Promise<void> {
  assert.is((await box.copse(["run", "-q", "-l", label, ...work])).code, 0);
}

const points = ["rescued", "removal-begun", "leaving", "renamed", "dropped", "branch-dropped"];
for (const point of points) {
  inBox(
    `killed at "${point}", the next clean finishes the job and restore gives everything back`,
    async (box) => {
      await worked(box, "docs");
      box.git(["merge", "-q", "--no-ff", "--no-edit", "copse/docs"]);
      const tip = box.git(["rev-parse", "copse/docs"]).trim();
      const killed = await box.copse(["clean", "--yes"], { env: { COPSE_CRASH_AT: point } });
      assert.is(killed.code, -2, `killed at ${point}: ${killed.stdout}${killed.stderr}`);
      const again = await box.json(["clean", "--yes"]);
      assert.equal([again.worktrees[0].removed, again.worktrees[0].error], [true, null]);
      assert.not.ok(existsSync(tree(box, "docs")));
      assert.is(box.git(["branch", "--list", "copse/*"]), "");
      assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1);
      assert.equal((await box.json(["clean", "--yes"])).worktrees, [], "nothing is left to do");
      assert.is((await box.copse(["restore", "docs"])).code, 0);
      assert.is(box.git(["rev-parse", "copse/docs"]).trim(), tip);
      assert.is(readFileSync(join(tree(box, "docs"), ".env"), "utf8"), "secret\n");
    },
    { "a.txt": "a\n", ".gitignore": ".env\n" },
  );
}

for (const point of ["registered", "filled", "restored"]) {
  inBox(`restore killed at "${point}" is restored by the next`, async (box) => {
    await worked(box, "docs");
    writeFileSync(join(tree(box, "docs"), "unsaved.txt"), "unsaved\n");
    assert.is((await box.copse(["rm", "docs", "--yes"])).code, 0);
    assert.is((await box.copse(["restore", "docs"], { env: { COPSE_CRASH_AT: point } })).code, -2);
    const again = await box.copse(["restore", "docs"]);
    if (point !== "restored") assert.is(again.code, 0, again.stderr);
    assert.is(readFileSync(join(tree(box, "docs"), "unsaved.txt"), "utf8"), "unsaved\n");
    assert.is((await box.task("docs")).worktreeState, "present");
    assert.is((await box.copse(["retry", "docs"])).code, 0);
  });
}

test.run();
