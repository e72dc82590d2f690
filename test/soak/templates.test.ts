/** The batches that come with Copse, from beginning to end: a stand-in for an agent does what their prompts ask, and what each promises is there. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { personConfig } from "../cli/support.ts";
import { bundled } from "../support/bundled.ts";
import { everydayFiles, expectAudit, expectDiagnosis, expectJsdoc, expectRefactor } from "../support/everyday.ts";
import { inLab, joinLab } from "../support/in-lab.ts";
import { builtCli, type Sandbox, sandbox } from "../support/sandbox.ts";
import { outdated } from "../support/updates.ts";

const standIn = [process.execPath, await bundled("test/support/everyday.ts")];
const agents = { claude: { command: standIn } };

function inShop(name: string, run: (box: Sandbox) => Promise<void>): void {
  test(name, async () => {
    const box = await sandbox(everydayFiles);
    try {
      personConfig(box, { agents });
      await run(box);
    } finally {
      await box.close();
    }
  });
}

async function goesWell(box: Sandbox, args: readonly string[]): Promise<void> {
  const ran = await box.copse(["batch", ...args]);
  assert.is(ran.code, 0, ran.stdout + ran.stderr);
}

inShop("security-audit: a page for each folder, all of them on one branch, and a page that sums them up", async (box) => {
  await goesWell(box, ["security-audit"]);
  await expectAudit(box);
  const again = await box.copse(["batch", "security-audit"]);
  assert.match(again.stderr, /4 tasks: 0 started, 4 left as they are \(all of it anew: --fresh\)/);
  await goesWell(box, ["security-audit", "--fresh", "--set", "dir=src/ui"]);
  assert.is((await box.json(["batch", "security-audit", "--fresh", "--set", "dir=src/ui", "--dry-run"])).batch.tasks.length, 3);
  assert.match(box.git(["show", "copse/summary-2:security-audit/SUMMARY.md"]), /CRITICAL: 0/);
});

inShop("jsdoc: what is exported and undocumented gets its comment, folder by folder", async (box) => {
  await goesWell(box, ["jsdoc"]);
  await expectJsdoc(box);
});

inShop("refactor: the old pattern is gone from each folder, or the check says that it is not", async (box) => {
  await goesWell(box, ["refactor", "--set", "old=legacyFetch\\(", "--set", "new=apiClient.get("]);
  await expectRefactor(box);
  // What takes its place has the old one in it: the check cannot pass, and says so.
  const ran = await box.copse([
    "batch",
    "refactor",
    "--fresh",
    "--set",
    "old=legacyFetch",
    "--set",
    "new=legacyFetch2",
    "--set",
    "dir=src/api",
  ]);
  assert.is(ran.code, 1, ran.stdout + ran.stderr);
  const task = await box.task("refactor-src-api-2");
  assert.equal([task.verify.status, task.verify.checks[0].exitCode], ["failed", 1]);
  assert.match(task.notes.join(), /was sent back to its agent \(1 of 1\)/);
});

inLab(
  "test-diagnosis: one issue for each pattern, night after night",
  async (box, lab) => {
    for (const [path, text] of Object.entries(everydayFiles)) {
      mkdirSync(dirname(join(box.repo, path)), { recursive: true });
      writeFileSync(join(box.repo, path), text);
    }
    box.git(["add", "."]);
    box.git(["commit", "-qm", "shop"]);
    box.git(["push", "-q", lab.gitDir("me", "project"), "main"]);
    box.git(["update-ref", "refs/remotes/origin/main", "main"]);
    await goesWell(box, ["test-diagnosis"]);
    await expectDiagnosis(box, lab, "diagnose");
    const first = lab.issues.map(({ title }) => title);
    await goesWell(box, ["test-diagnosis", "--fresh"]);
    await expectDiagnosis(box, lab, "diagnose-2");
    assert.equal(
      lab.issues.map(({ title }) => title),
      first,
      "two nights, two issues",
    );
    assert.match(lab.issues[0]?.body ?? "", /task `diagnose-2`/);
  },
  // The checks of the configuration fail as the tests do; the diagnosis begins all the same.
  { agents, verify: ["npm test"] },
);

test("deps: what passes is updated and proposed, without an agent", async () => {
  const box = await outdated({ names: ["one", "two", "bad"], conflicts: [["bad"]] });
  const lab = await joinLab(box);
  try {
    const bin = join(box.dir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "copse"), `#!/bin/sh\nexec '${process.execPath}' '${builtCli}' "$@"\n`);
    chmodSync(join(bin, "copse"), 0o755);
    Object.assign(box.env, { PATH: `${bin}:${box.env["PATH"]}` });
    await goesWell(box, ["deps"]);
    assert.is((await box.task("dependency-update")).state, "completed");
    const [pull] = lab.pulls;
    assert.equal([lab.pulls.length, pull?.base.ref], [1, "main"]);
    const { dependencies } = JSON.parse(box.git(["show", `${pull?.head.ref}:package.json`], lab.gitDir("me", "project")));
    assert.equal(dependencies, { one: "1.1.0", two: "1.1.0", bad: "1.0.0" });
  } finally {
    await lab.close();
    await box.close();
  }
});

test.run();
