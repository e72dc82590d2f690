/** Before a task for Claude Code gets into line, a login is looked for; only a clear no refuses it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Sandbox } from "../support/sandbox.ts";
import { inBox, refused } from "./support.ts";

/** A program named `claude` that says this of its login, and notes that it was asked. */
function claudeSays(box: Sandbox, status: string): Record<string, string> {
  const dir = join(box.dir, "bin");
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "claude");
  writeFileSync(file, `#!/bin/sh\necho "$*" >> '${join(box.dir, "asked")}'\n[ "$1" = auth ] && { ${status}; }\nexit 1\n`);
  chmodSync(file, 0o755);
  return { PATH: `${dir}${delimiter}${box.env["PATH"]}` };
}

inBox("logged out: 5, what to do, and nothing in line", async (box) => {
  const env = claudeSays(box, `echo '{"loggedIn":false,"authMethod":"none"}'; exit 1`);
  refused(
    await box.copse(["-w", "-b", "--label", "docs", "Write the docs"], { env }),
    5,
    /Claude Code is not logged in/,
    /claude auth login/,
  );
  const ran = await box.copse(["run", "-b", "--json", "Write the docs"], { env });
  assert.equal([ran.code, JSON.parse(ran.stdout).error.code], [5, "LOGIN_NEEDED"]);
  assert.equal((await box.json(["tasks"])).tasks, []);
  assert.is(box.git(["branch", "--list", "copse/*"]), "");
});

for (const [why, status] of [
  ["logged in", `echo '{"loggedIn":true}'; exit 0`],
  ["an older one that knows no such command", "echo unknown command >&2; exit 1"],
] as const)
  inBox(`${why}: it gets into line`, async (box) => {
    const ran = await box.copse(["run", "-b", "-l", "docs", "--retries", "0", "Write the docs"], { env: claudeSays(box, status) });
    assert.is(ran.code, 0, ran.stderr);
    assert.match(asked(box), /^auth status\n/);
  });

inBox("a key or a file of credentials is answer enough: it is not asked, which takes a second", async (box) => {
  const env = claudeSays(box, `echo '{"loggedIn":false}'; exit 1`);
  const key = await box.copse(["run", "-b", "-l", "by-key", "Write"], { env: { ...env, ANTHROPIC_API_KEY: "sk-test" } });
  assert.is(key.code, 0, key.stderr);
  mkdirSync(join(box.dir, "home", ".claude"));
  writeFileSync(join(box.dir, "home", ".claude", ".credentials.json"), "{}");
  const file = await box.copse(["run", "-b", "-l", "by-file", "Write"], { env });
  assert.is(file.code, 0, file.stderr);
  assert.not.match(asked(box), /auth status/);
});

function asked(box: Sandbox): string {
  const file = join(box.dir, "asked");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

test.run();
