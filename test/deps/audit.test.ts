/** What package managers answer when they are asked for known holes and for their settings. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { auditOf, npmFound, registryFound, without, yarnFound } from "../../src/deps/audit.ts";
import type { Run } from "../../src/deps/ecosystem.ts";
import { settingsOf } from "../../src/deps/settings.ts";
import { yarn } from "../../src/deps/yarn.ts";

const says =
  (stdout: string, exitCode: number | null = 0, stderr = ""): Run =>
  async () => ({ stdout, stderr, exitCode });
const told = { id: 1, module_name: "p", title: "hole", url: "https://example.com/1", severity: "high", vulnerable_versions: "<2" };
const hole = { id: "1", name: "p", severity: "high", title: "hole", url: "https://example.com/1", range: "<2" };

test("npm's, pnpm's and yarn's ways of saying it come to the same", async () => {
  const via = { source: 1, name: "p", title: "hole", url: "https://example.com/1", severity: "high", range: "<2" };
  const npm = JSON.stringify({ vulnerabilities: { p: { via: [via] }, q: { via: ["p", via] } } });
  assert.equal(await auditOf(["npm", "audit"], says(npm, 1), npmFound), { found: [hole] });
  assert.equal(await auditOf(["pnpm", "audit"], says(JSON.stringify({ advisories: { 1: told } }), 1), registryFound), { found: [hole] });
  const lines = [
    { type: "auditAdvisory", data: { advisory: told } },
    { type: "auditAdvisory", data: { advisory: told } },
    { type: "auditSummary", data: {} },
  ];
  assert.equal(await auditOf(["yarn", "audit"], says(lines.map((one) => JSON.stringify(one)).join("\n"), 8), yarnFound), { found: [hole] });
  assert.equal(without([hole], []), [hole]);
  assert.equal(without([hole], [{ ...hole, title: "said otherwise" }]), []);
});

test("no answer is never taken for no holes", async () => {
  for (const read of [npmFound, registryFound, yarnFound])
    for (const text of [
      "",
      "{}",
      "null",
      "[]",
      '{"error":{"code":"ENOAUDIT"}}',
      '{"message":"404"}',
      '{"type":"error","data":"405"}',
      "oh no",
    ])
      assert.ok("why" in (await auditOf(["x", "audit"], says(text, 1), read)), `${read.name} of ${text}`);
  const killed = await auditOf(["npm", "audit"], says('{"vulnerabilities":{}}', null), npmFound);
  assert.equal(killed, { why: "`npm audit` gave no answer" });
  const why = await auditOf(["npm", "audit"], says("", 1, "npm error code ENOLOCK\nnpm error more"), npmFound);
  assert.equal(why, { why: "`npm audit` gave no answer: npm error code ENOLOCK" });
});

test("settings: npm counts days, pnpm minutes; yarn goes by npm's registry where its own is not set", async () => {
  const npm = await settingsOf(["npm"], says('{"registry":"https://r/","min-release-age":7,"min-release-age-exclude":["@own/*"]}'));
  assert.equal([npm.minAgeMs, npm.exempt, npm.all["registry"]], [7 * 86_400_000, ["@own/*"], "https://r/"]);
  assert.is((await settingsOf(["pnpm"], says('{"minimumReleaseAge":1440}'))).minAgeMs, 86_400_000);
  assert.is((await settingsOf(["npm"], says('{"min-release-age":null}'))).minAgeMs, null);
  assert.equal((await settingsOf(["npm"], says("broken", 1))).all["registry"], undefined);
  const lines = (own: string, theirs: object) =>
    [
      { type: "info", data: "yarn config" },
      { type: "inspect", data: { registry: own } },
      { type: "info", data: "npm config" },
      { type: "inspect", data: theirs },
    ]
      .map((one) => JSON.stringify(one))
      .join("\n");
  const registryOf = async (text: string) => (await settingsOf(["yarn"], says(text))).all["registry"];
  assert.is(await registryOf(lines("https://registry.yarnpkg.com", { registry: "https://mine/" })), "https://mine/");
  assert.is(await registryOf(lines("https://own/", { registry: "https://mine/" })), "https://own/");
  assert.is(await registryOf(lines("https://registry.yarnpkg.com", {})), "https://registry.yarnpkg.com");
});

test("yarn 1 is not asked where packages come from another registry than the one its audit sends them to", async () => {
  const asked: string[] = [];
  const run =
    (registry: string): Run =>
    async ([...words]) => {
      asked.push(words.join(" "));
      const settings = `{"type":"inspect","data":{"registry":"${registry}"}}\n{"type":"inspect","data":{}}`;
      return { stdout: words[1] === "audit" ? '{"type":"auditSummary","data":{}}' : settings, stderr: "", exitCode: 0 };
    };
  const { audit } = yarn({ locked: true, workspaces: false, test: true });
  assert.equal(await audit?.(run("https://registry.yarnpkg.com")), { found: [] });
  assert.ok("why" in ((await audit?.(run("https://registry.example.com/"))) ?? {}));
  assert.is(asked.filter((words) => words.includes("audit")).length, 1);
});

test.run();
