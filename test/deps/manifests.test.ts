/** From what a manager calls outdated to updates, whatever manifests and registries look like; and updates into manifests, all else as it was. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Command, Rules, Run } from "../../src/deps/ecosystem.ts";
import { apply, listFrom, type Row } from "../../src/deps/manifests.ts";
import { npm } from "../../src/deps/npm.ts";
import { packumentIn } from "../../src/deps/packument.ts";
import { pnpm } from "../../src/deps/pnpm.ts";

const rules: Rules = { target: "latest", pin: {}, minAgeMs: 0, engines: true, refusals: [] };
const audit = Promise.resolve({ found: [] });
const settings = { all: {}, minAgeMs: null, exempt: [] };
const row = (name: string, more: Partial<Row> = {}): Row => ({
  name,
  current: "1.0.0",
  wanted: "1.0.0",
  latest: "1.1.0",
  location: "",
  ...more,
});

/** Answers of programs by their words; of `npm view` these versions. */
const programs =
  (answers: Readonly<Record<string, unknown>> = {}, versions: readonly string[] = ["1.0.0", "1.1.0"]): Run =>
  async (command: Command) => {
    const words = command.join(" ");
    const found = Object.entries(answers).find(([start]) => words.startsWith(start))?.[1];
    const answer = found ?? (words.startsWith("npm view") ? { versions, "dist-tags": { latest: versions.at(-1) } } : {});
    return { stdout: words === "node --version" ? "v20.0.0\n" : JSON.stringify(answer), stderr: "", exitCode: 0 };
  };

async function within<T>(files: Readonly<Record<string, string>>, work: (dir: string) => Promise<T> | T): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "copse-manifests-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const list = (files: Readonly<Record<string, string>>, rows: readonly Row[], run = programs()) =>
  within(files, (dir) => listFrom(rows, { dir, rules, run, audit, settings, keepsLocked: true }));
const manifest = (lists: object) => JSON.stringify({ name: "p", version: "1.0.0", ...lists });

test("a byte order mark, ends of lines as on Windows and tabs stay; a package in several lists is written into all of them", async () => {
  const text =
    '\ufeff{\r\n\t"dependencies": {\r\n\t\t"@a/b": "^1.0.0",\t"c": "*"\r\n\t},\r\n\t"devDependencies": { "@a/b" : "~1.0.0" }\r\n}';
  await within({ "package.json": text }, async (dir) => {
    const { updates, left } = await listFrom([row("@a/b"), row("c")], { dir, rules, run: programs(), audit, settings, keepsLocked: true });
    assert.equal(
      updates.map(({ name, places, dev }) => [name, places.map(({ field }) => field), dev]),
      [["@a/b", ["dependencies", "devDependencies"], false]],
    );
    assert.equal(
      left.map(({ name, why }) => [name, why]),
      [["c", "its range `*` is not one version"]],
    );
    apply(dir, updates);
    assert.is(readFileSync(join(dir, "package.json"), "utf8"), text.replace("^1.0.0", "^1.1.0").replace("~1.0.0", "~1.1.0"));
  });
});

test("a package called as what every object has is one like any other; a list that is none is none", async () => {
  const files = {
    "package.json": manifest({
      dependencies: { constructor: "1.0.0", toString: "1.0.0" },
      devDependencies: null,
      optionalDependencies: "x",
    }),
  };
  const { updates } = await list(files, [row("constructor"), row("toString"), row("valueOf")]);
  assert.equal(
    updates.map(({ name }) => name),
    ["constructor", "toString"],
  );
});

test("what the manager calls outdated and has no version, such as from git, is passed over", async () => {
  const files = { "package.json": manifest({ dependencies: { a: "github:o/a", b: "1.0.0" } }) };
  const { updates, left } = await list(files, [
    row("a", { current: "1.0.0", wanted: "git", latest: "git" }),
    row("b", { latest: "exotic" }),
  ]);
  assert.equal([updates, left], [[], []]);
});

test("npm tells a package under another name by both: it is left, and said", async () => {
  const files = { "package.json": manifest({ dependencies: { mine: "npm:theirs@1.0.0" } }) };
  const told = { "mine:theirs@1.0.0": { current: "1.0.0", wanted: "1.0.0", latest: "1.1.0", dependedByLocation: "" } };
  const { list: listed } = npm({ locked: true, test: true });
  const { updates, left } = await within(files, (dir) => listed(dir, rules, programs({ "npm outdated": told }), audit));
  assert.equal(updates, []);
  assert.equal(left, [{ name: "mine", from: "1.0.0", latest: "1.1.0", why: "its range `npm:theirs@1.0.0` is not one version" }]);
});

test("npm's quick look suits no workspace that installs something of its own, byte order mark or not", async () => {
  const { refresh } = npm({ locked: true, test: true });
  const files = (scripts: object) => ({
    "node_modules/.package-lock.json": JSON.stringify({ packages: { "packages/a": {}, "node_modules/a": {} } }),
    "packages/a/package.json": `\ufeff${manifest({ scripts })}`,
  });
  assert.is(await within(files({ postinstall: "make" }), (dir) => refresh?.suits(dir)), false);
  assert.is(await within(files({ test: "make" }), (dir) => refresh?.suits(dir)), true);
});

test("pnpm's workspaces may have a byte order mark", async () => {
  const files = { "package.json": `\ufeff${manifest({ dependencies: { a: "1.0.0" } })}` };
  const { list: listed } = pnpm({ locked: true, test: true });
  const { updates } = await within(files, (dir) => {
    const run = programs({ "pnpm outdated": { a: { current: "1.0.0", wanted: "1.0.0", latest: "1.1.0" } }, "pnpm ls": [{ path: dir }] });
    return listed(dir, rules, run, audit);
  });
  assert.equal(
    updates.map(({ name, to }) => `${name}@${to}`),
    ["a@1.1.0"],
  );
});

test("150 of them", async () => {
  const names = Array.from({ length: 150 }, (_, i) => `@scope-${i % 7}/p${i}`);
  const files = { "package.json": manifest({ dependencies: Object.fromEntries(names.map((name) => [name, "^1.0.0"])) }) };
  await within(files, async (dir) => {
    const { updates } = await listFrom(
      names.map((name) => row(name)),
      { dir, rules, run: programs(), audit, settings, keepsLocked: true },
    );
    assert.is(updates.length, 150);
    apply(dir, updates);
    assert.equal(
      JSON.parse(readFileSync(join(dir, "package.json"), "utf8")).dependencies,
      Object.fromEntries(names.map((name) => [name, "^1.1.0"])),
    );
  });
});

test("what an installed package says of its page is taken only where it is a text", async () => {
  const files = (homepage: unknown) => ({
    "package.json": manifest({ dependencies: { a: "1.0.0" } }),
    "node_modules/a/package.json": JSON.stringify({ homepage, repository: { url: 7 } }),
  });
  for (const odd of [["https://example.com"], { url: "https://example.com" }, 7, null])
    assert.is((await list(files(odd), [row("a")])).updates[0]?.link, null, JSON.stringify(odd));
  assert.is((await list(files("https://example.com"), [row("a")])).updates[0]?.link, "https://example.com");
});

test("what npm calls the latest is the newest for its own Node; the authors' word counts", async () => {
  const files = { "package.json": manifest({ dependencies: { a: "1.0.0" } }) };
  const { updates } = await list(files, [row("a")], programs({}, ["1.0.0", "1.1.0", "1.2.0"]));
  assert.is(updates[0]?.to, "1.2.0");
});

test("a registry's answer is taken as far as it is one", () => {
  for (const none of [
    undefined,
    null,
    7,
    "x",
    [],
    {},
    { versions: null },
    { versions: [] },
    { versions: {} },
    { versions: { newest: {}, "1.0.0": null } },
  ])
    assert.is(packumentIn(none), undefined, JSON.stringify(none));
  const some = packumentIn({
    versions: { "1.0.0": { peerDependencies: "x" }, "1.1.0": { peerDependencies: { a: "^1", b: 2, c: null } }, v2: {} },
    time: { "1.0.0": "yesterday", "1.1.0": 7, created: "2020-01-01" },
    "dist-tags": { latest: "9.9.9" },
  });
  assert.equal(some, {
    versions: { "1.0.0": { peerDependencies: {} }, "1.1.0": { peerDependencies: { a: "^1" } } },
    time: null,
    latest: undefined,
  });
  assert.is(packumentIn({ versions: { "1.0.0": {} }, "dist-tags": { latest: "1.0.0" } })?.latest, "1.0.0");
  assert.equal(packumentIn({ versions: { "1.0.0": {} }, time: { "1.0.0": "2020-01-01" } })?.time, { "1.0.0": "2020-01-01" });
});

test.run();
