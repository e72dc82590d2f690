/** `copse deps` from outside, with the real npm and a registry on loopback. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { builtCli, ended, kill, waitFor } from "../support/sandbox.ts";
import { outdated, type Updates } from "../support/updates.ts";

const fifteen = Array.from({ length: 15 }, (_, i) => `p${String(i + 1).padStart(2, "0")}`);
const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
const keptOf = (ran: any): string[] => ran.updates.filter(({ kept }: any) => kept).map(({ name }: any) => name);

/** The branch, installed and tested by hand. */
function holdsOf(box: Updates, branch: string): Record<string, string> {
  const { dependencies } = JSON.parse(box.git(["show", `${branch}:package.json`]));
  const lock = JSON.parse(box.git(["show", `${branch}:package-lock.json`]));
  for (const [name, version] of Object.entries(dependencies))
    assert.is(lock.packages[`node_modules/${name}`].version, version, `the lockfile has ${name} as the manifest`);
  return dependencies;
}

test("one of fifteen breaks a test: it is found, all others are on the branch, which has passed", async () => {
  const box = await outdated({ names: fifteen, conflicts: [["p07"]] });
  try {
    const ran = await box.json(["deps"]);
    assert.equal(
      keptOf(ran),
      fifteen.filter((name) => name !== "p07"),
    );
    const [gone] = ran.updates.filter(({ kept }: any) => !kept);
    assert.is(gone.name, "p07");
    assert.equal(gone.reverted.together, []);
    assert.equal(gone.reverted.lines, ["not ok: p07 do not do what they did"]);
    assert.is(ran.branch, `copse/deps-${new Date().toISOString().slice(0, 10)}`);
    const held = holdsOf(box, ran.branch);
    for (const name of fifteen) assert.is(held[name], name === "p07" ? "1.0.0" : "1.1.0");
    assert.equal(box.git(["diff", "--name-only", "main", ran.branch]).trim().split("\n"), ["package-lock.json", "package.json"]);
    const tested = linesOf(box.tested);
    assert.ok(tested.includes(fifteen.filter((name) => name !== "p07").join(",")), "the combination was tested");
    assert.equal(
      tested.filter((line, i) => tested.indexOf(line) < i),
      ["p07"],
      "nothing was tested twice but the culprit, to be sure of it",
    );
    assert.ok(ran.checks <= 12, `${ran.checks} checks`);
    const page = readFileSync(ran.report, "utf8");
    assert.match(page, /^# Dependency updates: 14 of 15 kept$/m);
    const kept =
      /^\| `p\d\d` \(\[page\]\(https:\/\/example.com\/p\d\d\)\) \| `1.0.0` \| `1.1.0` \| minor \| `package.json` \| passed \| kept \|$/gm;
    assert.is(page.match(kept)?.length, 14, page);
    assert.match(page, /^\| `p07` .*\| reverted: fails: \\`npm test\\` exited 1 \|$/m);
    assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1, "no worktree is left");
    assert.is(box.git(["status", "--porcelain"]), "");
    // The same again has nothing of the old one to go on with.
    assert.is((await box.json(["deps", "--dry-run"])).updates.length, 15);
  } finally {
    await box.close();
  }
});

test("two that fail only together: one goes, and is said to fail with the other", async () => {
  const names = fifteen.slice(0, 6);
  const box = await outdated({ names, conflicts: [["p02", "p05"]] });
  try {
    const ran = await box.json(["deps"]);
    assert.equal(keptOf(ran), ["p01", "p02", "p03", "p04", "p06"]);
    const [gone] = ran.updates.filter(({ kept }: any) => !kept);
    assert.is(gone.name, "p05");
    assert.equal(gone.reverted.together, ["p02@1.1.0"]);
    assert.match(gone.reverted.why, /^only together with p02@1\.1\.0; fails: `npm test` exited 1$/);
    assert.ok(linesOf(box.tested).includes("p01,p02,p03,p04,p06"), "the combination was tested");
    holdsOf(box, ran.branch);
  } finally {
    await box.close();
  }
});

test("a workspace: an update goes to every manifest that asks for it, and there is one lockfile", async () => {
  const manifest = (name: string, more: object) => `${JSON.stringify({ name, version: "1.0.0", ...more }, null, 4)}\n`;
  const files = {
    "package.json": manifest("root", {
      private: true,
      workspaces: ["packages/*"],
      scripts: { test: "node test.js" },
      dependencies: { p01: "1.0.0", p02: "1.0.0", p03: "1.0.0" },
    }),
    "packages/a/package.json": manifest("a", { dependencies: { p01: "~1.0.0" } }),
    "packages/b/package.json": manifest("b", { devDependencies: { p02: "1.0.0", p01: "1.0.0" }, dependencies: { a: "*" } }),
  };
  const box = await outdated({ names: ["p01", "p02", "p03"], conflicts: [["p03"]], files });
  try {
    const ran = await box.json(["deps"]);
    assert.equal(keptOf(ran), ["p01", "p02"]);
    const places = ran.updates[0].places.map(({ manifest: file, field }: any) => `${file} ${field}`).sort();
    assert.equal(places, ["package.json dependencies", "packages/a/package.json dependencies", "packages/b/package.json devDependencies"]);
    assert.is(box.git(["show", `${ran.branch}:packages/a/package.json`]), files["packages/a/package.json"].replace("~1.0.0", "~1.1.0"));
    assert.match(box.git(["show", `${ran.branch}:packages/b/package.json`]), /"p02": "1\.1\.0",\n {8}"p01": "1\.1\.0"/);
    const changed = box.git(["diff", "--name-only", "main", ran.branch]).trim().split("\n");
    assert.equal(changed, ["package-lock.json", "package.json", "packages/a/package.json", "packages/b/package.json"]);
  } finally {
    await box.close();
  }
});

test("killed with -9 in the middle: the same command goes on, and no check that had finished is made again", async () => {
  const names = fifteen.slice(0, 8);
  const box = await outdated({ names, conflicts: [["p03"]] });
  try {
    const first = spawn(process.execPath, [builtCli, "deps", "--limit", "1"], { cwd: box.repo, env: box.env, stdio: "ignore" });
    await waitFor(() => linesOf(box.tested).length >= 3, "three tests to have begun");
    kill(first.pid as number);
    await ended(first);
    const before = linesOf(box.tested);
    const ran = await box.json(["deps"]);
    assert.is(ran.resumed, true);
    assert.equal(
      keptOf(ran),
      names.filter((name) => name !== "p03"),
    );
    assert.ok(ran.checksNow < ran.checks);
    const tested = linesOf(box.tested);
    assert.equal(tested.slice(0, before.length), before);
    // The last one may have been in the middle.
    const finished = before.slice(0, -1);
    assert.equal(
      tested.slice(before.length).filter((line) => finished.includes(line)),
      [],
    );
    assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1, "no worktree is left");
    assert.is((await box.json(["deps", "--dry-run"])).updates.length, 8);
  } finally {
    await box.close();
  }
});

test.run();
