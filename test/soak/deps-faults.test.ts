/** What goes wrong beside the updates: packages that cannot be installed, a registry that fails or is silent, a check that never ends, Ctrl-C. Clear words, nothing left, and it can be gone on with. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Bench, check } from "../../src/deps/check.ts";
import { open } from "../../src/deps/journal.ts";
import { faulty } from "../support/faulty.ts";
import { builtCli, ended, processesOf, sandbox, waitFor } from "../support/sandbox.ts";
import { outdated, type Updates } from "../support/updates.ts";

const names = ["p01", "p02", "p03", "p04"];
const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
const keptOf = (ran: any): string[] => ran.updates.filter(({ kept }: any) => kept).map(({ name }: any) => name);

async function assertNothingLeft(box: Updates): Promise<void> {
  assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1, "no worktree is left");
  await waitFor(() => processesOf(box.dir).length === 0, "all processes to be gone", 5000);
  assert.is(box.git(["status", "--porcelain"]), "");
}

test("an update that cannot be locked, and one whose tarball is damaged, are reverted with npm's own words; the others are kept", async () => {
  const between = await faulty();
  const box = await outdated({ names, conflicts: [], through: between.behind });
  try {
    box.registry.add("p02", "1.2.0", undefined, { dependencies: { "there-is-none": "1.0.0" } });
    between.trouble = (path) => (path.includes("p03@1.1.0") ? "damage" : "none");
    const ran = await box.json(["deps"]);
    assert.equal(keptOf(ran), ["p01", "p04"], JSON.stringify(ran));
    const [second, third] = ran.updates.filter(({ kept }: any) => !kept);
    assert.match(second.reverted.why, /^cannot be locked: `npm install --package-lock-only` exited 1$/);
    assert.match(second.reverted.lines.join("\n"), /E404[\s\S]*there-is-none/);
    assert.match(third.reverted.why, /^cannot be installed: `npm ci --prefer-offline` exited 1$/);
    assert.match(third.reverted.lines.join("\n"), /EINTEGRITY/);
    await assertNothingLeft(box);
  } finally {
    await box.close();
    await between.close();
  }
});

for (const [kind, words] of [
  ["error", /could not reach what it needs:.*E500/],
  ["hang", /could not reach what it needs:.*timeout/i],
] as const)
  test(`a registry that ${kind === "error" ? "fails" : "is silent"} in the middle blames no update; once it is back, the same command goes on`, async () => {
    const between = await faulty();
    const box = await outdated({ names, conflicts: [["p02"]], through: between.behind });
    try {
      // What was looked at for the listing is in npm's cache, the new tarballs are not.
      between.trouble = (path) => (path.includes("@1.1.0.tgz") ? kind : "none");
      const ran = await box.copse(["deps"]);
      assert.is(ran.code, 1, ran.stderr);
      assert.match(ran.stderr, words, ran.stderr);
      assert.match(ran.stderr, /says nothing about the updates/);
      assert.match(ran.stderr, /What has been checked stays checked; go on with: copse deps/);
      await assertNothingLeft(box);
      assert.is(box.git(["branch", "--list", "copse/*"]), "");
      between.trouble = () => "none";
      const again = await box.json(["deps"]);
      assert.is(again.resumed, true);
      assert.equal(keptOf(again), ["p01", "p03", "p04"]);
      assert.is(linesOf(box.tested).filter((line) => line === "").length, 1, "the baseline was tested once");
      await assertNothingLeft(box);
    } finally {
      await box.close();
      await between.close();
    }
  });

test("a check that never ends is ended with all it has started, and counts as failed", async () => {
  const box = await sandbox({ packages: "a 1\n" });
  try {
    Object.assign(process.env, { GIT_CONFIG_GLOBAL: box.env["GIT_CONFIG_GLOBAL"], GIT_CONFIG_NOSYSTEM: "1" });
    const nothing = ["/bin/sh", "-c", ":"] as const;
    const dir = join(box.dir, "campaigns");
    const bench: Bench = {
      ground: { repo: box.repo, lane: join(box.dir, "lane"), dir: join(dir, "1"), base: box.git(["rev-parse", "HEAD"]).trim() },
      campaign: open(dir, 1),
      ecosystem: {
        name: "plain",
        env: {},
        lock: null,
        install: nothing,
        check: null,
        list: async () => ({ updates: [], left: [] }),
        apply() {},
      },
      checks: ["echo begun; sleep 301 & setsid sleep 302 & sleep 303"],
      env: box.env,
      cookie: "deps.test.1",
      signal: new AbortController().signal,
      stepMs: 1500,
    };
    const { ok, stage, exitCode, lines } = await check(bench, 1, [0], []);
    assert.equal([ok, stage, exitCode, lines], [false, "check", null, ["begun"]]);
    assert.equal(processesOf(box.dir), []);
    assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1);
  } finally {
    await box.close();
  }
});

test("Ctrl-C in the middle of a check ends it and all it has started, and says how to go on", async () => {
  const slow = "node test.js && if grep -q 1.1.0 node_modules/p01/package.json; then sleep 300; fi";
  const files = {
    "package.json": `${JSON.stringify({ name: "project", version: "1.0.0", private: true, scripts: { test: slow }, dependencies: { p01: "1.0.0" } }, null, 2)}\n`,
  };
  const box = await outdated({ names: ["p01"], conflicts: [], files });
  try {
    const child = spawn(process.execPath, [builtCli, "deps"], { cwd: box.repo, env: box.env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    await waitFor(() => linesOf(box.tested).length === 2, "the second check to run", 180_000);
    child.kill("SIGINT");
    assert.is(await ended(child), 130, said);
    assert.match(said, /the campaign was interrupted/);
    assert.match(said, /go on with the same command/);
    await assertNothingLeft(box);
  } finally {
    await box.close();
  }
});

test.run();
