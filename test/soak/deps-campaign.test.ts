/** A campaign over an ecosystem of a few lines: a manifest `name version` a line, and a check that reads it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { campaign, type News, type Wish } from "../../src/deps/campaign.ts";
import { gitEnv } from "../../src/git/git.ts";
import { findRepository } from "../../src/git/repository.ts";
import { depsDir } from "../../src/store/paths.ts";
import { packagesOf, plainEcosystem, plainWish } from "../support/plain-ecosystem.ts";
import { type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

interface World extends Sandbox {
  wish(check: string, more?: Partial<Wish>): Wish;
  readonly news: News[];
}

async function world(names: readonly string[]): Promise<World> {
  const text = packagesOf(names);
  const box = await sandbox({ packages: text, lock: text });
  Object.assign(process.env, { GIT_CONFIG_GLOBAL: box.env["GIT_CONFIG_GLOBAL"], GIT_CONFIG_NOSYSTEM: "1" });
  const news: News[] = [];
  return {
    ...box,
    news,
    wish: (check, more = {}) => ({
      ...plainWish({
        repo: box.repo,
        state: box.state,
        base: box.git(["rev-parse", "HEAD"]).trim(),
        check,
        ecosystem: plainEcosystem(names),
        env: { ...gitEnv(box.env), TEST_SANDBOX: box.dir },
      }),
      told: (one) => void news.push(one),
      ...more,
    }),
  };
}

const worktrees = (box: Sandbox): number => box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length ?? 0;
const inside = async (names: readonly string[], work: (box: World) => Promise<void>) => {
  const box = await world(names);
  try {
    await work(box);
  } finally {
    await box.close();
  }
};

test("the commit is the very tree that was checked, written by the manager; what the check itself changed is not in it", () =>
  inside(["a", "b", "c", "d"], async (box) => {
    const check = "echo changed >> packages; echo new > new; if grep -q '^c 2' lock; then echo 'not ok c'; exit 3; fi";
    const done = await campaign(box.wish(check));
    assert.equal(
      done.verdicts.map(({ update: { name }, reverted }) => [name, reverted?.why ?? "kept"]),
      [
        ["a", "kept"],
        ["b", "kept"],
        ["c", `fails: \`${check}\` exited 3`],
        ["d", "kept"],
      ],
    );
    assert.is(box.git(["show", `${done.branch}:lock`]), "a 2\nb 2\nc 1\nd 2\n");
    assert.equal(
      box
        .git(["diff", "--name-only", "main", done.branch as string])
        .trim()
        .split("\n"),
      ["lock", "packages"],
    );
    assert.is(box.git(["log", "-1", "--format=%s", done.branch as string]).trim(), "Update 3 dependencies");
    assert.is(worktrees(box), 1);
  }));

test("nothing to update: the check is not even run", () =>
  inside([], async (box) => {
    const done = await campaign(box.wish("exit 1"));
    assert.equal([done.verdicts, done.branch, done.report], [[], null, null]);
  }));

test("a registry that cannot be reached blames no update; the campaign goes on from there", () =>
  inside(["a", "b"], async (box) => {
    const down = plainEcosystem(["a", "b"], "grep -q 2 lock || exit 0; echo 'npm error code ECONNREFUSED'; exit 1");
    const failed = await campaign(box.wish(":", { ecosystem: down })).catch((error: unknown) => error as Error & { code: string });
    assert.ok(failed instanceof Error);
    assert.is(failed.code, "COMMAND_FAILED");
    assert.match(failed.message, /says nothing about the updates/);
    assert.is(worktrees(box), 1);
    const done = await campaign(box.wish(":"));
    assert.equal([done.resumed, done.checks, done.checksNow, done.verdicts.length], [true, 2, 1, 2]);
  }));

test("an interruption ends what runs and leaves no worktree; the same wish goes on, another begins anew", () =>
  inside(["a", "b"], async (box) => {
    const controller = new AbortController();
    const slow = "grep -q 2 lock && sleep 60; exit 0";
    const first = campaign(box.wish(slow, { signal: controller.signal })).catch((error: unknown) => error as Error);
    const journal = join(depsDir(box.state, findRepository(box.repo).id), "1", "journal.jsonl");
    await waitFor(() => box.news.length >= 2 && readFileSync(journal, "utf8").includes('"locked","run":2'), "the second check to run");
    controller.abort();
    assert.is(((await first) as Error).name, "CutShort");
    assert.is(worktrees(box), 1);
    const other = await campaign(box.wish(":"));
    assert.equal([other.resumed, other.number], [false, 2]);
    const taken = await campaign(box.wish(":", { fresh: true }));
    assert.match(taken.branch as string, /-2$/);
  }));

test("a check that came to its end after its campaign was killed counts; its journal may end in the middle of a line", () =>
  inside(["a", "b"], async (box) => {
    const dir = join(depsDir(box.state, findRepository(box.repo).id), "1");
    const journal = join(dir, "journal.jsonl");
    await campaign(box.wish(":"));
    const lines = readFileSync(journal, "utf8").split("\n");
    // As it was before the outcome of the second check was written down, which its supervisor knows.
    const cut = lines.findIndex((line) => line.includes('"checked","run":2'));
    writeFileSync(journal, `${lines.slice(0, cut).join("\n")}\n${(lines[cut] as string).slice(0, 20)}`);
    const done = await campaign(box.wish(":"));
    assert.equal([done.resumed, done.checks, done.checksNow], [true, 2, 0]);
    assert.is(done.verdicts.length, 2);
    assert.match(done.branch as string, /^copse\/deps-\d{4}-\d\d-\d\d$/, "the branch it had made is known as its own");
  }));

test.run();
