/** `copse deps --pr` with the real npm, a registry and a GitHub on loopback. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Lab } from "../support/forge-lab.ts";
import { joinLab, posts } from "../support/in-lab.ts";
import { outdated, type Updates, type Wanted } from "../support/updates.ts";

const inside = async (wanted: Wanted, work: (box: Updates, lab: Lab) => Promise<void>, more: object = {}) => {
  const box = await outdated(wanted);
  const lab = await joinLab(box, more);
  try {
    await work(box, lab);
    assert.equal(lab.violations, [], "GitHub's description is kept");
  } finally {
    await lab.close();
    await box.close();
  }
};

/** By its folder: git over HTTP would wait for a server in this very process. */
const remoteOf = (box: Updates, lab: Lab, ...args: string[]): string => box.git(args, lab.gitDir("me", "project")).trim();
const rowOf = (body: string, name: string): string => body.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";

/** p01 fails, p02 fails the first time it is alone, p05 and p06 fail together. */
const flakyTest = `
const { appendFileSync, existsSync, writeFileSync } = require("node:fs");
const names = ["p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08"].filter((name) => require(name) !== "1.0.0");
const fail = (why) => { console.error("not ok: " + why); process.exit(1); };
if (names.includes("p01")) fail("p01 is not what it was");
if (names.includes("p05") && names.includes("p06")) fail("p05 and p06; @somebody fixes #1 \`\`\` | forged | row |");
const once = process.env.TESTED + ".once";
if (names.join() === "p02" && !existsSync(once)) { writeFileSync(once, ""); fail("the wind"); }
`;

test("one pull request with a row for each: kept, reverted, flaky, only together; a commit for each; holes mended; the next campaign brings it up to date", () =>
  inside(
    { names: ["p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08"], conflicts: [], files: { "test.js": flakyTest } },
    async (box, lab) => {
      box.registry.add("p03", "1.2.0", undefined, { repository: { type: "git", url: "git+https://github.com/some/p03.git" } });
      box.registry.advise({ id: 3, name: "p03", range: "<1.1.0", title: "Anybody may come in, @somebody" });
      box.registry.advise({ id: 8, name: "p01", range: "<1.1.0", title: "Is still there" });
      const ran = await box.json(["deps", "--pr"]);
      assert.is(ran.groups[0].pr.number, 1, JSON.stringify(ran));
      assert.is(ran.groups[0].kept, 6);
      const [pull] = lab.pulls;
      assert.is(pull.head.ref, "copse/deps");
      assert.is(pull.base.ref, "main");
      assert.is(pull.draft, true);
      assert.is(pull.title, "Update 6 dependencies");
      const { body } = pull;
      assert.match(rowOf(body, "p01"), /^\| `p01` .* \| failed \| reverted: fails: \\`npm test\\` exited 1 \|$/);
      assert.match(rowOf(body, "p02"), /\| `1.0.0` \| `1.1.0` \| minor \| `package.json` \| flaky: failed once, then passed \| kept \|$/);
      assert.match(
        rowOf(body, "p03"),
        /\(\[releases\]\(https:\/\/github\.com\/some\/p03\/releases\)\) \| `1.0.0` \| `1.2.0` \| minor \| `package.json` \| passed \| kept \|$/,
      );
      assert.match(rowOf(body, "p06"), /\| failed \| reverted: only together with p05@\u200b1\.1\.0; fails/);
      assert.is(body.match(/^\| `p0\d`/gm).length, 8, "a row for each, and no other");
      assert.match(
        body,
        /### Held back\n\n<details><summary><code>p01@1\.1\.0<\/code><\/summary>\n\n.*\n\n```text\nnot ok: p01 is not what it was\n```\n\n<\/details>/,
      );
      assert.match(body, /````text\nnot ok: p05 and p06; @somebody fixes #1 ``` \| forged \| row \|\n````/);
      assert.match(body, /### Flaky checks\n\n<details><summary><code>p02@1\.1\.0/);
      assert.match(
        body,
        /Known holes: 1 mended, 1 still there, 0 new\.\n\n- mended: `p03`, high: Anybody may come in, @\u200bsomebody \(\[advisory\]\(https:\/\/example\.com\/advisories\/3\)\)/,
      );
      const commit = remoteOf(box, lab, "rev-parse", "copse/deps");
      assert.ok(body.trimEnd().endsWith(`<!-- copse deps all ${commit} -->`), body.slice(-200));

      const subjects = remoteOf(box, lab, "log", "--reverse", "--format=%s", "main..copse/deps").split("\n");
      assert.equal(
        subjects,
        ["p02", "p03", "p04", "p05", "p07", "p08"].map((name) => `Update ${name} to ${name === "p03" ? "1.2.0" : "1.1.0"}`),
      );
      for (const [i, sha] of remoteOf(box, lab, "rev-list", "--reverse", "main..copse/deps").split("\n").entries()) {
        const { dependencies } = JSON.parse(remoteOf(box, lab, "show", `${sha}:package.json`));
        const { packages } = JSON.parse(remoteOf(box, lab, "show", `${sha}:package-lock.json`));
        for (const [name, version] of Object.entries(dependencies)) assert.is(packages[`node_modules/${name}`].version, version);
        assert.is(Object.values(dependencies).filter((version) => version !== "1.0.0").length, i + 1);
      }

      // Nothing new: the branch is not even pushed again.
      const same = await box.json(["deps", "--pr"]);
      assert.is(same.campaign, 2);
      assert.is(remoteOf(box, lab, "rev-parse", "copse/deps"), commit);
      box.registry.add("p08", "1.3.0");
      const more = await box.json(["deps", "--pr"]);
      assert.is(more.groups[0].pr.number, 1);
      assert.is(posts(lab), 1, "one pull request for all three");
      assert.match(rowOf(lab.pulls[0].body, "p08"), /`1\.3\.0`/);
      assert.is.not(remoteOf(box, lab, "rev-parse", "copse/deps"), commit);
    },
  ));

for (const point of ["deps-pushed", "pr-created", "deps-published"])
  test(`killed at ${point}: the same command opens one pull request, and makes no check again`, () =>
    inside({ names: ["p01", "p02"], conflicts: [] }, async (box, lab) => {
      const killed = await box.copse(["deps", "--pr"], { env: { COPSE_CRASH_AT: `${point}:1` } });
      assert.is(killed.code, -2, killed.stderr);
      assert.is(posts(lab), point === "deps-pushed" ? 0 : 1);
      const ran = await box.json(["deps", "--pr"]);
      assert.equal([ran.resumed, ran.checksNow, ran.groups[0].pr.number], [true, 0, 1]);
      assert.is(posts(lab), 1);
      assert.is(box.git(["branch", "--list", "copse/*"]).trim().split("\n").length, 1);
    }));

test("groups: a branch and a pull request each, each checked as it stands alone; what belongs together stays together", () =>
  inside(
    { names: ["eslint", "eslint-plugin-x", "react", "react-dom", "zod"], conflicts: [["eslint", "zod"], ["react-dom"]] },
    async (box, lab) => {
      const repository = "https://github.com/facebook/react";
      box.registry.add("react", "1.2.0", undefined, { repository });
      box.registry.add("react-dom", "1.2.0", undefined, { repository, peerDependencies: { react: "^1.2.0" } });
      const ran = await box.json(["deps", "--pr", "--group", "lint=eslint*", "--split"]);
      assert.equal(
        ran.groups.map(({ name, kept, pr }: any) => [name, kept, pr?.number ?? null]),
        [
          ["lint", 2, 1],
          ["other", 1, 2],
        ],
      );
      const gone = ran.updates.filter(({ kept }: any) => !kept);
      assert.equal(
        gone.map(({ name, family }: any) => [name, family]),
        [
          ["react", ["react-dom@1.2.0"]],
          ["react-dom", ["react@1.2.0"]],
        ],
      );
      // Of all five together eslint and zod would fail; apart they do not.
      assert.equal(
        lab.pulls.map(({ head, title }) => [head.ref, title]),
        [
          ["copse/deps-lint", "Update eslint and eslint-plugin-x to 1.1.0"],
          ["copse/deps-other", "Update zod to 1.1.0"],
        ].map(([ref, title]) => [ref, ref === "copse/deps-lint" ? `${title} (lint)` : title]),
      );
      assert.match(rowOf(lab.pulls[1].body, "react-dom"), /\| reverted: fails: .* \(moves with `react@1\.2\.0`\) \|$/);
      const tried = ran.checks;
      assert.ok(tried <= 8, `${tried} checks`);
    },
  ));

test("what somebody has pushed to the branch is left alone and said; --deliver branch asks no forge", () =>
  inside(
    { names: ["p01"], conflicts: [] },
    async (box, lab) => {
      const first = await box.json(["deps"]);
      assert.is(first.groups[0].pr, null);
      assert.equal([lab.calls.length, remoteOf(box, lab, "log", "-1", "--format=%s", "copse/deps")], [0, "Update p01 to 1.1.0"]);
      await box.json(["deps", "--pr"]);
      assert.is(posts(lab), 1);
      const [tree, parent] = [remoteOf(box, lab, "rev-parse", "copse/deps^{tree}"), remoteOf(box, lab, "rev-parse", "copse/deps")];
      const theirs = remoteOf(box, lab, "-c", "user.name=X", "-c", "user.email=x@x", "commit-tree", "-p", parent, "-m", "mine", tree);
      remoteOf(box, lab, "update-ref", "refs/heads/copse/deps", theirs);
      box.registry.add("p01", "1.2.0");
      const refused = await box.copse(["deps", "--pr"]);
      assert.is(refused.code, 4, refused.stderr);
      assert.match(refused.stderr, /somebody has pushed to copse\/deps since pull request #1 was opened \(.*\); it is left alone/);
      assert.is(remoteOf(box, lab, "rev-parse", "copse/deps"), theirs);
      // Once that is closed, the same command goes on; their branch stays.
      lab.pulls[0].state = "closed";
      const again = await box.json(["deps", "--pr"]);
      assert.equal([again.resumed, again.checksNow, again.groups[0].pr.number, lab.pulls[1].head.ref], [true, 0, 2, "copse/deps-2"]);
    },
    { deliver: "branch" },
  ));

test("no login: the branch is pushed, and a link is given; a repository without a remote says so and keeps what was checked", () =>
  inside({ names: ["p01"], conflicts: [] }, async (box, lab) => {
    writeFileSync(
      join(box.dir, "home", "gitconfig"),
      `[http]\n\textraHeader = Authorization: Basic ${Buffer.from("x:secret-token").toString("base64")}\n`,
      { flag: "a" },
    );
    for (const name of Object.keys(box.env)) if (name.startsWith("GH_")) delete box.env[name];
    const ran = await box.json(["deps", "--pr"]);
    assert.is(ran.groups[0].pr, null, JSON.stringify(ran));
    assert.match(
      ran.groups[0].notes.join("\n"),
      /pushed to origin as copse\/deps\n.*there is no login for .*open it here: https:\/\/.*compare\/main\.\.\.copse%2Fdeps/,
    );
    assert.is(posts(lab), 0);
    box.git(["remote", "remove", "origin"]);
    box.registry.add("p01", "1.2.0");
    const none = await box.copse(["deps", "--pr"]);
    assert.is(none.code, 1);
    assert.match(none.stderr, /there is no remote to push the branch to/);
    assert.match(box.git(["branch", "--list", "copse/*"]), /copse\/deps-\d{4}-\d\d-\d\d-2/);
  }));

test.run();
