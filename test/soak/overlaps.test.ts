/** Open tasks whose work would conflict are shown while they run, from uncommitted files too; others are not, and nothing of theirs is touched. */
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Json, settings, submit } from "../support/run-script.ts";
import { sandbox, waitFor } from "../support/sandbox.ts";

const files = { "a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "b.txt": "b\n" };

test("two that change the same line, one uncommitted: each names the other, until one has gone", async () => {
  const box = await sandbox(files);
  try {
    settings(box, { limit: 5 });
    const gate = join(box.dir, "gate");
    const until = (name: string) => `; until test -e '${gate}.${name}'; do sleep 0.05; done`;
    await submit(box, "one", `sed -i s/5/five/ a.txt; echo n > new.txt; echo begun${until("one")}`);
    await submit(box, "two", `sed -i s/5/cinq/ a.txt; echo m > new.txt; git commit -qam cinq; echo begun${until("two")}`);
    await submit(box, "same-file", `sed -i s/9/nine/ a.txt; echo begun${until("rest")}`);
    await submit(box, "elsewhere", `echo else >> b.txt; head -c 3000000 /dev/zero > large.bin; echo begun${until("rest")}`);
    const overlaps = async (label: string): Promise<Json[]> => (await box.task(label)).overlaps;
    await waitFor(async () => (await overlaps("one")).length > 0, "the overlap to be seen", 30_000);
    const [one, two] = [await box.task("one"), await box.task("two")];
    assert.equal(one.overlaps, [{ id: two.id, label: "two", files: ["a.txt", "new.txt"] }]);
    assert.equal(two.overlaps, [{ id: one.id, label: "one", files: ["a.txt", "new.txt"] }]);
    assert.equal(await overlaps("same-file"), []);
    assert.equal(await overlaps("elsewhere"), []);
    assert.match((await box.copse(["tasks"])).stdout, / one +running .*conflicts with two: a\.txt, new\.txt/);
    assert.match((await box.copse(["show", "two"])).stdout, /conflicts with one: a\.txt, new\.txt/);
    // Nothing was staged, committed or left behind.
    assert.is(box.git(["status", "--porcelain"], one.worktree), " M a.txt\n?? new.txt\n");
    assert.is(box.git(["rev-parse", "copse/one"]).trim(), one.base);
    assert.not.ok(existsSync(join(box.state, "runner", "overlap")));
    writeFileSync(`${gate}.two`, "");
    await box.copse(["wait", "two"]);
    await waitFor(async () => (await overlaps("one")).length === 0, "the overlap to go with the task", 30_000);
    assert.not.ok(readdirSync(box.state).includes("overlaps.json"), "the file goes with the last of them");
    for (const name of ["one", "rest"]) writeFileSync(`${gate}.${name}`, "");
    await box.copse(["wait", "one", "same-file", "elsewhere"]);
  } finally {
    await box.close();
  }
});

test("a task in the middle of a merge, and one whose worktree is gone, keep no others from being seen", async () => {
  const box = await sandbox(files);
  try {
    settings(box, { limit: 5 });
    const gate = join(box.dir, "gate");
    const until = `; until test -e '${gate}'; do sleep 0.05; done`;
    const conflict =
      "git checkout -qb x; echo x > b.txt; git commit -qam x; git checkout -q -; echo y > b.txt; git commit -qam y; git merge -q x";
    await submit(box, "merging", `${conflict}; echo begun${until}; git merge --abort`);
    await submit(box, "gone", `mv .git ../gone.git; echo begun${until}; mv ../gone.git .git`);
    await submit(box, "one", `sed -i s/5/five/ a.txt; echo begun${until}`);
    await submit(box, "two", `sed -i s/5/cinq/ a.txt; echo begun${until}`);
    await waitFor(async () => (await box.task("one")).overlaps.length > 0, "the overlap to be seen", 30_000);
    assert.equal(
      (await box.task("one")).overlaps.map((one: Json) => one.label),
      ["two"],
    );
    assert.equal((await box.task("merging")).overlaps, []);
    assert.ok(statSync(join(box.state, "overlaps.json")).size > 0);
    writeFileSync(gate, "");
    await box.copse(["wait", "merging", "gone", "one", "two"]);
  } finally {
    await box.close();
  }
});

test.run();
