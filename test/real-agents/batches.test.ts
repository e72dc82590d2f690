/** Claude Code does the batches that come with Copse: a scripted model answers their prompts with calls of its tools, and what each batch promises is there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { everydayFiles, expectAudit, expectDiagnosis, expectJsdoc, expectRefactor, work } from "../support/everyday.ts";
import { forgeLab } from "../support/forge-lab.ts";
import { firstUserText, type MessagesBody, type Reply, text, toolUse, turn } from "../support/messages-api.ts";
import { settings } from "../support/run-script.ts";
import { type World, world } from "./world.ts";

/** The label that the task of this prompt has. */
function labelOf(prompt: string, nights: number): string {
  const slug = (folder = "") => folder.replace(/\/$/, "").replaceAll("/", "-");
  const [, audited] = /^Audit the code in (\S+) for/.exec(prompt) ?? [];
  if (audited !== undefined) return `audit-${slug(audited)}`;
  if (prompt.includes("SUMMARY.md")) return "summary";
  const [, folder] = /directly in (\S+) \(not/.exec(prompt) ?? [];
  if (folder !== undefined) return `${prompt.startsWith("Write JSDoc") ? "jsdoc" : "refactor"}-${slug(folder)}`;
  return nights > 1 ? `diagnose-${nights}` : "diagnose";
}

/** As a model would: reads each file that is there, then writes each; a file that was not read may not be written. */
async function inShop(run: (box: World) => Promise<void>, nights = () => 1): Promise<void> {
  const plans = new Map<string, Reply[]>();
  const box = await world(
    (body: MessagesBody) => {
      const prompt = firstUserText(body);
      const label = labelOf(prompt, nights());
      const dir = box.tree(label);
      if (turn(body) === 0) {
        const { files, words } = work(prompt, dir);
        const paths = Object.keys(files).map((path) => join(dir, path));
        const reads = paths.filter((path) => existsSync(path)).map((path) => toolUse("Read", { file_path: path }));
        const writes = Object.entries(files).map(([path, content]) => toolUse("Write", { file_path: join(dir, path), content }));
        plans.set(label, [...reads, ...writes, text(words)]);
      }
      return plans.get(label)?.[turn(body)] ?? text("Done.");
    },
    { files: everydayFiles },
  );
  try {
    await run(box);
    for (const { body } of box.api.main())
      assert.not.match(JSON.stringify(body?.messages.at(-1) ?? ""), /"is_error":true/, "no tool was refused");
  } finally {
    await box.close();
  }
}

async function goesWell(box: World, args: readonly string[]): Promise<void> {
  const ran = await box.copse(["batch", ...args]);
  assert.is(ran.code, 0, ran.stdout + ran.stderr);
}

test("security-audit: findings with severities for each folder, and a page that sums them up", () =>
  inShop(async (box) => {
    await goesWell(box, ["security-audit"]);
    await expectAudit(box);
    assert.equal(
      box.api.main().filter(({ body }) => body && turn(body) === 0).length,
      3,
      "three agents; what brings the pages together is none",
    );
  }));

test("jsdoc: what is exported and undocumented gets its comment on a branch of each folder", () =>
  inShop(async (box) => {
    await goesWell(box, ["jsdoc"]);
    await expectJsdoc(box);
  }));

test("refactor: the old pattern is gone from each folder, as git says", () =>
  inShop(async (box) => {
    await goesWell(box, ["refactor", "--set", "old=legacyFetch\\(", "--set", "new=apiClient.get("]);
    await expectRefactor(box);
  }));

test("test-diagnosis: one issue for each pattern on the forge, two nights long", async () => {
  let night = 1;
  await inShop(
    async (box) => {
      const lab = await forgeLab(box.dir);
      try {
        Object.assign(box.env, { GIT_ALLOW_PROTOCOL: "file:http", GH_ENTERPRISE_TOKEN: "secret-token", COPSE_FORGE_PAUSE: "off" });
        settings(box, { forges: { [lab.host]: { kind: "github", apiUrl: `http://${lab.host}/api/v3` } } });
        box.git(["remote", "add", "origin", lab.repository("me", "project")]);
        // By its folder: git over HTTP from here would wait for a server in this very process.
        box.git(["push", "-q", lab.gitDir("me", "project"), "main"]);
        await goesWell(box, ["test-diagnosis"]);
        await expectDiagnosis(box, lab, "diagnose");
        night = 2;
        await goesWell(box, ["test-diagnosis", "--fresh"]);
        await expectDiagnosis(box, lab, "diagnose-2");
        assert.equal(lab.violations, [], "GitHub's description is kept");
      } finally {
        await lab.close();
      }
    },
    () => night,
  );
});

test.run();
