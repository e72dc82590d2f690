/** What a repository has told other updaters: read from their files, kept to, and said where it cannot be understood. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readDocument } from "../../src/batch/document.ts";
import type { Step } from "../../src/deps/ecosystem.ts";
import { saidBy } from "../../src/deps/said.ts";
import { changeOf } from "../../src/deps/versions.ts";

const yaml = (text: string): unknown => {
  const { document, problems } = readDocument(text);
  if (problems[0] !== undefined) throw new Error(problems[0].text);
  return document.data;
};
const read = async (files: Readonly<Record<string, string>>) => await saidBy(async (path) => files[path], yaml);
const step = (name: string, from = "1.0.0", to = "1.1.0", more: Partial<Step> = {}): Step => ({
  name,
  from,
  to,
  kind: changeOf(from, to),
  manifest: "package.json",
  field: "dependencies",
  ...more,
});
/** By which file it is refused; "" where it is not. */
type Asked = ReturnType<typeof step>;
async function asker(files: Readonly<Record<string, string>>) {
  const { refusals, notes } = await read(files);
  return { notes, by: (one: Asked) => refusals.find(({ refuses }) => refuses(one))?.by ?? "" };
}
const renovate = async (config: unknown) => await asker({ "renovate.json": JSON.stringify(config) });
const rules = async (...packageRules: readonly unknown[]) => await renovate({ packageRules });
const npmOf = (...lines: readonly string[]) =>
  [
    "version: 2",
    "updates:",
    "  - package-ecosystem: npm",
    "    directory: /",
    "    schedule: { interval: weekly }",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");

test("Dependabot: names with wildcards, versions, kinds of updates; by both, either is enough", async () => {
  const text = npmOf(
    "ignore:",
    "  - dependency-name: express",
    "  - dependency-name: '@aws-sdk/*'",
    "    update-types: ['version-update:semver-patch']",
    "  - dependency-name: lodash*",
    "    versions: ['>= 5', '4.17.x']",
    "  - dependency-name: both",
    "    versions: 3.x",
    "    update-types: ['version-update:semver-major']",
    "  - dependency-name: '*'",
    "    versions: [99]",
  );
  const file = ".github/dependabot.yml";
  const { by, notes } = await asker({ [file]: text });
  assert.equal(notes, []);
  for (const [one, is] of [
    [step("express"), true],
    [step("express-session"), false],
    [step("@aws-sdk/client-s3", "3.1.0", "3.1.1"), true],
    [step("@aws-sdk/client-s3", "3.1.0", "3.2.0"), false],
    [step("lodash.template", "4.0.0", "5.1.0"), true],
    [step("lodash.template", "4.0.0", "5.0.0-rc.1"), true],
    [step("lodash", "4.16.0", "4.17.2"), true],
    [step("lodash", "4.0.0", "4.18.0"), false],
    [step("both", "1.0.0", "2.0.0"), true],
    [step("both", "3.0.0", "3.0.1"), true],
    [step("both", "1.0.0", "1.2.0"), false],
    [step("other", "1.0.0", "99.1.0"), true],
    [step("other", "1.0.0", "98.1.0"), false],
  ] as const)
    assert.is(by(one), is ? file : "", `${one.name} ${one.from} → ${one.to}`);
});

test("Dependabot: other ecosystems are not npm's; a folder's rules hold in it and below", async () => {
  const text = `
version: 2
updates:
  - { package-ecosystem: docker, directory: /, ignore: [{ dependency-name: a }] }
  - { package-ecosystem: npm, directory: /packages/one/, ignore: [{ dependency-name: b }] }
  - { package-ecosystem: npm, directories: ["/apps/*", /i], ignore: [{ dependency-name: c }] }
`;
  const { by, notes } = await asker({ ".github/dependabot.yml": text });
  assert.equal(notes, []);
  const at = (name: string, manifest: string) => by(step(name, "1.0.0", "1.1.0", { manifest })) !== "";
  assert.not(at("a", "package.json"));
  assert.equal([at("b", "packages/one/package.json"), at("b", "packages/one/x/package.json")], [true, true]);
  assert.equal([at("b", "packages/onetwo/package.json"), at("b", "package.json")], [false, false]);
  assert.equal([at("c", "apps/web/package.json"), at("c", "i/package.json"), at("c", "package.json")], [true, true, false]);
});

test("Dependabot: what is not understood is said, and neither it nor what it stands in counts for more than it says", async () => {
  const text = npmOf(
    "ignore:",
    "  - dependency-name: ruby",
    "    versions: [newest, '2.x']",
    "  - dependency-name: odd",
    "    update-types: ['version-update:semver-huge']",
    "  - dependency-type: direct",
    "  - versions: ['1.x']",
    "allow:",
    "  - dependency-name: only-this",
  );
  const { by, notes } = await asker({ ".github/dependabot.yml": text });
  assert.equal(notes, [
    ".github/dependabot.yml: the version `newest` of an ignore rule is not understood, so it does not count",
    ".github/dependabot.yml: the update type `version-update:semver-huge` of an ignore rule is not understood, so it does not count",
    ".github/dependabot.yml: `dependency-type` of an ignore rule is not understood, so it does not count",
    ".github/dependabot.yml: `dependency-name` of an ignore rule is not understood, so it does not count",
    ".github/dependabot.yml: `allow` does not count here; name packages with --only",
  ]);
  assert.equal([by(step("ruby", "1.0.0", "2.5.0")) !== "", by(step("ruby")), by(step("odd")), by(step("any"))], [true, "", "", ""]);
});

test("Renovate: ignoreDeps, with comments and a comma at the end, wherever the file is", async () => {
  const text = '// why\n{ "ignoreDeps": ["left-pad", "/^@old\\\\//", /* and */ "eslint-*",], }';
  const files = ["renovate.json", "renovate.json5", ".github/renovate.json", ".gitlab/renovate.json5", ".renovaterc", ".renovaterc.json"];
  for (const file of files) {
    const { by, notes } = await asker({ [file]: `\ufeff${text}` });
    assert.equal(notes, [], file);
    const named = ["left-pad", "@old/x", "eslint-plugin", "left-pad2", "@x/eslint-y"].map((name) => by(step(name)));
    assert.equal(named, [file, file, file, "", ""]);
  }
  const own = await asker({ "package.json": JSON.stringify({ name: "p", renovate: { ignoreDeps: ["a"] } }) });
  assert.equal([own.by(step("a")), own.by(step("b")), own.notes], ["package.json", "", []]);
  assert.equal((await asker({ "package.json": "{}" })).notes, []);
});

test("Renovate: names, globs, negations, regular expressions, the old ways of giving them", async () => {
  const cases: readonly (readonly [unknown, readonly string[], readonly string[]])[] = [
    [{ matchPackageNames: ["react", "@babel/**"] }, ["react", "React", "@babel/core"], ["react-dom", "babel"]],
    [{ matchPackageNames: ["/^@types\\//", "!@types/node"] }, ["@types/react"], ["@types/node", "types"]],
    [{ matchPackageNames: ["!react"] }, ["vue", "@a/react"], ["react"]],
    [{ matchPackageNames: ["/^REACT/i"] }, ["react-dom"], ["preact"]],
    [{ matchDepNames: ["a-{b,c}"], matchPackageNames: ["*"] }, ["a-b", "a-c"], ["a-d"]],
    [{ matchPackageNames: [] }, [], ["react"]],
    [{ matchPackagePatterns: ["^eslint", "lint$"] }, ["eslint-x", "tslint"], ["@a/x"]],
    [{ packagePatterns: ["*"], excludePackageNames: ["react"] }, ["vue"], ["react"]],
    [{ matchPackagePrefixes: ["@angular/"], excludePackagePatterns: ["cli"] }, ["@angular/core"], ["@angular/cli", "angular"]],
    [{}, ["whatever"], []],
  ];
  for (const [rule, yes, no] of cases) {
    const { by, notes } = await rules({ ...(rule as object), enabled: false });
    assert.equal(notes, []);
    for (const name of yes) assert.is(by(step(name)), "renovate.json", `${name} by ${JSON.stringify(rule)}`);
    for (const name of no) assert.is(by(step(name)), "", `${name} by ${JSON.stringify(rule)}`);
  }
});

test("Renovate: kinds, lists, folders, versions; what is about other managers is nobody's here", async () => {
  const refused = async (rule: object, one: Asked) => (await rules({ enabled: false, ...rule })).by(one) !== "";
  assert.equal(
    await Promise.all(
      ["1.0.1", "1.1.0", "2.0.0"].map((to) => refused({ matchUpdateTypes: ["major", "patch", "pin"] }, step("a", "1.0.0", to))),
    ),
    [true, false, true],
  );
  assert.is(await refused({ matchUpdateTypes: ["minor"] }, step("a", "0.4.0", "0.5.0")), true, "counted by the numbers alone");
  assert.is(await refused({ matchDepTypes: ["devDependencies"] }, step("a")), false);
  assert.is(await refused({ depTypeList: ["devDependencies"] }, step("a", "1.0.0", "1.1.0", { field: "devDependencies" })), true);
  assert.is(await refused({ matchFileNames: ["apps/**"] }, step("a", "1.0.0", "1.1.0", { manifest: "apps/web/package.json" })), true);
  assert.is(await refused({ matchFileNames: ["apps/**"] }, step("a")), false);
  assert.is(await refused({ matchCurrentVersion: "<1" }, step("a", "0.9.0", "0.10.0")), true);
  assert.is(await refused({ matchCurrentVersion: "!/^0\\./" }, step("a", "0.9.0", "0.10.0")), false);
  const others = await rules(
    { matchManagers: ["dockerfile"], matchBaseBranches: ["x"], enabled: false },
    { matchDatasources: ["docker"], enabled: false },
    { matchCategories: ["python"], allowedVersions: "<1" },
    { matchManagers: ["npm"], matchCategories: ["js"], matchPackageNames: ["mine"], enabled: false },
    { matchBaseBranches: ["x"], groupName: "all" },
  );
  assert.equal([others.by(step("any")), others.by(step("mine")), others.notes], ["", "renovate.json", []]);
});

test("Renovate: allowedVersions; the last rule that fits and says anything counts; parts that are switched off", async () => {
  const bound = await rules({ matchPackageNames: ["a"], allowedVersions: "<5" }, { matchPackageNames: ["b"], allowedVersions: "!/-beta/" });
  assert.equal([step("a", "1.0.0", "5.0.0"), step("a", "1.0.0", "4.9.0"), step("b", "1.0.0", "2.0.0-beta.1"), step("b")].map(bound.by), [
    "renovate.json",
    "",
    "renovate.json",
    "",
  ]);
  const last = await rules(
    { enabled: false },
    { matchPackageNames: ["a", "b"], enabled: true },
    { matchPackageNames: ["b"], groupName: "x" },
  );
  assert.equal([last.by(step("c")), last.by(step("a")), last.by(step("b"))], ["renovate.json", "", ""]);
  const parts = await renovate({
    extends: ["config:recommended", ":disableDevDependencies", "schedule:weekly"],
    major: { enabled: false },
    packageRules: [
      { matchPackageNames: ["a"], major: { enabled: true } },
      { matchPackageNames: ["m"], minor: { enabled: false } },
    ],
  });
  assert.equal(parts.notes, []);
  assert.equal(
    [
      step("a", "1.0.0", "2.0.0"),
      step("b", "1.0.0", "2.0.0"),
      step("m"),
      step("n"),
      step("d", "1.0.0", "1.1.0", { field: "devDependencies" }),
    ].map((one) => parts.by(one) !== ""),
    [false, true, true, false, true],
  );
});

test("Renovate: what is not understood is said once, and switches nothing off or on", async () => {
  const { by, notes } = await renovate({
    extends: ["local>acme/base", "config:recommended", "@acme"],
    packageRules: [
      { matchPackageNames: ["off"], enabled: false },
      { matchBaseBranches: ["old"], enabled: false },
      { matchPackageNames: ["/(/"], enabled: false },
      { matchPackageNames: ["a-[bc]"], enabled: false },
      { matchPackageNames: ["off"], matchJsonata: ["x"], enabled: true },
      { matchPackageNames: ["range"], allowedVersions: "{{version}}" },
      { matchPackageNames: [{ odd: 1 }], enabled: false },
    ],
  });
  const rule = (what: string, i: number) => `renovate.json: ${what} of packageRules[${i}] is not understood, so that rule does not count`;
  assert.equal(notes, [
    "renovate.json extends local>acme/base, whose rules are not known here",
    "renovate.json extends @acme, whose rules are not known here",
    rule("matchBaseBranches", 1),
    rule("matchPackageNames", 2),
    rule("matchPackageNames", 3),
    rule("matchJsonata", 4),
    rule("allowedVersions", 5),
    rule("matchPackageNames", 6),
  ]);
  assert.equal([by(step("off")), by(step("any")), by(step("a-b")), by(step("range"))], ["renovate.json", "", "", ""]);
});

test("npm-check-updates: names, globs and regular expressions of `reject`", async () => {
  const { by } = await asker({ ".ncurc.json": JSON.stringify({ reject: "one, two* /^@x\\//" }) });
  assert.equal(
    ["one", "twofold", "@x/y", "three"].map((name) => by(step(name))),
    [".ncurc.json", ".ncurc.json", ".ncurc.json", ""],
  );
  assert.is((await asker({ ".ncurc.yml": "reject:\n  - one\n" })).by(step("one")), ".ncurc.yml");
  const odd = await asker({ ".ncurc": JSON.stringify({ reject: ["!one"], rejectVersion: "2" }), ".ncurc.js": "module.exports = {}" });
  assert.equal(odd.notes, [
    ".ncurc: `reject` is not understood, so it does not count",
    ".ncurc: `rejectVersion` is not understood, so it does not count",
    ".ncurc.js is a program and is not run, so what it rejects is not known here",
  ]);
});

test("a file that cannot be read is said, with the place", async () => {
  const { notes } = await read({
    "renovate.json5": "{ ignoreDeps: ['a'] }",
    ".github/dependabot.yml": "updates: [\n",
    ".ncurc.yaml": "\treject: x",
  });
  assert.is(notes.length, 3);
  assert.match(notes.join("\n"), /^renovate\.json5 cannot be read, so what it ignores is not known here: line 1, column 3: /m);
  assert.match(notes.join("\n"), /^\.github\/dependabot\.yml cannot be read/m);
});

test("whatever stands in a file, it is read or said; nothing is thrown", async () => {
  const files = ["renovate.json", ".ncurc.json", "package.json", ".github/dependabot.yml"];
  const key = fc.constantFrom(
    "ignoreDeps",
    "packageRules",
    "extends",
    "enabled",
    "allowedVersions",
    "matchPackageNames",
    "matchUpdateTypes",
    "updates",
    "package-ecosystem",
    "directory",
    "ignore",
    "dependency-name",
    "versions",
    "update-types",
    "reject",
    "renovate",
    "major",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom("npm", "*", "/(/", "!a", "", "/", "<2", null, 7, true, false),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), tree, async (file, value) => {
      const { refusals, notes } = await read({ [file]: JSON.stringify(value) });
      for (const { by, refuses } of refusals) {
        assert.is(by, file);
        assert.type(refuses(step("a")), "boolean");
      }
      for (const note of notes) assert.ok(note.startsWith(file));
    }),
  );
});

test.run();
