/** Dependency updates with Claude Code: what passes is one pull request, and what breaks the tests is handed to the agent, who brings it in with a pull request of its own. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinLab } from "../support/in-lab.ts";
import { firstUserText, text, toolUse, turn } from "../support/messages-api.ts";
import { outdated, testFile } from "../support/updates.ts";
import { world } from "./world.ts";

const names = ["one", "two", "bad"];

test("deps --pr --fix: a pull request of what passed, and one of what the agent has mended", async () => {
  let asked = "";
  const bare = await world((body) => {
    const prompt = firstUserText(body);
    if (!prompt.startsWith("Update bad from 1.0.0 to 1.1.0")) return text("Nothing of mine.");
    asked = prompt;
    const trees = join(bare.repo, ".worktrees", "trees");
    const file = join(trees, readdirSync(trees).find((name) => name.startsWith("fix-bad-")) ?? "", "test.js");
    const steps = [
      toolUse("Bash", { command: "npm install bad@1.1.0 --save-exact --no-audit --no-fund" }),
      toolUse("Read", { file_path: file }),
      toolUse("Write", { file_path: file, content: testFile(names, []) }),
    ];
    return steps[turn(body)] ?? text("The test asked for the old behaviour of bad; it asks for the new one now.");
  });
  const box = await outdated({ names, conflicts: [["bad"]], into: bare });
  const lab = await joinLab(box, { allow: ["Bash(npm install:*)", "Edit"] });
  try {
    const ran = await box.copse(["deps", "--pr", "--fix"]);
    assert.is(ran.code, 0, ran.stderr);
    const mended = await bare.until("fix-bad-1-1-0", "completed");
    assert.is(mended.verify.status, "verified");
    assert.equal(
      mended.verify.checks.map(({ command, exitCode }: any) => [command, exitCode]),
      [["npm test", 0]],
    );
    assert.match(asked, /```text\nnot ok: bad do not do what they did\n```/);

    const versionsOn = (branch: string) =>
      JSON.parse(box.git(["show", `${branch}:package.json`], lab.gitDir("me", "project"))).dependencies as Record<string, string>;
    const lockedOn = (branch: string) =>
      JSON.parse(box.git(["show", `${branch}:package-lock.json`], lab.gitDir("me", "project"))).packages["node_modules/bad"].version;
    const [kept, fixed] = ["copse/deps", mended.branch].map((branch) => lab.pulls.find(({ head }) => head.ref === branch));
    assert.is(lab.pulls.length, 2);
    assert.equal(versionsOn(kept?.head.ref ?? ""), { one: "1.1.0", two: "1.1.0", bad: "1.0.0" });
    assert.match(kept?.body ?? "", /^\| `bad` .*\| reverted: /m);
    assert.equal(versionsOn(fixed?.head.ref ?? ""), { one: "1.0.0", two: "1.0.0", bad: "1.1.0" });
    assert.is(lockedOn(fixed?.head.ref ?? ""), "1.1.0");
    assert.equal(lab.violations, [], "GitHub's description is kept");
  } finally {
    await lab.close();
    await box.close();
  }
});

test.run();
