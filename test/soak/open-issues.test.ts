/** `--open-issues`: Markdown files that a task leaves become issues, once each however often they are found; on a GitHub of our own, held against GitHub's description. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { refused } from "../cli/support.ts";
import type { Lab } from "../support/forge-lab.ts";
import { inLab } from "../support/in-lab.ts";
import { type Sandbox, waitFor } from "../support/sandbox.ts";

/** A task that copies what is in a folder outside into `out/` of its worktree. */
const leaves = (box: Sandbox, more = "true") => [
  "--exec",
  "--",
  "sh",
  "-c",
  `mkdir -p out; cp '${join(box.dir, "found")}'/* out/; ${more}`,
];

function finds(box: Sandbox, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(box.dir, "found", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

const kept = (task: { result: { report: string }; attempt: number }) => join(dirname(task.result.report), `run${task.attempt}`, "issues");
const created = (lab: Lab) => lab.calls.filter((call) => call === "POST /repos/me/project/issues").length;

inLab(
  "each file is an issue; the next night the same are found again, a closed one is opened anew, a person's words stay",
  async (box, lab) => {
    finds(box, {
      "a.md": "---\nlabels: [agents]\n---\n# Timeouts\n\nThree tests.\n",
      "b.md": "# Null\n\nOne test. @someone\n",
      "notes.txt": "no issue\n",
    });
    let nights = 0;
    const run = async () => {
      const label = `night${++nights}`;
      const ran = await box.copse(["run", "-q", "-l", label, "--open-issues", "./out/", ...leaves(box)]);
      assert.is(ran.code, 0, ran.stderr);
      return await box.task(label);
    };
    const first = await run();
    const url = (n: number) => `http://${lab.host}/me/project/issues/${n}`;
    assert.equal(first.result.issues, [
      { number: 101, url: url(101), title: "Timeouts" },
      { number: 102, url: url(102), title: "Null" },
    ]);
    assert.equal([lab.issues[0]?.labels, first.notes], [["agents"], []]);
    assert.match(
      lab.issues[0]?.body ?? "",
      /^> Written by an agent, opened by Copse \(task `night1`\)\. Last found on \d{4}-\d\d-\d\d at `\w{12}`\.\n\nThree tests\.\n\n<!-- copse issue/,
    );
    assert.match((await box.copse(["tasks"])).stdout, /night1 +completed .*1 file, .*issues #101, #102/);
    assert.match((await box.copse(["show", "night1"])).stdout, /issues +#101 Timeouts \(http/);
    assert.match(readFileSync(first.result.report, "utf8"), /Issues:\n\n- #101 Timeouts: http/);
    assert.equal(
      box.git(["ls-tree", "-r", "--name-only", "copse/night1"]).trim().split("\n"),
      ["a.txt", "out/notes.txt"],
      "they are not on the branch",
    );
    assert.is(box.git(["status", "--porcelain"], first.worktree), "", "and the worktree is clean");
    assert.equal(readdirSync(kept(first)), ["a.md", "b.md"]);

    (lab.issues[1] as { body: string }).body += "\nI looked into it.";
    finds(box, { "a.md": "# Timeouts\n\nFour tests.\n" });
    const second = await run();
    assert.equal([created(lab), second.result.issues.map(({ number }: any) => number)], [2, [101, 102]]);
    assert.match(lab.issues[0]?.body ?? "", /task `night2`[\s\S]*Four tests\./);
    assert.match(lab.issues[1]?.body ?? "", /One test[\s\S]*I looked into it\.$/);
    assert.match(second.notes.join(), /issue #102 was found again; somebody has written in it, so it is left as it is/);

    const changes = lab.calls.length;
    await run();
    assert.equal(lab.calls.slice(changes).filter((call) => !call.startsWith("GET ")).length, 1, "only who found it last has changed");
    (lab.issues[0] as { state: string }).state = "closed";
    assert.equal(
      (await run()).result.issues.map(({ number }: any) => number),
      [103, 102],
    );
  },
);

inLab(
  "at most twenty, and what is left out is said; no heading is no issue; a link, and what was there before, are none",
  async (box, lab) => {
    mkdirSync(join(box.repo, "out"));
    writeFileSync(join(box.repo, "out", "old.md"), "# Old\n");
    box.git(["add", "."]);
    box.git(["commit", "-qm", "old"]);
    writeFileSync(join(box.dir, "private.md"), "# Private\n");
    finds(box, Object.fromEntries(Array.from({ length: 23 }, (_, n) => [`${String(n).padStart(2, "0")}.md`, `# Pattern ${n}\n`])));
    finds(box, { "same.md": "#  pattern 3\n", "bare.md": "words\n" });
    const ran = await box.copse([
      "run",
      "-l",
      "many",
      "--base",
      "main",
      "--open-issues",
      "out",
      ...leaves(box, `ln -s '${join(box.dir, "private.md")}' out/link.md; echo more >> out/old.md`),
    ]);
    assert.is(ran.code, 0, ran.stderr);
    const task = await box.task("many");
    assert.equal([task.result.issues.length, lab.issues.length], [20, 20]);
    assert.match(
      task.notes.join("\n"),
      /23 issues were asked for, at most 20 are opened; left out: 20\.md, 21\.md, 22\.md \(in .*run1\/issues\)/,
    );
    assert.match(task.notes.join("\n"), /bare\.md has no heading[\s\S]*same\.md is of the same pattern as 03\.md/);
    assert.not.match(JSON.stringify(lab.issues), /Private|Old/);
    assert.is(box.git(["show", "copse/many:out/old.md"]), "# Old\nmore\n", "work on a file of the repository is committed");
    assert.is(readdirSync(kept(task)).length, 25);
  },
);

inLab(
  "without a login it fails with the next command, and retry opens them without running the agent again; what failed is not opened",
  async (box, lab) => {
    finds(box, { "a.md": "# Timeouts\n" });
    const count = join(box.dir, "count");
    delete box.env["GH_ENTERPRISE_TOKEN"];
    const ran = await box.copse(["run", "-l", "night", "--open-issues", "out", ...leaves(box, `echo run >> '${count}'`)]);
    assert.is(ran.code, 1);
    const failed = await box.task("night");
    assert.equal([failed.failure.stage, failed.failure.code], ["deliver", "LOGIN_NEEDED"]);
    assert.match(failed.failure.hint, /GH_TOKEN\), then: copse retry night\. What it found is kept\./);
    assert.is((await box.copse(["retry", "night"], { env: { GH_ENTERPRISE_TOKEN: "secret-token" } })).code, 0);
    assert.is((await box.copse(["wait", "night"])).code, 0);
    assert.equal([(await box.task("night")).result.issues[0].number, readFileSync(count, "utf8")], [101, "run\n"]);
    box.env["GH_ENTERPRISE_TOKEN"] = "secret-token";
    const bad = await box.copse(["run", "-l", "bad", "--open-issues", "out", ...leaves(box, "exit 3")]);
    assert.is(bad.code, 1);
    assert.is(lab.issues.length, 1);
    assert.is(box.git(["show", "copse/bad:out/a.md"]), "# Timeouts\n", "what a failed attempt left is kept on its branch");
  },
);

inLab("a label the forge refuses is a note; two tasks that find the same at once make one issue of it", async (box, lab) => {
  finds(box, { "a.md": "---\nlabels: nobody-knows\n---\n# Timeouts\n" });
  await Promise.all([1, 2, 3].map((n) => box.copse(["run", "-l", `night${n}`, "--open-issues", "out", ...leaves(box)])));
  assert.equal([lab.issues.length, created(lab)], [1, 1]);
  const tasks = await Promise.all([1, 2, 3].map((n) => box.task(`night${n}`)));
  assert.equal(
    tasks.map((task) => task.result.issues[0].number),
    [101, 101, 101],
  );
  assert.match(tasks.flatMap((task) => task.notes).join(), /labels \(nobody-knows\) could not be set on issue #101: GitHub \(422\)/);
});

inLab(
  "a folder that is none, or a checkout of one's own, is refused; without a forge one is warned, and what was found is kept",
  async (box, lab) => {
    for (const folder of [".", "..", "../x", "/tmp", ".git/x"])
      refused(await box.copse(["run", "--open-issues", folder, "--exec", "--", "true"]), 2, /is no folder inside the worktree/);
    refused(await box.copse(["run", "--open-issues", "out", "--no-worktree", "--exec", "--", "true"]), 2, /--no-worktree gives it none/);
    finds(box, { "a.md": "# Timeouts\n" });
    box.git(["remote", "remove", "origin"]);
    const ran = await box.copse(["run", "-l", "night", "--open-issues", "out", ...leaves(box)]);
    assert.is(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /no forge is known by this repository's remote/);
    const task = await box.task("night");
    assert.match(task.notes.join(), /no issue was opened: no forge is known by its remote; what it found is in .*run1\/issues/);
    assert.equal([readdirSync(kept(task)), lab.issues], [["a.md"], []]);
  },
);

inLab("an agent's folder that leads elsewhere is not followed", async (box, lab) => {
  finds(box, { "a.md": "# Private\n" });
  const away = ["--exec", "--", "sh", "-c", `ln -s '${join(box.dir, "found")}' out`];
  assert.is((await box.copse(["run", "-l", "night", "--open-issues", "out", ...away])).code, 0);
  assert.equal(lab.issues, []);
  assert.ok(existsSync(join(box.dir, "found", "a.md")));
});

const points = ["before-delivered", "after-delivered", "issue-create", "issue-created"];
for (const point of points)
  inLab(`the runner killed at "${point}": one issue, the agent ran once, and the next runner finishes`, async (box, lab) => {
    const token = join(box.dir, "token");
    box.env["COPSE_CRASH_AT"] = `${point}:1:${token}`;
    writeFileSync(token, "");
    finds(box, { "a.md": "# Timeouts\n\nwords\n", "b.md": "# Null\n" });
    const count = join(box.dir, "count");
    await box.copse(["run", "-b", "-q", "-l", "night", "--open-issues", "out", ...leaves(box, `echo run >> '${count}'`)]);
    await waitFor(async () => {
      await box.copse(["wait", "night", "--timeout", "1s"]);
      return (await box.task("night")).state === "completed";
    }, "its end");
    assert.not.ok(existsSync(token), "it was killed there");
    const task = await box.task("night");
    assert.equal(
      task.result.issues.map(({ number, title }: any) => [number, title]),
      [
        [101, "Timeouts"],
        [102, "Null"],
      ],
    );
    assert.equal([lab.issues.length, created(lab), readFileSync(count, "utf8")], [2, 2, "run\n"]);
  });

test.run();
