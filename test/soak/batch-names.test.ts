/** Batches that go by a name: listed, found, copied to be changed, completed by the shell. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, personConfig, refused } from "../cli/support.ts";
import { root } from "../support/sandbox.ts";

inBox("the repository's own goes before the one that comes with Copse, and says so; what is no name is said", async (box) => {
  personConfig(box, { agents: { claude: { command: ["true"] } } });
  const list = async () => (await box.json(["batch", "--list"])).batches.map(({ name, from }: any) => `${name} ${from}`);
  const shipped = ["deps copse", "jsdoc copse", "refactor copse", "security-audit copse", "test-diagnosis copse"];
  assert.equal(await list(), shipped);
  assert.match((await box.copse(["batch", "--list"])).stdout, /^deps +Updates dependencies.*\n[\s\S]*copse batch NAME --copy/);
  assert.is((await box.json(["batch", "jsdoc", "--copy"])).file, join(box.repo, ".worktrees", "batches", "jsdoc.yaml"));
  const own = join(box.repo, ".worktrees", "batches");
  assert.is(readFileSync(join(own, "jsdoc.yaml"), "utf8"), readFileSync(join(root, "templates", "batches", "jsdoc.yaml"), "utf8"));
  refused(await box.copse(["batch", "jsdoc", "--copy"]), 4, /jsdoc is the repository's own already/);
  writeFileSync(join(own, "jsdoc.yaml"), "description: Ours.\ntasks: { hello: { exec: [echo, '{{who}}'], vars: { who: world } } }\n");
  assert.equal(
    await list(),
    shipped.map((one) => one.replace("jsdoc copse", "jsdoc repository")),
  );
  const dry = await box.copse(["batch", "jsdoc", "--dry-run", "--set", "who=you"]);
  assert.match(dry.stdout, /hello +new · echo you/);
  assert.match(dry.stderr, /jsdoc is this repository's own, \.worktrees\/batches\/jsdoc\.yaml, not the one/);
  refused(await box.copse(["batch", "jsdco"]), 3, /there is no batch named "jsdco"/, /Did you mean copse batch jsdoc\?/);
  refused(await box.copse(["batch", "jsdoc", "--set", "hwo=x"]), 2, /--set hwo: the batch has no variable/, /Did you mean who\?/);
  refused(await box.copse(["batch", "jsdoc", "--set", "who"]), 2, /expected NAME=VALUE, got "who"/);
  refused(await box.copse(["batch", "refactor"]), 2, /`old` has no value yet/, /copse batch refactor --set old=/);
  refused(await box.copse(["batch", "jsdoc", "--failed", "--fresh"]), 2, /exclude each other/);
  refused(await box.copse(["batch", "jsdoc.yaml"]), 3, /cannot be read/);
  assert.equal((await box.json(["tasks"])).tasks, [], "nothing was started");
  mkdirSync(join(box.repo, "sub"));
  const words = (await box.copse(["--get-yargs-completions", "copse", "batch", "s"], { cwd: join(box.repo, "sub") })).stdout;
  assert.is(words, "security-audit\n");
});

test.run();
