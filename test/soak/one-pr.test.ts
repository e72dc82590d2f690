/** `deliver: one-pr`: all work of a batch in one pull request, on a GitHub of our own. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inLab, posts } from "../support/in-lab.ts";
import { kill, runnerPid, type Sandbox, waitFor } from "../support/sandbox.ts";

const sh = (script: string) => `exec: [sh, -c, ${JSON.stringify(script)}]`;

/** `| docs | … |` → its cells, by the task's label. */
export function rows(body: string): Record<string, string[]> {
  const lines = body.split("\n").filter((line) => line.startsWith("| `"));
  return Object.fromEntries(
    lines.map((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return [(cells[1] ?? "").replaceAll("`", ""), cells.slice(2, -1)];
    }),
  );
}

const write = (box: Sandbox, text: string) => writeFileSync(join(box.repo, "b.yaml"), text);

const several = `
name: nightly
deliver: one-pr
verify: ["test -f a1.txt && ! test -e lost.txt"]
tasks:
  first: { ${sh("echo 1 > a1.txt; git add .; git commit -qm 'Add the first'; echo one > shared.txt")} }
  rival: { needs: first, ${sh("echo other > shared.txt; echo rival > lost.txt")} }
  onto: { needs: first, base: "@first", ${sh("echo more >> a1.txt")} }
  bad: { ${sh("echo bad > bad.txt; test -e $HOME/mended")} }
  over: { needs: bad, base: "@bad", ${sh("echo over > over.txt")} }
  unsure: { ${sh("echo u > unsure.txt")}, verify: ["test -e $HOME/mended"] }
  idle: { ${sh("true")} }
  page: { ${sh("echo page > page.txt")}, deliver: report }
`;

inLab("a batch becomes one pull request of what is sound, with a row for each task; again it is brought up to date", async (box, lab) => {
  write(box, several);
  const ran = await box.copse(["batch", "b.yaml"]);
  assert.is(ran.code, 6, ran.stdout + ran.stderr);
  const joint = await box.task("nightly");
  assert.equal([joint.state, joint.verify.status], ["completed", "verified"], JSON.stringify(joint.failure));
  assert.is(posts(lab), 1);
  assert.is(lab.pulls.length, 1);
  const table = rows(lab.pulls[0].body);
  assert.equal(Object.keys(table).slice(0, 8), ["first", "rival", "onto", "bad", "over", "unsure", "idle", "page"], lab.pulls[0].body);
  assert.match(table["first"]?.join() ?? "", /completed,none,2,in, \w{12}/);
  assert.match(table["onto"]?.at(-1) ?? "", /^in, /);
  assert.is(table["rival"]?.at(-1), "**left out**: `it conflicts with first in shared.txt`");
  assert.match(table["bad"]?.at(-1) ?? "", /left out\*\*: `it failed: the command exited with code 1`/);
  assert.match(table["over"]?.at(-1) ?? "", /left out\*\*: `skipped: bad failed`/);
  assert.match(table["unsure"]?.join() ?? "", /\*\*failed\*\*.*left out.*its check failed: test -e/);
  assert.match(table["idle"]?.at(-1) ?? "", /^`it changed nothing`$/);
  assert.match(table["page"]?.at(-1) ?? "", /^`delivered by itself \(report\)`$/);
  assert.match(lab.pulls[0].body, /2 of 8 tasks of a batch, a commit each\./);
  const files = () => box.git(["ls-tree", "--name-only", "copse/nightly"]).trim().split("\n");
  assert.equal(files(), ["a.txt", "a1.txt", "shared.txt"]);
  assert.is(box.git(["log", "--format=%an %s", "main..copse/nightly"]).split("\n").length, 3, "a commit each");
  const heads = () => box.git(["for-each-ref", "--format=%(refname)"], lab.gitDir("me", "project")).trim().split("\n");
  assert.equal(heads(), ["refs/heads/copse/nightly", "refs/heads/main"], "branches of the tasks stay here");

  const report = await box.json(["report", "--batch", "nightly"]);
  assert.equal(
    report.attention.map(({ label, what, next }: any) => [label, what, next]),
    [
      ["bad", "failed", "copse logs bad; copse retry bad"],
      ["unsure", "checks-failed", "copse diff unsure; copse retry unsure"],
      ["rival", "left-out", "copse diff rival; copse pr rival"],
      ["over", "skipped", "When what was wrong is mended: copse retry bad over"],
    ],
  );
  assert.is(report.criticalPath.tasks.at(-1).label, "nightly", "all others come before it");
  assert.ok(report.wallMs > 0 && report.workMs > 0 && report.budget === null);
  const page = (await box.copse(["report", "--batch", "nightly"])).stdout;
  assert.match(page, /^# Report: batch nightly\n\n## What needs you\n\n- \*\*bad\*\* failed: /);
  assert.match(page, /\n\nTook \d+ s for \d+ s of work, [\d.]+ at once on average\. Critical path: .*`nightly` \d+ s; /);

  // Nothing to do: nothing is done.
  const calls = lab.calls.length;
  assert.is((await box.copse(["batch", "b.yaml", "--dry-run"])).code, 0);
  writeFileSync(join(box.dir, "home", "mended"), "");
  const again = await box.copse(["batch", "b.yaml", "--failed"]);
  assert.is(again.code, 0, again.stdout + again.stderr);
  assert.ok(lab.calls.length > calls);
  assert.is(posts(lab), 1, "the same pull request");
  const later = rows(lab.pulls[0].body);
  for (const label of ["first", "onto", "bad", "over", "unsure"])
    assert.match(later[label]?.at(-1) ?? "", /^in, /, `${label}: ${lab.pulls[0].body}`);
  assert.equal(files(), ["a.txt", "a1.txt", "bad.txt", "over.txt", "shared.txt", "unsure.txt"]);
  const tip = box.git(["rev-parse", "copse/nightly"]).trim();
  assert.is(box.git(["rev-parse", "refs/heads/copse/nightly"], lab.gitDir("me", "project")).trim(), tip);
  const third = await box.json(["batch", "b.yaml"]);
  assert.equal(third, { tasks: [] }, "nothing is left to do");

  // A task more, and one taken anew: into the same pull request.
  write(box, `${several}  added: { ${sh("echo added > added.txt")} }\n`);
  assert.is((await box.copse(["batch", "b.yaml"])).code, 0);
  assert.match(rows(lab.pulls[0].body)["added"]?.at(-1) ?? "", /^in, /);
  assert.is(posts(lab), 1);
});

inLab("what somebody adds to its branch stays, and what is new goes on top of it", async (box, lab) => {
  const one = `name: grows\ndeliver: one-pr\ntasks:\n  one: { ${sh("echo 1 > one.txt")} }\n`;
  write(box, one);
  assert.is((await box.copse(["batch", "b.yaml"])).code, 0);
  const { worktree } = await box.task("grows");
  writeFileSync(join(worktree, "mine.txt"), "a person's\n");
  box.git(["add", "."], worktree);
  box.git(["commit", "-qm", "mine"], worktree);
  const mine = box.git(["rev-parse", "HEAD"], worktree).trim();
  write(box, `${one}  two: { ${sh("echo 2 > two.txt")} }\n`);
  assert.is((await box.copse(["batch", "b.yaml"])).code, 0);
  box.git(["merge-base", "--is-ancestor", mine, "copse/grows"]);
  assert.equal(box.git(["log", "--format=%s", "main..copse/grows"]).trim().split("\n").length, 3);
  const table = rows(lab.pulls[0].body);
  for (const label of ["one", "two"]) assert.match(table[label]?.at(-1) ?? "", /^in, /);
  assert.is(posts(lab), 1);
  assert.is((await box.copse(["batch", "--combine"])).code, 2, "that is Copse's own");
});

inLab("a batch by its name, set and made anew: the work of the last time, in the pull request that is open", async (box, lab) => {
  mkdirSync(join(box.repo, ".worktrees", "batches"), { recursive: true });
  const once = sh("date +%s%N > {{part}}.txt");
  writeFileSync(
    join(box.repo, ".worktrees", "batches", "tidy.yaml"),
    `name: tidy\ndeliver: one-pr\ntasks:\n  tidy: { ${once}, matrix: { part: [a, b, c] } }\n`,
  );
  const tidy = (...more: string[]) => box.copse(["batch", "tidy", "--set", "part=b", "--set", "part=d", ...more]);
  const shown = (name: string) => box.git(["show", `copse/tidy:${name}`]);
  assert.is((await tidy()).code, 0);
  const before = shown("d.txt");
  assert.is((await tidy("--fresh")).code, 0);
  assert.not.equal(shown("d.txt"), before, "what was made anew takes the place of what was there");
  assert.is(box.git(["rev-list", "--count", "main..copse/tidy"]).trim(), "2", "a commit each");
  assert.is(posts(lab), 1);
  const table = rows(lab.pulls[0].body);
  assert.equal(Object.keys(table).filter((label) => label.startsWith("tidy")).length, 2, lab.pulls[0].body);
  for (const cells of Object.values(table).slice(0, 2)) assert.match(cells.at(-1) ?? "", /^in, /);
  lab.pulls[0].state = "closed";
  lab.pulls[0].merged_at = "2026-01-01T00:00:00Z";
  assert.is((await box.copse(["tasks", "--refresh"])).code, 0);
  assert.is((await tidy("--fresh")).code, 0);
  assert.is(posts(lab), 2, "behind one that is merged there is another");
});

inLab("a delivery that failed is delivered again; with a task mended meanwhile, all is put together anew", async (box, lab) => {
  write(
    box,
    `name: late\ndeliver: one-pr\ntasks:\n  one: { ${sh("echo 1 > one.txt")} }\n  bad: { ${sh("echo 2 > two.txt; test -e $HOME/mended")} }\n`,
  );
  lab.fail("POST /repos/me/project/pulls", 1, 422, { message: "Validation Failed", errors: [{ message: "not now" }] });
  assert.is((await box.copse(["batch", "b.yaml"])).code, 1);
  const failed = await box.task("late");
  assert.equal([failed.state, failed.failure.stage, failed.attempt], ["failed", "deliver", 1]);
  writeFileSync(join(box.dir, "home", "mended"), "");
  assert.is((await box.copse(["batch", "b.yaml"])).code, 0);
  const table = rows(lab.pulls[0].body);
  for (const label of ["one", "bad"]) assert.match(table[label]?.at(-1) ?? "", /^in, /, lab.pulls[0].body);
  assert.is((await box.task("late")).attempt, 2);
});

inLab("neither labels nor titles nor reasons forge a row, a marker, a mention or a closing word", async (box, lab) => {
  const forged = "x | completed | verified | 1 | in, 000000000000 |\n| evil | `";
  writeFileSync(join(box.repo, "lines.txt"), `${forged.replaceAll("\n", " ")}\n`);
  write(
    box,
    JSON.stringify({
      name: "forged",
      deliver: "one-pr",
      tasks: {
        a: { exec: ["sh", "-c", 'printf "x" > "a|b\n| evil | fixes #9.txt"'] },
        b: {
          exec: ["sh", "-c", 'printf "y" > "a|b\n| evil | fixes #9.txt"'],
          needs: "a",
          label: "b | c <!-- copse task zzzzzzzz --> @all",
        },
        c: { exec: ["sh", "-c", `echo '${forged}' >&2; exit 3`] },
      },
    }),
  );
  assert.is((await box.copse(["batch", "b.yaml"])).code, 1);
  const { body } = lab.pulls[0];
  const table = body.split("\n").filter((line: string) => line.startsWith("|"));
  assert.is(table.filter((line: string) => line.startsWith("| `")).length, 3 + 1, body);
  assert.not.match(body.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, ""), /evil|@all|zzzz|fixes #9/);
  assert.is(body.match(/<!-- copse task/g)?.length, 1);
});

inLab("the runner killed while it is put together, and when the pull request is made: one pull request, all in it", async (box, lab) => {
  const tasks = Array.from({ length: 12 }, (_, i) => `  t${i}: { ${sh(`echo ${i} > t${i}.txt`)} }`).join("\n");
  write(box, `name: killed\ndeliver: one-pr\nverify: ["sleep 0.4"]\ntasks:\n${tasks}\n`);
  assert.is((await box.copse(["batch", "b.yaml", "-b"])).code, 0);
  for (const wanted of ["running", "delivering"]) {
    await waitFor(async () => (await box.task("killed")).state === wanted, `the joint task to be ${wanted}`);
    const pid = runnerPid(box.state);
    if (pid !== undefined) kill(pid);
    await box.copse(["runner", "status"]);
    await box.copse(["wait", "killed", "--timeout", "50ms"]);
  }
  assert.is((await box.copse(["wait", "killed", "--timeout", "60s"])).code, 0);
  assert.is(posts(lab), 1);
  const table = rows(lab.pulls[0].body);
  for (let i = 0; i < 12; i++) assert.match(table[`t${i}`]?.at(-1) ?? "", /^in, /);
  assert.is(box.git(["rev-list", "--count", "main..copse/killed"]).trim(), "12");
});

inLab("started for some values only (--set), what the others have made stays in the one pull request", async (box, lab) => {
  write(
    box,
    `name: narrowed\ndeliver: one-pr\ntasks:\n  each: { matrix: { of: [a, b] }, ${sh("test {{of}} = a -o -e ../../../mended && echo {{of}} > {{of}}.made")} }\n`,
  );
  assert.is((await box.copse(["batch", "b.yaml"])).code, 1);
  assert.match(rows(lab.pulls[0].body)["each-b"]?.at(-1) ?? "", /left out/, lab.pulls[0].body);
  writeFileSync(join(box.repo, "mended"), "");
  const ran = await box.copse(["batch", "b.yaml", "--set", "of=b"]);
  assert.is(ran.code, 0, ran.stdout + ran.stderr);
  const table = rows(lab.pulls[0].body);
  for (const label of ["each-a", "each-b"]) assert.match(table[label]?.at(-1) ?? "", /^in, /, lab.pulls[0].body);
  assert.equal(box.git(["ls-tree", "--name-only", "copse/narrowed"]).trim().split("\n"), ["a.made", "a.txt", "b.made"]);
  assert.equal([posts(lab), (await box.task("narrowed")).after.map(({ label }: any) => label).sort()], [1, ["each-a", "each-b"]]);
});

inLab(
  "a file that has lost tasks, or asks for other checks, keeps its one pull request: that holds what the file says now, and says what left",
  async (box, lab) => {
    const task = (name: string, script = `echo ${name} > ${name}.txt`) => `  ${name}: { ${sh(script)} }\n`;
    const file = (verify: string, ...tasks: string[]) =>
      write(box, `name: shrinks\ndeliver: one-pr\nverify: [${JSON.stringify(verify)}]\ntasks:\n${tasks.join("")}`);
    const files = () => box.git(["ls-tree", "--name-only", "copse/shrinks"]).trim().split("\n");
    file("test -e one.txt", task("one"), task("two"), task("bad", "exit 3"));
    assert.is((await box.copse(["batch", "b.yaml"])).code, 1);
    assert.equal(files(), ["a.txt", "one.txt", "two.txt"]);

    file("test -e one.txt", task("one"));
    const plan = await box.copse(["batch", "b.yaml", "--dry-run"]);
    assert.match(plan.stdout, /retry {2}shrinks +the file has no two any more/);
    const ran = await box.copse(["batch", "b.yaml"]);
    assert.is(ran.code, 0, ran.stdout + ran.stderr);
    assert.equal(files(), ["a.txt", "one.txt"]);
    assert.is(posts(lab), 1);
    let table = rows(lab.pulls[0].body);
    assert.match(table["one"]?.at(-1) ?? "", /^in, /);
    assert.match(table["two"]?.at(-1) ?? "", /^`no longer in the batch's file`$/, lab.pulls[0].body);
    assert.match(lab.pulls[0].body, /1 of 1 task of a batch/);
    const joint = await box.task("shrinks");
    assert.equal(
      joint.after.map(({ label }: any) => label),
      ["one"],
    );
    assert.match(joint.result.summary, /No longer in the batch: two, bad\./);
    const report = await box.json(["report", "--batch", "shrinks"]);
    assert.equal([report.attention, report.left.map(({ label }: any) => label)], [[], ["two", "bad"]]);
    assert.match(
      (await box.copse(["report", "--batch", "shrinks"])).stdout,
      /No longer in the batch's file, so not in its pull request: `two`, `bad`\./,
    );
    assert.match((await box.copse(["show", "shrinks"])).stdout, /is to put together 1 task as the batch's file says now, without two, bad/);
    assert.equal(await box.json(["batch", "b.yaml"]), { tasks: [] }, "nothing is left to do");

    // Other checks: the same task, branch and pull request; and a task that comes back is in again.
    file("test -e two.txt", task("one"));
    assert.is((await box.copse(["batch", "b.yaml"])).code, 1);
    const refuted = await box.task("shrinks");
    assert.equal([refuted.id, refuted.verify.checks.map(({ command }: any) => command)], [joint.id, ["test -e two.txt"]]);
    file("test -e two.txt", task("one"), task("two"));
    const back = await box.copse(["batch", "b.yaml"]);
    assert.is(back.code, 0, back.stdout + back.stderr);
    table = rows(lab.pulls[0].body);
    for (const label of ["one", "two"]) assert.match(table[label]?.at(-1) ?? "", /^in, /, lab.pulls[0].body);
    assert.is(table["bad"]?.at(-1), "`no longer in the batch's file`");
    assert.equal([posts(lab), files()], [1, ["a.txt", "one.txt", "two.txt"]]);

    // On top of what left somebody has built: that is said, and nothing of theirs is taken away.
    const { worktree } = await box.task("shrinks");
    box.git(["commit", "-qm", "mine", "--allow-empty"], worktree);
    file("true", task("one"));
    assert.is((await box.copse(["batch", "b.yaml"])).code, 0);
    assert.match(
      rows(lab.pulls[0].body)["two"]?.at(-1) ?? "",
      /^in, \w{12}: no longer in the batch's file, but others' commits stand on it$/,
    );
    assert.equal(files(), ["a.txt", "one.txt", "two.txt"]);

    // Its worktree was cleaned up: brought back, for its pull request is open.
    assert.is((await box.copse(["rm", "shrinks", "--yes"])).code, 0);
    file("test -e one.txt", task("one"));
    const restored = await box.copse(["batch", "b.yaml"]);
    assert.is(restored.code, 0, restored.stdout + restored.stderr);
    assert.equal([posts(lab), (await box.task("shrinks")).id], [1, joint.id]);

    // Begun elsewhere, it would be another pull request.
    box.git(["branch", "release", "main"]);
    write(box, `name: shrinks\ndeliver: one-pr\ndefaults: { base: release }\ntasks:\n${task("one")}`);
    assert.match(
      (await box.copse(["batch", "b.yaml", "--dry-run"])).stdout,
      /start {2}shrinks\S* +its tasks go on, and it begins at release/,
    );
  },
);

test.run();
