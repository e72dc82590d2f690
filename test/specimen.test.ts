/** `.worktrees.example/` is a specimen that works: read by the real readers, used by a real task. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { configKeys, parseConfig } from "../src/store/config.ts";
import { root, sandbox } from "./support/sandbox.ts";

const specimen = join(root, ".worktrees.example");
const text = readFileSync(join(specimen, "config.json"), "utf8");
const schema = JSON.parse(readFileSync(join(root, "schema", "config.schema.json"), "utf8"));

test("its configuration is valid by the published schema and read without a warning", () => {
  const warnings: string[] = [];
  const config = parseConfig(text, "config.json", warnings);
  assert.equal(warnings, []);
  const validate = new Ajv({ allErrors: true }).compile(schema);
  assert.ok(validate(JSON.parse(text)), JSON.stringify(validate.errors));
  assert.ok(Object.keys(config).length >= 12, "it shows most settings");
});

test("the schema and the reader know the same settings, each described", () => {
  const { $schema: _, ...properties } = schema.properties;
  assert.equal(Object.keys(properties).sort(), [...configKeys].sort());
  for (const [name, property] of Object.entries(properties as Record<string, { description?: string }>))
    assert.ok(property.description, `${name} has a description`);
});

test("what init writes is valid too", () => {
  const validate = new Ajv().compile(schema);
  assert.ok(validate(JSON.parse(readFileSync(join(root, "templates", "init", "config.json"), "utf8"))), JSON.stringify(validate.errors));
});

test("its template uses only names that reports have", () => {
  const own = readFileSync(join(root, "templates", "report.md"), "utf8");
  const names = (template: string) => [...template.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name as string);
  for (const name of names(readFileSync(join(specimen, "templates", "report.md"), "utf8"))) assert.ok(names(own).includes(name), name);
});

test("its .gitignore is the one of init", () => {
  assert.is(readFileSync(join(specimen, ".gitignore"), "utf8"), readFileSync(join(root, "templates", "init", "gitignore"), "utf8"));
  assert.ok(readdirSync(specimen).includes("README.md"));
});

test("its batches are what they show, and the one of docs/batches.md is one of them", async () => {
  const batches = readdirSync(join(specimen, "batches"));
  assert.ok(batches.length >= 3);
  const page = readFileSync(join(root, "docs", "batches.md"), "utf8");
  const [, block = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  assert.is(block, readFileSync(join(specimen, "batches", "nightly.yaml"), "utf8").replace(/^#.*\n/, ""));
  const box = await sandbox({
    "src/api/a.ts": "legacyFetch(1);\n",
    "src/ui/b.ts": "2\n",
    "failing.txt": "test/a.test.ts\ntest/b.test.ts\n",
  });
  try {
    cpSync(specimen, join(box.repo, ".worktrees"), { recursive: true });
    writeFileSync(join(box.repo, ".worktrees", "config.json"), JSON.stringify({ agents: { claude: { command: ["true"] } } }));
    assert.is((await box.copse(["config", "trust", "--yes"])).code, 0);
    const made: Record<string, string[]> = {};
    for (const name of batches) {
      const ran = await box.copse(["batch", `.worktrees/batches/${name}`, "--dry-run", "--json"]);
      assert.is(`${ran.stderr}${ran.code}`, "0", name);
      made[name] = JSON.parse(ran.stdout).batch.tasks.map(({ label }: any) => label);
    }
    assert.equal(made, {
      "failing-tests.yaml": ["fix test/a.test.ts", "fix test/b.test.ts", "failing-tests"],
      "nightly.yaml": ["audit", "endpoints", "docs-src-api", "docs-src-ui", "lint"],
      "old-client.yaml": ["refactor-src-api-a-ts-sonnet", "refactor-src-api-a-ts-opus"],
    });
  } finally {
    await box.close();
  }
});

test("a task in a repository that has it: approved, checked, reported by its template", async () => {
  const box = await sandbox();
  try {
    cpSync(specimen, join(box.repo, ".worktrees"), { recursive: true });
    // The specimen's commands need a network and npm; here they are small.
    const config = { ...JSON.parse(text), setup: "touch was-set-up", verify: ["test -f was-set-up"], carry: [] };
    writeFileSync(join(box.repo, ".worktrees", "config.json"), JSON.stringify(config));
    assert.is((await box.copse(["run", "--exec", "--", "true"])).code, 77);
    assert.is((await box.copse(["config", "trust", "--yes"])).code, 0);
    const ran = await box.copse(["run", "-l", "sample", "--exec", "--", "sh", "-c", "echo made > made.txt"]);
    assert.is(ran.code, 0, ran.stdout + ran.stderr);
    const task = await box.task("sample");
    assert.is(task.verify.status, "verified");
    assert.ok(existsSync(task.result.report));
    assert.match(readFileSync(task.result.report, "utf8"), /^# sample: [\s\S]*What was asked:/);
  } finally {
    await box.close();
  }
});

test.run();
