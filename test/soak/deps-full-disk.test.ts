/** A disk that fills up in the middle of a campaign: nothing is blamed for it, nothing is half written, and the same command goes on once there is room. Needs the right to mount. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CopseError } from "../../src/core/errors.ts";
import { campaign, type Wish } from "../../src/deps/campaign.ts";
import { fill, mayMount, mount, unmountAll } from "../support/full-disk.ts";
import { packagesOf, plainEcosystem, plainWish } from "../support/plain-ecosystem.ts";
import { type Sandbox, sandbox } from "../support/sandbox.ts";
import { outdated } from "../support/updates.ts";

const disk = suite("full disk of a campaign");
const names = ["a", "b", "c", "d"];

const wishFor = (box: Sandbox, state: string): Wish =>
  plainWish({
    repo: box.repo,
    state,
    base: box.git(["rev-parse", "HEAD"]).trim(),
    check: 'echo begun; echo x >> "$TESTED"; ! grep -q "b 2" packages',
    // Files that need room.
    ecosystem: plainEcosystem(names, "cp big installed"),
    env: { ...box.env, TEST_SANDBOX: box.dir, TESTED: join(box.dir, "tested") } as Record<string, string>,
  });

function nothingLeft(box: Sandbox): void {
  assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1, "no worktree is left");
  assert.is(box.git(["status", "--porcelain"]), "");
  box.git(["fsck", "--no-dangling"]);
}

/** Each file of a journal is whole but for a last line that a write could not end. */
function journalWhole(state: string): void {
  for (const repo of readdirSync(join(state, "repos"))) {
    const file = join(state, "repos", repo, "deps", "1", "journal.jsonl");
    for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []) JSON.parse(line);
  }
}

const text = packagesOf(names);
const files = { packages: text, lock: text, big: "0123456789abcdef".repeat(20_000) };

async function runs(wish: Wish): Promise<string[] | CopseError> {
  try {
    const { verdicts } = await campaign(wish);
    return verdicts.flatMap(({ reverted, update }) => (reverted === null ? [update.name] : []));
  } catch (error) {
    if (error instanceof CopseError) return error;
    throw error;
  }
}

if (!mayMount()) {
  disk("SKIPPED: nothing is shown about full disks, mounting is not permitted here", () => {
    console.log("\nSKIPPED: nothing is shown about full disks, mounting is not permitted here");
  });
} else {
  for (const which of ["state", "repo"] as const)
    disk(`the disk of the ${which === "state" ? "campaign" : "repository"}, with less and less room: said, and gone on with`, async () => {
      let failed = 0;
      for (const room of [0, 64, 300, 700, 1500]) {
        const box = await sandbox({ "a.txt": "a\n" });
        Object.assign(process.env, { GIT_CONFIG_GLOBAL: box.env["GIT_CONFIG_GLOBAL"], GIT_CONFIG_NOSYSTEM: "1" });
        try {
          const state = join(box.dir, "small-state");
          mkdirSync(state, { mode: 0o700 });
          const small = which === "state" ? state : box.repo;
          if (which === "repo") rmSync(box.repo, { recursive: true });
          assert.ok(mount(small, "size=8m"));
          if (which === "repo") box.git(["init", "-q", "-b", "main"]);
          for (const [name, content] of Object.entries(files)) writeFileSync(join(box.repo, name), content);
          box.git(["add", "-A"]);
          box.git(["commit", "-q", "-m", "packages"]);
          const give = fill(small, room * 1024);
          const first = await runs(wishFor(box, state));
          if (first instanceof CopseError) {
            failed++;
            assert.is(first.code, "CANNOT_WRITE", `${room} KB: ${first.code}: ${first.message}`);
            assert.match(first.message, /disk is full/);
            assert.is(box.git(["branch", "--list", "copse/*"]), "");
          } else assert.equal(first, ["a", "c", "d"], `${room} KB`);
          give();
          nothingLeft(box);
          if (existsSync(join(state, "repos"))) journalWhole(state);
          assert.equal(await runs(wishFor(box, state)), ["a", "c", "d"], `${room} KB, then all of it`);
          nothingLeft(box);
        } finally {
          unmountAll();
          await box.close();
        }
      }
      assert.ok(failed >= 2, `${failed} of them had no room`);
    });

  disk(
    "with npm, the disk full from the start and filled by a check: exit 73, the way on, no update blamed; then all are kept",
    async () => {
      const box = await outdated({ names: ["p01", "p02"], conflicts: [] });
      try {
        const state = join(box.dir, "small-state");
        assert.ok(mount(state, "size=24m"));
        box.env["COPSE_STATE_DIR"] = state;
        box.env["BALLAST"] = join(state, "ballast");
        const give = fill(state);
        const none = await box.copse(["deps"]);
        assert.is(none.code, 73, none.stderr);
        assert.match(none.stderr, /disk is full/);
        give();
        // Only with updates, and only until it is told that there is room.
        const greedy =
          'node test.js && if grep -q 1.1.0 package.json && [ ! -e "$BALLAST.no" ]; then cat /dev/zero > "$BALLAST"; exit 1; fi';
        const filled = await box.copse(["deps", "--verify", greedy]);
        assert.is(filled.code, 73, filled.stderr);
        assert.match(filled.stderr, /the disk is full: .*small-state/);
        assert.match(filled.stderr, /Free some space\. What has been checked stays checked; go on with: copse deps/);
        assert.not.match(filled.stderr, /✗/, "nothing was blamed");
        nothingLeft(box);
        rmSync(join(state, "ballast"));
        appendFileSync(join(state, "ballast.no"), "");
        const again = await box.json(["deps", "--verify", greedy]);
        assert.equal([again.resumed, again.groups[0].kept], [true, 2], JSON.stringify(again));
        assert.is(
          readFileSync(box.tested, "utf8")
            .split("\n")
            .filter((line) => line === "").length,
          2,
          "the baseline was tested once",
        );
        nothingLeft(box);
      } finally {
        unmountAll();
        await box.close();
      }
    },
  );
}

disk.after(unmountAll);
disk.run();
