/** A task that touches what is not its own says so; one that does not, says nothing, whatever other tasks do meanwhile. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run, submit } from "../support/run-script.ts";
import { sandbox, waitFor } from "../support/sandbox.ts";

const main = 'main=$(dirname "$(git rev-parse --path-format=absolute --git-common-dir)")';

test("files of the main checkout, its branch, other branches, tags and the stash", async () => {
  const box = await sandbox();
  try {
    writeFileSync(join(box.repo, "mine.txt"), "unsaved\n");
    box.git(["branch", "side"]);
    const before = box.git(["rev-parse", "--short=8", "main"]).trim();
    const own = await run(box, "own", "echo work > w.txt; git add w.txt; git commit -qm work; git checkout -qb elsewhere");
    assert.match(own.notes.join("\n"), /while it ran, refs changed: elsewhere \(none\) → /);

    const files = await run(box, "files", `${main}; echo x > $main/new.txt; echo y >> $main/a.txt; echo more >> $main/mine.txt`);
    assert.equal(files.notes, [
      "while it ran, files of the main checkout changed: a.txt, mine.txt, new.txt (by this task or by somebody else)",
    ]);
    assert.is(files.state, "completed");

    const refs = await run(
      box,
      "refs",
      "git commit -q --allow-empty -m x; git update-ref refs/heads/side HEAD; git tag v1; git update-ref refs/heads/main HEAD",
    );
    const tip = box.git(["rev-parse", "--short=8", "copse/refs"]).trim();
    assert.equal(refs.notes, [
      `while it ran, refs changed: main ${before} → ${tip}, side ${before} → ${tip}, tags/v1 (none) → ${tip} (by this task or by somebody else)`,
    ]);
    assert.match((await box.copse(["show", "refs"])).stdout, /while it ran, refs changed: main/);

    const head = await run(box, "head", `${main}; git -C $main checkout -q -f side; echo z > s.txt; git add s.txt; git stash -q`);
    assert.match(head.notes.join("\n"), /while it ran, the main checkout went from main to side; .*refs changed: stash \(none\) → /);
  } finally {
    await box.close();
  }
});

test("nothing is said of other tasks' branches, of worktrees that come and go, or of what was there before", async () => {
  const box = await sandbox();
  try {
    writeFileSync(join(box.repo, "mine.txt"), "unsaved\n");
    const gate = join(box.dir, "gate");
    await submit(box, "long", `until test -e '${gate}'; do sleep 0.05; done; echo l > l.txt`);
    await waitFor(async () => (await box.task("long")).state === "running", "the long one to run");
    const short = await run(box, "short", "echo s > s.txt");
    assert.equal(short.notes, []);
    assert.is((await box.copse(["rm", "short", "--yes"])).code, 0);
    writeFileSync(gate, "");
    await box.copse(["wait", "long"]);
    assert.equal((await box.task("long")).notes, []);
  } finally {
    await box.close();
  }
});

test.run();
