/** What yarn 2 and newer says of projects, and which program it is that is asked. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { auditOf } from "../../src/deps/audit.ts";
import { berry } from "../../src/deps/berry.ts";
import { settingIn } from "../../src/deps/berry-ground.ts";
import { decide, type Tried } from "../../src/deps/berry-program.ts";
import { askedBy, berryFound, berrySettings, heldBy, workspacesIn } from "../../src/deps/berry-said.ts";
import { rangeFor } from "../../src/deps/versions.ts";

const lines = (...all: object[]): string => `${all.map((one) => JSON.stringify(one)).join("\n")}\n`;

test("what is locked is told by workspace, patched and virtual packages too", () => {
  const patched = "typescript@patch:typescript@npm%3A5.0.4#optional!builtin<compat/typescript>::version=5.0.4&hash=b5f058";
  const text = lines(
    {
      value: "@own/a@workspace:packages/a",
      children: { Version: "1.0.0", Dependencies: [{ descriptor: "ms@npm:^2.0.0", locator: "ms@npm:2.1.3" }] },
    },
    { value: "ms@npm:2.1.3", children: { Version: "2.1.3" } },
    { value: "@s/x@npm:1.0.0", children: { Instances: 2, Version: "1.0.0" } },
    { value: patched, children: { Version: "5.0.4" } },
    {
      value: "root@workspace:.",
      children: {
        Dependencies: [
          { descriptor: "@s/x@virtual:35e4#npm:^1.0.0", locator: "@s/x@virtual:35e4#npm:1.0.0" },
          { descriptor: "alias@npm:ms@2", locator: "ms@npm:2.1.3" },
          { descriptor: "typescript@patch:typescript@npm%3A~5.0.0#optional!builtin<compat/typescript>", locator: patched },
        ],
      },
    },
  );
  const plain = workspacesIn(text)?.map((one) => ({ ...one, locked: Object.fromEntries(one.locked) }));
  assert.equal(plain, [
    { name: "@own/a", location: "packages/a", locked: { ms: "2.1.3" } },
    { name: "root", location: "", locked: { "@s/x": "1.0.0", alias: "2.1.3", typescript: "5.0.4" } },
  ]);
  for (const none of ["", "➤ YN0028: no", '{"value":', lines({ value: "ms@npm:2.1.3" })]) assert.is(workspacesIn(none), undefined, none);
});

test("only what the registry is asked for by a range is for a manifest to say", () => {
  for (const range of ["^1.0.0", "npm:^1.0.0", "1.x", "latest"]) assert.equal(askedBy("p", range), { range: range.replace("npm:", "") });
  for (const range of [
    "workspace:*",
    "link:./a",
    "portal:../b",
    "file:c.tgz",
    "git@github.com:a/b.git",
    "a/b#main",
    "https://x/y.tgz",
    "exec:./e.js",
  ])
    assert.is(askedBy("p", range), null, range);
  const of = (range: string) => (askedBy("p", range) as { of?: string } | null)?.of;
  assert.is(of("patch:p@npm%3A1.0.0#./p.patch"), "p");
  assert.is(of("catalog:react18"), "p");
  assert.is(of("npm:q@^2.0.0"), "q");
  assert.is(of("npm:@s/q@^2.0.0"), "@s/q");
  assert.is(rangeFor("npm:^1.0.0", "1.2.0"), "npm:^1.2.0");
  assert.is(rangeFor("npm:q@^1.0.0", "1.2.0"), undefined);
});

test("`resolutions` hold a package everywhere, for one workspace, or for one range", () => {
  const held = (key: string, range = "^1.0.0") => heldBy({ [key]: "1.0.0" }, "root", "@s/p", range) !== undefined;
  for (const key of ["@s/p", "**/@s/p", "root/@s/p", "root@workspace:./@s/p", "@s/p@^1.0.0", "@s/p@npm:^1.0.0"]) assert.ok(held(key), key);
  assert.ok(held("@s/p@^1.0.0", "npm:^1.0.0"));
  for (const key of ["@s/q", "p", "other/@s/p", "@s/p/q", "@s/p@^2.0.0"]) assert.not.ok(held(key), key);
  for (const odd of [undefined, null, "p", []]) assert.is(heldBy(odd, "root", "p", "1"), undefined);
});

test("settings: registries by scope, and a gate that is so by itself", () => {
  const config = lines(
    { key: "npmRegistryServer", effective: "https://r" },
    { key: "npmMinimalAgeGate", effective: 1440, source: "<default>" },
    { key: "npmPreapprovedPackages", effective: ["a", 7] },
    { key: "npmScopes", effective: {} },
  );
  const { all, minAgeMs, byDefault, exempt } = berrySettings(
    config,
    lines({ foo: { npmRegistryServer: "https://f", npmAuthToken: "********" } }),
  );
  assert.equal([all["registry"], all["@foo:registry"]], ["https://r", "https://f"]);
  assert.equal([minAgeMs, byDefault, exempt], [86_400_000, true, ["a"]]);
  const older = berrySettings(lines({ key: "npmRegistryServer", effective: "https://r" }), "{}");
  assert.is(older.minAgeMs, null);
});

test("holes: yarn 4's lines, yarn 3's object; silence is none only where all went well", async () => {
  const said = async (stdout: string, exitCode: number) =>
    await auditOf(["yarn"], async () => ({ stdout, stderr: "", exitCode }), berryFound);
  const children = {
    ID: 1,
    Issue: "hole",
    URL: "https://example.com/1",
    Severity: "high",
    "Vulnerable Versions": "<2",
    "Tree Versions": ["1.0.0"],
  };
  const hole = { id: "1", name: "p", severity: "high", title: "hole", url: "https://example.com/1", range: "<2" };
  assert.equal(await said(lines({ value: "p", children }, { value: "q", children: { ...children, ID: "q (deprecation)" } }), 1), {
    found: [hole],
  });
  const told = { id: 1, module_name: "p", title: "hole", url: "https://example.com/1", severity: "high", vulnerable_versions: "<2" };
  assert.equal(await said(lines({ advisories: { 1: told }, metadata: {} }), 1), { found: [hole] });
  assert.equal(await said("", 0), { found: [] });
  for (const none of ["", "➤ YN0035: The remote server failed to provide the requested resource", "{}", '{"type":"error"}', "[]"])
    assert.ok("why" in (await said(none, 1)), none);
});

const ran = (exitCode: number | null, stdout: string, stderr = "") => ({ exitCode, stdout, stderr });
const noSuch = null;
const tooOld = ran(
  1,
  "",
  `error This project's package.json defines "packageManager": "yarn@4.1.0". However the current global version of Yarn is 1.22.22.`,
);

test("the program is the one that `yarn` comes to; what is checked in, or corepack, where there is none", () => {
  const release = { path: ".yarn/releases/yarn-4.1.0.cjs", text: "" };
  const named = "yarn@4.1.0+sha512.ab";
  const next = (wanting: { named?: string; release?: typeof release }, ...all: Tried[]) =>
    decide({ named: undefined, release: undefined, ...wanting }, all);
  const said = (words: string, what: ReturnType<typeof ran> | null): Tried => ({
    command: words.split(" ") as [string, ...string[]],
    ran: what,
  });
  assert.equal(next({ named }), { ask: ["yarn"] });
  assert.equal(next({ named }, said("yarn", ran(0, "4.1.0\n"))), { program: { command: ["yarn"], version: "4.1.0" } });
  assert.equal(next({ named, release }, said("yarn", noSuch)), { ask: ["node", release.path] });
  assert.equal(next({ named, release }, said("yarn", ran(0, "1.19.0"))), { ask: ["node", release.path] });
  assert.equal(next({ named }, said("yarn", noSuch)), { ask: ["corepack", "yarn"] });
  assert.equal(next({ named }, said("yarn", noSuch), said("corepack yarn", ran(0, "4.1.0"))), {
    program: { command: ["corepack", "yarn"], version: "4.1.0" },
  });
  assert.throws(() => next({ named }, said("yarn", tooOld)), /managed by yarn 4\.1\.0, and the yarn on PATH is 1\.22\.22/);
  assert.throws(() => next({}, said("yarn", ran(0, "1.22.22"))), /managed by yarn 2 or newer, and the yarn on PATH is 1\.22\.22/);
  assert.throws(() => next({ named }, said("yarn", noSuch), said("corepack yarn", noSuch)), /there is no yarn on PATH/);
  assert.throws(
    () => next({ named }, said("yarn", ran(1, "", "Error: getaddrinfo ENOTFOUND"))),
    /`yarn --version` exited 1: Error: getaddrinfo ENOTFOUND/,
  );
  assert.throws(() => next({ named }, said("yarn", ran(null, "", ""))), /was ended before it said anything/);
});

test("settings are found in .yarnrc.yml however they are quoted; commands fit the version and what is kept", () => {
  const rc = "yarnPath: .yarn/releases/yarn-4.1.0.cjs # pinned\nnodeLinker: \"pnpm\"\n  nmMode: deeper\ncacheFolder: './cache'\n";
  assert.equal(
    ["yarnPath", "nodeLinker", "nmMode", "cacheFolder"].map((name) => settingIn(rc, name)),
    [".yarn/releases/yarn-4.1.0.cjs", "pnpm", undefined, "./cache"],
  );
  const made = (version: string, kept: string[] = [], setTo: (name: string) => string | undefined = () => undefined) =>
    berry({ locked: true, test: true, program: { command: ["corepack", "yarn"], version }, named: undefined, kept, setTo });
  assert.equal(made("4.1.0").lock, ["corepack", "yarn", "install", "--mode=update-lockfile", "--no-immutable"]);
  assert.equal(made("4.1.0", [".pnp.cjs"]).lock, ["corepack", "yarn", "install", "--mode=skip-build", "--no-immutable"]);
  assert.ok(made("2.4.2").lock?.includes("--skip-builds"));
  assert.is(made("4.1.0").check, "corepack yarn test");
  assert.equal(["part" in made("4.1.0"), made("3.0.0").env["YARN_NM_MODE"]], [false, undefined]);
  const set = made("3.0.0", [], (name) => ({ nmMode: "hardlinks-global", nodeLinker: "pnpm" })[name]);
  assert.equal(["part" in set, set.env["YARN_NM_MODE"]], [true, "classic"]);
});

test.run();
