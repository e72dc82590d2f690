import { test } from "uvu";
import * as assert from "uvu/assert";
import { git, gitEnv, gitLine, gitMaybe } from "../../src/git/git.ts";
import { sandbox } from "../support/sandbox.ts";

test("an answer is whole, however busy this process is", async () => {
  const box = await sandbox();
  try {
    const head = box.git(["rev-parse", "HEAD"]).trim();
    // The loop is kept from reading for longer than any grace time after the exit, again and again.
    const block = setInterval(() => {
      const end = performance.now() + 120;
      while (performance.now() < end);
    }, 1);
    try {
      for (let round = 0; round < 6; round++) {
        const heads = await Promise.all(Array.from({ length: 8 }, () => gitLine(box.repo, ["rev-parse", "HEAD"])));
        assert.equal(
          heads,
          Array.from({ length: 8 }, () => head),
        );
      }
    } finally {
      clearInterval(block);
    }
  } finally {
    await box.close();
  }
});

test("no is told from trouble, and trouble comes in git's own words without secrets", async () => {
  const box = await sandbox();
  try {
    assert.is(await gitMaybe(box.repo, ["rev-parse", "--verify", "--quiet", "--end-of-options", "nope"]), undefined);
    for (const [args, words] of [
      [["rev-parse", "--verify", "nope"], /Needed a single revision/],
      [["ls-remote", "https://user:hunter2secret@localhost:1/x"], /./],
      [["fetch", "ext::sh -c touch% pwned"], /./],
    ] as const) {
      try {
        await git(box.repo, args);
        assert.unreachable();
      } catch (error) {
        assert.is((error as { code: string }).code, "GIT_FAILED");
        assert.match((error as Error).message, words);
        assert.not.match((error as Error).message, /hunter2secret/);
      }
    }
    try {
      await git(`${box.repo}/gone`, ["status"]);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, /the folder .*gone is gone/);
    }
  } finally {
    await box.close();
  }
});

test("the environment of git: nothing of the caller's GIT_* but the files of the person's settings, protocols only narrowed", () => {
  const env = gitEnv({
    GIT_DIR: "x",
    GIT_SSH_COMMAND: "x",
    GIT_CONFIG_GLOBAL: "/g",
    GIT_CONFIG_COUNT: "1",
    PATH: "/bin",
    EDITOR: "vi",
    GIT_ALLOW_PROTOCOL: "ext:https",
  });
  assert.is(env["GIT_DIR"], undefined);
  assert.is(env["GIT_SSH_COMMAND"], undefined);
  assert.is(env["GIT_CONFIG_COUNT"], undefined);
  assert.is(env["EDITOR"], undefined);
  assert.is(env["GIT_CONFIG_GLOBAL"], "/g");
  assert.is(env["GIT_ALLOW_PROTOCOL"], "https");
  assert.is(env["GIT_TERMINAL_PROMPT"], "0");
  assert.not.match(gitEnv({})["GIT_ALLOW_PROTOCOL"] ?? "", /ext/);
});

test.run();
