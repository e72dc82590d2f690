/** What the tests of the command line share: a test in a world of its own, and small programs as agents. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ran, type Sandbox, sandbox } from "../support/sandbox.ts";

/** A test that gets a sandbox and leaves nothing of it. */
export function inBox(name: string, work: (box: Sandbox) => Promise<void>, files?: Readonly<Record<string, string>>): void {
  test(name, async () => {
    const box = await sandbox(files);
    try {
      await work(box);
    } finally {
      await box.close();
    }
  });
}

const sh = (script: string): string[] => ["--exec", "--", "sh", "-c", script];

export const writes = sh("echo made > made.txt");
export const fails = sh("echo about to fail; exit 3");
export const sleeps = sh("sleep 300");
export const asks = sh(`echo '{"copse":"question","text":"Which db?","options":["Postgres","SQLite"]}'; exit 5`);

/** A `claude` that keeps its prompt in a file, under the name of the real one. */
export function standInForClaude(box: Sandbox): void {
  personConfig(box, { agents: { claude: { command: ["sh", "-c", "cat > prompt.txt"] } } });
}

export function personConfig(box: Sandbox, config: object): void {
  const dir = join(box.dir, "home", ".config", "copse");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "config.json"), JSON.stringify(config));
}

export function projectConfig(box: Sandbox, config: object): void {
  mkdirSync(join(box.repo, ".worktrees"), { recursive: true });
  writeFileSync(join(box.repo, ".worktrees", "config.json"), JSON.stringify(config));
}

/** An error is one message and one hint, on standard error, without a stack. */
export function refused(ran: Ran, code: number, message: RegExp, hint: RegExp = /./): void {
  assert.is(ran.code, code, `${ran.stdout}${ran.stderr}`);
  assert.is(ran.stdout, "");
  const [first = "", ...rest] = ran.stderr.trimEnd().split("\n");
  assert.match(first, /^copse: /);
  assert.match(first, message);
  assert.match(rest.join("\n"), hint);
  assert.not.match(ran.stderr, /^\s+at /m);
}
