/** `copse deps` from outside with every package manager it knows, over a workspace; packages that write into themselves reach nobody else's copy of them. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { outdated } from "../support/updates.ts";

/** A folder with `pnpm` and `yarn` (1) in it: npm does not bring them along, `npm run test:soak` does. */
const managers = process.env["COPSE_TEST_MANAGERS"];
const installs = {
  npm: { lock: ["npm", "install", "--package-lock-only"], install: ["npm", "ci"], lockfile: "package-lock.json" },
  pnpm: { lock: ["pnpm", "install", "--lockfile-only"], install: ["pnpm", "install", "--frozen-lockfile"], lockfile: "pnpm-lock.yaml" },
  yarn: { lock: ["yarn", "install", "--ignore-scripts"], install: ["yarn", "install", "--frozen-lockfile"], lockfile: "yarn.lock" },
} as const;

const names = ["p01", "p02", "p03", "p04", "p05", "p06", "p07"];
const keptOf = (ran: any): string[] => ran.updates.filter(({ kept }: any) => kept).map(({ name }: any) => name);

/** Fails with p03 new, or where a package of anybody else's was written into; then writes into each of its own, and beside them. */
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
  appendFileSync(file, "// written into");
  writeFileSync(join(dirname(file), "beside"), "");
}
if (isNew[2]) { console.error("not ok: p03"); process.exit(1); }
`;

for (const manager of ["npm", "pnpm", "yarn"] as const) {
  (managers === undefined && manager !== "npm" ? test.skip : test)(
    `${manager}, with a workspace: one culprit is found, its own lockfile has the rest, and no check's packages are another's`,
    async () => {
      if (managers !== undefined) process.env["PATH"] = `${managers}:${process.env["PATH"]}`;
      const { lock, install, lockfile } = installs[manager];
      const root = {
        name: "root",
        version: "1.0.0",
        private: true,
        workspaces: ["packages/*"],
        scripts: { test: "node test.js" },
        dependencies: Object.fromEntries(names.map((name) => [name, "1.0.0"])),
      };
      const files = {
        "package.json": `${JSON.stringify(root, null, 2)}\n`,
        "packages/a/package.json": '{ "name": "a", "version": "1.0.0", "dependencies": { "p01": "~1.0.0" } }\n',
        "test.js": testFile,
        ...(manager === "pnpm" ? { "pnpm-workspace.yaml": 'packages:\n  - "packages/*"\n' } : {}),
      };
      const box = await outdated({ names, conflicts: [], files, lock });
      try {
        // As a person has it, from the same store or cache of the manager's.
        await box.run(install);
        const ran = await box.json(["deps"]);
        assert.equal(
          keptOf(ran),
          names.filter((name) => name !== "p03"),
          JSON.stringify(ran),
        );
        assert.is(box.git(["show", `${ran.branch}:packages/a/package.json`]), files["packages/a/package.json"].replace("~1.0.0", "~1.1.0"));
        const changed = box.git(["diff", "--name-only", "main", ran.branch]).trim().split("\n");
        assert.equal(changed, ["package.json", "packages/a/package.json", lockfile].sort());
        const locked = box.git(["show", `${ran.branch}:${lockfile}`]);
        const has = (name: string, version: string) =>
          ({
            npm: () => JSON.parse(locked).packages[`node_modules/${name}`].version === version,
            pnpm: () => locked.includes(`${name}@${version}`),
            yarn: () => new RegExp(`^"?${name}@.*:\\n {2}version "${version}"`, "m").test(locked),
          })[manager]();
        for (const name of names) assert.ok(has(name, name === "p03" ? "1.0.0" : "1.1.0"), `${name} is locked wrongly:\n${locked}`);
        for (const name of names)
          assert.not.match(readFileSync(join(box.repo, "node_modules", name, "index.js"), "utf8"), /written into/, "the person's own");
        // By hand.
        box.git(["switch", "-q", ran.branch]);
        rmSync(join(box.repo, "node_modules"), { recursive: true });
        await box.run(install);
        await box.run(["env", "ONLY_LOOK=1", "node", "test.js"]);
        assert.equal(left(dirname(ran.report)), [], "no place is left, and nothing of the packages");
      } finally {
        await box.close();
      }
    },
  );
}

/** Writes down which versions it was run with; fails with `bad` new. */
const versionsFile = `
const { appendFileSync } = require("node:fs");
const all = ["young", "plain", "bad"].map((name) => name + "@" + require(name));
appendFileSync(process.env.TESTED, all.join(" ") + "\\n");
if (require("bad") !== "1.0.0") { console.error("not ok: bad"); process.exit(1); }
`;

for (const manager of ["npm", "pnpm", "yarn"] as const) {
  (managers === undefined && manager !== "npm" ? test.skip : test)(
    `${manager}, with a range that lets pass a version of yesterday: ${manager === "yarn" ? "the older one is left alone, for it cannot be held" : "the older one is locked, whatever the range"}`,
    async () => {
      if (managers !== undefined) process.env["PATH"] = `${managers}:${process.env["PATH"]}`;
      const { lock, lockfile } = installs[manager];
      const of = (dependencies: Readonly<Record<string, string>>) =>
        `${JSON.stringify({ name: "root", version: "1.0.0", private: true, scripts: { test: "node test.js" }, dependencies }, null, 2)}\n`;
      const ranges = { young: "^1.0.0", plain: "^1.0.0", bad: "~1.0.0" };
      const box = await outdated({ names: [], conflicts: [], files: { "package.json": of({}), "test.js": versionsFile }, lock });
      try {
        const day = 86_400_000;
        const release = (name: string, version: string, days: number) => {
          box.registry.add(name, version);
          box.registry.released(name, version, new Date(Date.now() - days * day));
        };
        for (const name of Object.keys(ranges)) release(name, "1.0.0", 400);
        writeFileSync(join(box.repo, "package.json"), of(ranges));
        await box.run(lock);
        box.git(["commit", "-q", "-a", "-m", "packages"]);
        for (const name of Object.keys(ranges)) release(name, "1.1.0", 100);
        release("young", "1.2.0", 1);
        const ran = await box.json(["deps", "--split"]);
        const why = ran.left.find(({ name, latest }: any) => name === "young" && latest === "1.1.0")?.why;
        const commits = box
          .git(["rev-list", `main..${ran.branch}`])
          .trim()
          .split("\n");
        if (manager === "yarn") {
          assert.is(why, "asked for as `^1.1.0` it would be 1.2.0, which is not to be taken", JSON.stringify(ran.left));
          assert.equal(keptOf(ran), ["plain"], JSON.stringify(ran));
        } else {
          assert.is(why, undefined);
          assert.equal(keptOf(ran), ["plain", "young"], JSON.stringify(ran));
          assert.match(box.git(["show", `${ran.branch}:package.json`]), /"young": "\^1\.1\.0"/);
          assert.is(commits.length, 2);
        }
        for (const commit of commits) assert.not.match(box.git(["show", `${commit}:${lockfile}`]), /1\.2\.0/);
        const tested = readFileSync(box.tested, "utf8");
        assert.not.match(tested, /young@1\.2\.0/, "it was never installed");
        assert.match(tested, manager === "yarn" ? /young@1\.0\.0 plain@1\.1\.0 bad@1\.0\.0/ : /young@1\.1\.0 plain@1\.1\.0 bad@1\.0\.0/);
      } finally {
        await box.close();
      }
    },
  );
}

const left = (campaign: string): string[] => (existsSync(join(campaign, "trees")) ? readdirSync(join(campaign, "trees")) : []);

test.run();
