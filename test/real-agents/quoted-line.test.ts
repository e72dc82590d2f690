import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { message, text, toolUse, turn, userTexts } from "../support/messages-api.ts";
import { gate, runFolder, waitFor, world } from "./world.ts";

const prompt = "Scan the entire codebase for security issues. Output to security-audit.md with severity ratings.";
const findings = "# Security audit\n\n- HIGH: src/api/auth.ts compares tokens with ==\n";
const files = {
  "src/api/auth.ts": "export const ok = (a: string, b: string) => a == b;\n",
  "src/api/users.ts": "export const users = [];\n",
  "README.md": "# App\n",
};

test("the quoted line makes a task that shows what it scans, and ends with its file on its branch", async () => {
  const seen = gate();
  const box = await world(
    async (body) => {
      if (userTexts(body).some((words) => words.includes("How many findings")))
        return text(`Seen again: ${userTexts(body).filter((words) => words.includes("Scan the entire codebase")).length}`);
      const at = (name: string) => join(box.tree("security-audit"), name);
      switch (turn(body)) {
        case 0:
          return message([
            { type: "text", text: "I will read the API first." },
            { type: "tool_use", name: "Read", input: { file_path: at("src/api/auth.ts") } },
            { type: "tool_use", name: "Read", input: { file_path: at("src/api/users.ts") } },
          ]);
        case 1:
          await seen.opened;
          return toolUse("Write", { file_path: at("security-audit.md"), content: findings });
        default:
          return text("One finding of high severity; see security-audit.md.");
      }
    },
    { files },
  );
  try {
    const began = performance.now();
    const line = await box.alias(`claude -w --background --label "security-audit" "${prompt}"`);
    const tookMs = performance.now() - began;
    assert.is(line.code, 0, line.stderr);
    assert.ok(tookMs < 10_000, `the prompt was back after ${Math.round(tookMs)} ms`);
    assert.match(line.stdout, /^security-audit \([a-z0-9]+\) queued\n/);
    for (const next of ["copse show security-audit", "copse logs -f security-audit", "copse stop security-audit"])
      assert.ok(line.stdout.includes(next), next);

    const row = await waitFor(async () => {
      const { stdout } = await box.copse(["tasks"]);
      return /scanning src\/api\//.test(stdout) ? stdout : undefined;
    }, "the activity in `copse tasks`");
    assert.match(row, /^● security-audit +running +\(\d+ s\) +scanning src\/api\/\n$/);
    const running = await box.task("security-audit");
    assert.is(running.activity, "scanning src/api/");
    assert.is(running.toolCalls, 2);
    assert.type(running.pid, "number");
    assert.is(box.git(["status", "--porcelain"]), "");
    const following = box.copse(["logs", "-f", "security-audit"]);
    seen.open();

    assert.is((await box.copse(["wait", "security-audit"])).code, 0);
    const task = await box.task("security-audit");
    assert.is(task.state, "completed");
    assert.is(task.branch, "copse/security-audit");
    assert.is(task.result.outcome, "changes");
    assert.is(task.result.commits, 1);
    assert.equal(task.result.diff, { files: 1, insertions: 3, deletions: 0 });
    assert.is(task.result.summary, "One finding of high severity; see security-audit.md.");
    assert.ok(task.cost.usd > 0);
    assert.is(task.cost.inputTokens, 3000);
    assert.is(task.cost.outputTokens, 150);
    assert.is(task.cost.turns, 4);
    assert.match(task.sessionId, /^[0-9a-f-]{36}$/);
    assert.is(task.verify.status, "none", "an agent's word is no evidence");

    assert.is(box.git(["show", "copse/security-audit:security-audit.md"]), findings);
    assert.is(box.git(["status", "--porcelain"], box.tree("security-audit")), "");
    assert.is(box.git(["status", "--porcelain"]), "", "the main checkout is untouched");
    assert.is(box.git(["branch", "--show-current"]), "main\n");
    assert.not(existsSync(join(box.repo, "security-audit.md")));
    const report = readFileSync(task.result.report, "utf8");
    assert.match(report, /Files it was told to write:\n\n- `security-audit\.md`/);
    assert.match(report, /Completed/);
    assert.match((await box.copse(["tasks"])).stdout, /^✓ security-audit +completed +\(\d+ s ago\) +1 file, \+3 −0\n$/);

    const log = [
      `session ${task.sessionId}`,
      "I will read the API first.",
      "→ Read src/api/auth.ts",
      "→ Read src/api/users.ts",
      "→ Write security-audit.md",
      "One finding of high severity; see security-audit.md.",
      "",
    ].join("\n");
    assert.is((await box.copse(["logs", "security-audit"])).stdout, log);
    const followed = await following;
    assert.equal([followed.code, followed.stdout, followed.stderr], [0, log, "security-audit is completed.\n"]);
    const raw = (await box.copse(["logs", "--raw", "security-audit"])).stdout;
    assert.is(raw, readFileSync(join(runFolder(box, task), "out"), "utf8"), "byte for byte");
    const show = (await box.copse(["show", "security-audit"])).stdout;
    for (const words of [`session ${task.sessionId}`, "copse/security-audit from HEAD", "3000 tokens in, 150 out", "delivered: 1 commit\n"])
      assert.ok(show.includes(words), show);

    const again = await box.claude(["--resume", task.sessionId, "-p", "How many findings?"], box.tree("security-audit"));
    assert.is(again.code, 0, again.stderr);
    assert.is(again.stdout.trim(), "Seen again: 1", "the resumed session has the earlier conversation");
    const fromMain = await box.claude(["--resume", task.sessionId, "-p", "How many findings?"]);
    assert.is(fromMain.stdout.trim(), "Seen again: 1", fromMain.stderr);
  } finally {
    seen.open();
    await box.close();
  }
});

test.run();
