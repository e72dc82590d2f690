/** `copse deps` from outside with yarn 2 and newer, over a workspace, in every way it installs; packages that write into themselves reach nobody else's copy of them. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { outdated, type Updates } from "../support/updates.ts";

/** A folder with such a `yarn` in it: `npm run test:soak` has one. */
const berry = process.env["COPSE_TEST_BERRY"];
const given = berry === undefined ? test.skip : test;
if (berry !== undefined) process.env["PATH"] = `${berry}:${process.env["PATH"]}`;

// Its registry does not say when these came out, and then it takes nothing.
const lock = ["env", "YARN_NPM_MINIMAL_AGE_GATE=0", "yarn", "install", "--mode=skip-build"] as const;
const keptOf = (ran: any): string[] => (ran.updates ?? []).filter(({ kept }: any) => kept).map(({ name }: any) => name);
const whysOf = (left: any[]) => Object.fromEntries(left.map(({ name, latest, why }) => [`${name}@${latest}`, why]));
const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
const left = (campaign: string): string[] => (existsSync(join(campaign, "trees")) ? readdirSync(join(campaign, "trees")) : []);

/** Its registry is on loopback, without TLS. */
const rcOf = (url: string, more: string): string =>
  `npmRegistryServer: "${url.replace(/\/$/, "")}"\nunsafeHttpWhitelist: ["127.0.0.1"]\n${more}`;

const names = ["p01", "p02", "p03"];

/** Fails with p03 new, or where a package of anybody else's was written into; then writes into each of its own, and beside them, as far as it may: archives let nobody. */
const testFile = `
const { appendFileSync, readFileSync, writeFileSync, existsSync } = require("node:fs");
const { dirname, join } = require("node:path");
const files = ${JSON.stringify(names)}.map((name) => require.resolve(name));
const isNew = files.map((file) => require(file) !== "1.0.0");
appendFileSync(process.env.TESTED, ${JSON.stringify(names)}.filter((_, i) => isNew[i]).join(",") + "\\n");
for (const file of files) {
  if (readFileSync(file, "utf8").includes("written into") || existsSync(join(dirname(file), "beside")))
    { console.error("not ok: " + file + " is shared"); process.exit(1); }
  if (process.env.ONLY_LOOK) continue;
  try {
    appendFileSync(file, "// written into");
    writeFileSync(join(dirname(file), "beside"), "");
  } catch (error) {
    if (error.code !== "EROFS") throw error;
    appendFileSync(process.env.TESTED, "cannot be written into\\n");
  }
}
if (isNew[2]) { console.error("not ok: p03"); process.exit(1); }
`;

const root = {
  name: "root",
  version: "1.0.0",
  private: true,
  packageManager: "yarn@4.18.1",
  workspaces: ["packages/*"],
  scripts: { test: "node test.js" },
  dependencies: Object.fromEntries(names.map((name) => [name, "1.0.0"])),
};
const filesOf = (rc: string, ignored: string) => (url: string) => ({
  "package.json": `${JSON.stringify(root, null, 2)}\n`,
  "packages/a/package.json": '{ "name": "a", "version": "1.0.0", "dependencies": { "p01": "~1.0.0" } }\n',
  "test.js": testFile,
  ".yarnrc.yml": rcOf(url, `npmMinimalAgeGate: 0\n${rc}`),
  ".gitignore": ignored,
});

const ways = {
  "node-modules, linked to a store of all projects": { rc: "nodeLinker: node-modules\nnmMode: hardlinks-global\n", zero: false },
  "pnpm, linked to an index of all projects": { rc: "nodeLinker: pnpm\n", zero: false },
  pnp: { rc: "nodeLinker: pnp\n", zero: false },
  "pnp with everything kept in the repository": { rc: "nodeLinker: pnp\nenableGlobalCache: false\n", zero: true },
} as const;

for (const [way, { rc, zero }] of Object.entries(ways))
  given(`${way}: one culprit is found, the lockfile has the rest, and no check's packages are another's`, async () => {
    const ignored = zero ? ".yarn/*\n!.yarn/cache\n" : "node_modules\n.yarn\n.pnp.*\n";
    const box = await outdated({ names, conflicts: [], files: filesOf(rc, ignored), lock });
    try {
      // As a person has it, from the same store or cache of yarn's.
      await box.run(["yarn", "install", "--immutable"]);
      const ran = await box.json(["deps", ...(zero ? ["--split"] : [])]);
      assert.equal(
        keptOf(ran),
        names.filter((name) => name !== "p03"),
        JSON.stringify(ran),
      );
      assert.match(box.git(["show", `${ran.branch}:packages/a/package.json`]), /"p01": "~1\.1\.0"/);
      const changed = box.git(["diff", "--no-renames", "--name-only", "main", ran.branch]).trim().split("\n");
      const archives = changed.filter((path) => path.startsWith(".yarn/cache/"));
      assert.equal(
        changed.filter((path) => !archives.includes(path)),
        [...(zero ? [".pnp.cjs"] : []), "package.json", "packages/a/package.json", "yarn.lock"],
      );
      assert.is(archives.length, zero ? 4 : 0, archives.join("\n"));
      const locked = box.git(["show", `${ran.branch}:yarn.lock`]);
      for (const name of names)
        assert.match(
          locked,
          new RegExp(`resolution: "${name}@npm:${name === "p03" ? "1\\.0\\.0" : "1\\.1\\.0"}`),
          `${name} is locked wrongly`,
        );
      await box.run(["env", "ONLY_LOOK=1", "yarn", "test"]);
      const isWritten = !readFileSync(box.tested, "utf8").includes("cannot be written into");
      assert.is(isWritten, !rc.includes("nodeLinker: pnp\n"), "the test can see who writes where it matters");
      assert.is(box.git(["status", "--porcelain"]), "", "the person's own checkout");
      // By hand, each of the commits.
      for (const commit of box
        .git(["rev-list", `main..${ran.branch}`])
        .trim()
        .split("\n")) {
        box.git(["switch", "-q", "--detach", commit]);
        rmSync(join(box.repo, "node_modules"), { recursive: true, force: true });
        await box.run(["yarn", "install", "--immutable", ...(zero ? ["--immutable-cache"] : [])]);
        await box.run(["env", "ONLY_LOOK=1", "yarn", "test"]);
        assert.is(box.git(["status", "--porcelain"]), "", "nothing is missing in the commit");
      }
      assert.equal(left(dirname(ran.report)), [], "no place is left, and nothing of the packages");
    } finally {
      await box.close();
    }
  });

async function project(manifest: object, rc = "", add?: (box: Updates) => void): Promise<Updates> {
  const all = { name: "root", private: true, scripts: { test: "true" }, ...manifest };
  const files = (url: string) => ({
    "package.json": `${JSON.stringify(all, null, 2)}\n`,
    ".yarnrc.yml": rcOf(url, `nodeLinker: node-modules\n${rc}`),
    ".gitignore": "node_modules\n.yarn\n",
    "some.patch": "diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1,1 @@\n+new\n",
  });
  const box = await outdated({ names: ["one", "two", "three", "four"], conflicts: [], files, lock });
  add?.(box);
  return box;
}

given("what is asked for in another way than by a range of the registry is left alone, and named where there is newer", async () => {
  const box = await project(
    {
      workspaces: ["packages/*"],
      dependencies: {
        one: "npm:^1.0.0",
        two: "1.0.0",
        three: "catalog:",
        four: "patch:four@npm%3A1.0.0#./some.patch",
        other: "npm:one@1.0.0",
        five: "link:./five",
      },
      resolutions: { "two@npm:1.0.0": "npm:1.0.0" },
    },
    "npmMinimalAgeGate: 0\ncatalog:\n  three: 1.0.0\n",
  );
  try {
    const { updates, left, notes } = await box.json(["deps", "--dry-run"]);
    // ^1.0.0 lets 1.1.0 in already, and that is locked.
    assert.equal(updates, []);
    assert.equal(whysOf(left), {
      "two@1.1.0": "`resolutions` in package.json hold it at `npm:1.0.0`",
      "three@1.1.0": "its version stands in the catalog of `.yarnrc.yml`",
      "four@1.1.0": "it is patched there (`patch:`)",
      "other@1.1.0": "it stands there under another name (`npm:one@1.0.0`)",
    });
    assert.equal(notes, []);
  } finally {
    await box.close();
  }
});

given("its own gate for new versions is held to, a hole is mended within it, and holes are looked up before and after", async () => {
  const released = (box: Updates) => {
    for (const name of ["one", "two", "three"]) {
      box.registry.add(name, "1.2.0");
      box.registry.released(name, "1.0.0", daysAgo(400));
      box.registry.released(name, "1.1.0", daysAgo(30));
    }
    box.registry.released("one", "1.2.0", daysAgo(2));
    box.registry.released("two", "1.2.0", daysAgo(2));
    box.registry.released("three", "1.2.0", daysAgo(0));
    box.registry.advise({ id: 5, name: "one", range: "<1.2.0", title: "Anybody may come in" });
    box.registry.advise({ id: 6, name: "three", range: "<1.2.0", title: "Still open" });
  };
  const box = await project({ dependencies: { one: "1.0.0", two: "1.0.0", three: "1.0.0" } }, "", released);
  try {
    const to = async (...flags: string[]) =>
      Object.fromEntries((await box.json(["deps", "--dry-run", ...flags])).updates.map(({ name, to }: any) => [name, to]));
    // It refuses what is younger than a day by itself; older than that, a version that mends a hole does not have to be out for three.
    assert.equal(await to(), { one: "1.2.0", two: "1.1.0", three: "1.1.0" });
    assert.equal(await to("--min-age", "0"), { one: "1.2.0", two: "1.2.0", three: "1.1.0" });
    const ran = await box.json(["deps"]);
    const [{ audits }] = ran.groups;
    assert.equal(
      audits.before.found.map(({ name, id, severity }: any) => [name, id, severity]).sort(),
      [
        ["one", "5", "high"],
        ["three", "6", "high"],
      ],
      JSON.stringify(audits),
    );
    assert.equal(
      audits.after.found.map(({ name }: any) => name),
      ["three"],
    );
    const rc = readFileSync(join(box.repo, ".yarnrc.yml"), "utf8");
    writeFileSync(join(box.repo, ".yarnrc.yml"), `${rc}npmMinimalAgeGate: 10d\nnpmPreapprovedPackages:\n  - "two@^1.2.0"\n  - "th*"\n`);
    box.git(["commit", "-aqm", "a gate"]);
    assert.equal(await to(), { one: "1.1.0", two: "1.2.0", three: "1.2.0" });
  } finally {
    await box.close();
  }
});

given("a registry that wants a login is asked through yarn, which has it; one that has no answer is an error, and no news", async () => {
  const box = await project({ dependencies: { one: "1.0.0" } });
  try {
    box.registry.add("one", "1.2.0");
    box.registry.released("one", "1.1.0", daysAgo(9));
    box.registry.released("one", "1.2.0", daysAgo(2));
    box.registry.guard("let-me-in");
    const refused = await box.copse(["deps", "--dry-run"]);
    assert.is(refused.code, 1, refused.stdout);
    assert.match(refused.stderr, /has no answer for any of 1 packages|could not reach/);
    writeFileSync(join(box.dir, "home", ".yarnrc.yml"), "npmAuthToken: let-me-in\nnpmAlwaysAuth: true\n");
    const { updates, left } = await box.json(["deps", "--dry-run"]);
    assert.equal(
      updates.map(({ name, to }: any) => `${name}@${to}`),
      ["one@1.1.0"],
    );
    assert.match(left[0].why, /1\.2\.0 came out 2 days ago/);
  } finally {
    await box.close();
  }
});

test.run();
