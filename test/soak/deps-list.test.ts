/** What a campaign tries and what not: the age of versions, pins, what the repository tells other updaters, security. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { outdated } from "../support/updates.ts";

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
const namesOf = (updates: any[]) => updates.map(({ name, to }) => `${name}@${to}`);
const whysOf = (left: any[]) => Object.fromEntries(left.map(({ name, latest, why }) => [`${name}@${latest}`, why]));
const project = (more: object) => JSON.stringify({ deps: more });

test("a version has to be out for three days, unless it mends a known hole; a registry without times is said", async () => {
  const box = await outdated({ names: ["aged", "fresh", "holed", "timeless"], conflicts: [] });
  try {
    for (const name of ["aged", "fresh", "holed"]) {
      box.registry.released(name, "1.0.0", daysAgo(400));
      box.registry.released(name, "1.1.0", daysAgo(30));
      box.registry.add(name, "1.2.0");
      box.registry.released(name, "1.2.0", name === "aged" ? daysAgo(4) : new Date(Date.now() - 5 * 3_600_000));
    }
    box.registry.advise({ id: 7, name: "holed", range: "<1.2.0", title: "Anybody may come in" });
    const { updates, left, notes } = await box.json(["deps", "--dry-run"]);
    assert.equal(namesOf(updates).sort(), ["aged@1.2.0", "fresh@1.1.0", "holed@1.2.0", "timeless@1.1.0"]);
    assert.equal(whysOf(left), { "fresh@1.2.0": "1.2.0 came out 5 hours ago, and versions have to be out for 3 days" });
    assert.equal(notes, ["the registry does not say when versions came out, so their age counts for nothing: timeless"]);
    assert.equal(namesOf((await box.json(["deps", "--dry-run", "--min-age", "0"])).updates).sort()[1], "fresh@1.2.0");
    assert.equal(namesOf((await box.json(["deps", "--dry-run", "--min-age", "10d"])).updates).sort()[0], "aged@1.1.0");
    const bad = await box.copse(["deps", "--dry-run", "--min-age", "soon"]);
    assert.is(bad.code, 2);
    assert.match(bad.stderr, /--min-age: expected a duration/);
  } finally {
    await box.close();
  }
});

test("the manager's own age is held to, also where a hole would be mended: it would refuse to lock it", async () => {
  const box = await outdated({ names: ["holed"], conflicts: [] });
  try {
    box.registry.released("holed", "1.0.0", daysAgo(400));
    box.registry.released("holed", "1.1.0", daysAgo(5));
    box.registry.advise({ id: 7, name: "holed", range: "<1.1.0", title: "Anybody may come in" });
    box.env["npm_config_min_release_age"] = "9";
    const { updates } = await box.json(["deps", "--dry-run"]);
    assert.equal(namesOf(updates), []);
  } finally {
    await box.close();
  }
});

test("pins and ignores of the configuration and of other updaters' files are kept, and flags go over them", async () => {
  const names = ["bound", "config", "depend", "held", "ncu", "pinned", "renovate", "taken"];
  const ignore = "[{ dependency-name: depend*, versions: ['>=1.2'] }]";
  const files = {
    ".worktrees/config.json": project({ ignore: ["conf*"], pin: { pinned: "<1.1", held: "1.x" }, target: "latest" }),
    "renovate.json":
      '{ "ignoreDeps": ["renovate"], /* for now */ "packageRules": [{ "matchDepNames": ["bound"], "allowedVersions": "<2" }], }',
    ".ncurc.json": JSON.stringify({ reject: "ncu, /^other/" }),
    ".github/renovate.json5": "{ ignoreDeps: ['json5'] }",
    ".github/dependabot.yml": `version: 2\nupdates:\n  - { package-ecosystem: npm, directory: /, ignore: ${ignore} }\n`,
  };
  const box = await outdated({ names, conflicts: [], files });
  try {
    for (const name of ["held", "taken", "bound", "depend"]) box.registry.add(name, "2.0.0");
    const { updates, left, notes } = await box.json(["deps", "--dry-run", "--min-age", "0"]);
    assert.equal(namesOf(updates).sort(), ["bound@1.1.0", "depend@1.1.0", "held@1.1.0", "taken@2.0.0"]);
    assert.equal(whysOf(left), {
      "bound@2.0.0": "ignored by renovate.json",
      "config@1.1.0": "ignored",
      "depend@2.0.0": "ignored by .github/dependabot.yml",
      "ncu@1.1.0": "ignored by .ncurc.json",
      "renovate@1.1.0": "ignored by renovate.json",
      "held@2.0.0": "2.0.0 is not in `1.x`, where it is pinned",
      "pinned@1.1.0": "1.1.0 is not in `<1.1`, where it is pinned",
    });
    assert.is(notes.length, 1);
    assert.match(notes[0], /^\.github\/renovate\.json5 cannot be read, so what it ignores is not known here: line 1, column 3: /);
    assert.equal(namesOf((await box.json(["deps", "--dry-run", "--target", "minor", "--ignore", "held"])).updates), [
      "bound@1.1.0",
      "depend@1.1.0",
      "taken@1.1.0",
    ]);
    const alone = await box.json(["deps", "--dry-run", "--no-other-updaters"]);
    assert.equal(namesOf(alone.updates).sort(), [
      "bound@2.0.0",
      "depend@2.0.0",
      "held@1.1.0",
      "ncu@1.1.0",
      "renovate@1.1.0",
      "taken@2.0.0",
    ]);
  } finally {
    await box.close();
  }
});

test("a version is not gone to that needs more of Node than the project promises, each workspace for itself", async () => {
  const manifest = (name: string, dependencies: object, more: object = {}) =>
    JSON.stringify({ name, version: "1.0.0", private: true, dependencies, ...more });
  const all = { plain: "1.0.0", hungry: "1.0.0" };
  const files = {
    "package.json": manifest("project", all, { workspaces: ["packages/*"], engines: { node: ">=18" }, scripts: { test: "true" } }),
    "packages/app/package.json": manifest("app", all, { engines: { node: ">=22" } }),
    "packages/lib/package.json": manifest("lib", all, { engines: { node: "nineteen" } }),
  };
  const box = await outdated({ names: ["plain", "hungry"], conflicts: [], files });
  try {
    box.registry.add("hungry", "1.2.0", undefined, { engines: { node: ">=22" } });
    const { updates, left, notes } = await box.json(["deps", "--dry-run", "--only", "hungry"]);
    const places = updates.map(({ name, to, places: some }: any) => [`${name}@${to}`, some.map((place: any) => place.manifest)]);
    assert.equal(places, [
      ["hungry@1.1.0", ["package.json", "packages/lib/package.json"]],
      ["hungry@1.2.0", ["packages/app/package.json"]],
    ]);
    assert.equal(whysOf(left), { "hungry@1.2.0": "1.2.0 needs Node >=22, and the project promises >=18" });
    assert.ok(
      notes.includes('engines.node of packages/lib/package.json is no range, so it counts for nothing: "nineteen"'),
      notes.join("\n"),
    );
    const said = await box.copse(["deps", "--dry-run", "--only", "hungry"]);
    assert.match(said.stdout, /^ {2}hungry +1\.0\.0 +→ 1\.2\.0 +1\.2\.0 needs Node >=22, and the project promises >=18$/m);
    const free = await box.json(["deps", "--dry-run", "--only", "hungry", "--no-engines"]);
    assert.equal(namesOf(free.updates), ["hungry@1.2.0"]);
  } finally {
    await box.close();
  }
});

test("a registry that wants a login is asked through npm, which has it", async () => {
  const box = await outdated({ names: ["one"], conflicts: [] });
  try {
    box.registry.add("one", "1.2.0");
    box.registry.released("one", "1.1.0", daysAgo(9));
    box.registry.released("one", "1.2.0", daysAgo(1));
    appendFileSync(join(box.dir, "home", ".npmrc"), `${box.registry.url.replace("http:", "")}:_authToken=let-me-in\n`);
    box.registry.guard("let-me-in");
    const { updates, left } = await box.json(["deps", "--dry-run"]);
    assert.equal(namesOf(updates), ["one@1.1.0"]);
    assert.match(left[0].why, /1\.2\.0 came out 24 hours ago/);
  } finally {
    await box.close();
  }
});

test("the checks of a repository's `deps.verify` run once they are approved, and go before `verify`", async () => {
  const files = {
    ".worktrees/config.json": JSON.stringify({ verify: ["false"], deps: { verify: ["test -d node_modules/one"], pin: { other: "1.x" } } }),
  };
  const box = await outdated({ names: ["one"], conflicts: [], files });
  try {
    const refused = await box.copse(["deps"]);
    assert.is(refused.code, 77, refused.stderr);
    assert.is((await box.copse(["deps", "--verify", "true", "--dry-run"])).code, 0, "the person's own need no approval");
    const asked = await box.copse(["config", "trust", "--yes"]);
    assert.is(asked.code, 0, asked.stderr);
    const ran = await box.json(["deps"]);
    assert.equal([ran.checks, ran.groups[0].kept], [2, 1], JSON.stringify(ran));
    assert.match(readFileSync(ran.report, "utf8"), /checked by `test -d node_modules\/one`/);
  } finally {
    await box.close();
  }
});

/** A folder with `pnpm` and `yarn` (1) in it: npm does not bring them along. */
const managers = process.env["COPSE_TEST_MANAGERS"];
const lockOf = { pnpm: ["pnpm", "install", "--lockfile-only"], yarn: ["yarn", "install", "--ignore-scripts"] } as const;

for (const manager of ["pnpm", "yarn"] as const)
  (managers === undefined ? test.skip : test)(
    `${manager}: holes before and after by its own audit, the age of versions, a commit each`,
    async () => {
      process.env["PATH"] = `${managers}:${process.env["PATH"]}`;
      const box = await outdated({ names: ["one", "two"], conflicts: [], lock: lockOf[manager] });
      try {
        for (const name of ["one", "two"]) {
          box.registry.add(name, "1.2.0");
          box.registry.released(name, "1.0.0", daysAgo(400));
          box.registry.released(name, "1.1.0", daysAgo(30));
          box.registry.released(name, "1.2.0", new Date());
        }
        box.registry.advise({ id: 5, name: "one", range: "<1.2.0", title: "Anybody may come in" });
        box.registry.advise({ id: 6, name: "two", range: "<2.0.0", title: "Still open" });
        const ran = await box.json(["deps", "--split"]);
        assert.equal(namesOf(ran.updates), [manager === "pnpm" ? "one@1.2.0" : "one@1.1.0", "two@1.1.0"], JSON.stringify(ran));
        const [{ audits, commits }] = ran.groups;
        assert.is(commits, 2);
        if (manager === "yarn") {
          assert.match(audits.before.why, /^yarn 1 asks registry\.yarnpkg\.com .* so it was not asked$/);
          return;
        }
        assert.equal(audits.before.found.map(({ name }: any) => name).sort(), ["one", "two"]);
        assert.equal(
          audits.after.found.map(({ name }: any) => name),
          ["two"],
        );
        assert.match(readFileSync(ran.report, "utf8"), /Known holes: 1 mended, 1 still there, 0 new\./);
      } finally {
        await box.close();
      }
    },
  );

test("a configuration that cannot be meant is refused before anything is done", async () => {
  const box = await outdated({
    names: ["one"],
    conflicts: [],
    files: { ".worktrees/config.json": project({ pin: { one: "newest please" } }) },
  });
  try {
    const pin = await box.copse(["deps", "--dry-run"]);
    assert.is(pin.code, 2);
    assert.match(pin.stderr, /deps\.pin: expected a range for one, got "newest please"/);
    const group = await box.copse(["deps", "--group", "eslint"]);
    assert.is(group.code, 2);
    assert.match(group.stderr, /--group: expected dev, kind or a name with patterns, got "eslint"/);
  } finally {
    await box.close();
  }
});

test.run();
