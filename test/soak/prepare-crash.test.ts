/** What a crash, or a hand, left half-made is mended or told; nothing of the person's is touched, and no agent starts in the wrong place. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertUntouched, errorOf, type Json, run, settings, settled, submit } from "../support/run-script.ts";
import { kill, processesOf, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const eventsOf = (box: Sandbox, id: string): string => {
  const repos = join(box.state, "repos");
  return join(repos, readdirSync(repos)[0] as string, "tasks", id, "events.jsonl");
};

/** The runner (one that is just coming up, too) and its git processes, gone at once; runs live on. */
async function killRunner(box: Sandbox): Promise<void> {
  await waitFor(() => {
    const own = processesOf(box.dir).filter((pid) => isRunner(pid) || isGitOfOurs(pid));
    for (const pid of own) kill(pid);
    return own.length === 0;
  }, "the runner to be gone");
  assert.is(runnerPid(box.state), undefined);
}

const about = (pid: number, what: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${what}`, "latin1");
  } catch {
    return "";
  }
};
const isRunner = (pid: number): boolean => /runner\.cjs\0/.test(about(pid, "cmdline"));
const isGitOfOurs = (pid: number): boolean => about(pid, "comm") === "git\n" && !/COPSE_RUN=\w+\.run/.test(about(pid, "environ"));

/** A task as a runner leaves it that dies right behind "planned": its log says so, and `leave` makes what git had done by then. */
async function planned(
  box: Sandbox,
  label: string,
  leave: (at: { path: string; branch: string; base: string; mark: string }) => void,
): Promise<Json> {
  const gate = join(box.dir, `gate-${label}`);
  await submit(box, `${label}-blocker`, `until test -e '${gate}'; do sleep 0.05; done`);
  const made = await box.copse([
    "run",
    "-b",
    "-q",
    "-l",
    label,
    "--exec",
    "--",
    "/bin/sh",
    "-c",
    "git status --porcelain > status.txt; git rev-parse HEAD > head.txt",
  ]);
  assert.is(made.code, 0, made.stderr);
  await waitFor(async () => (await box.task(`${label}-blocker`)).state === "running", "the blocker to run");
  await killRunner(box);
  const id = made.stdout.trim();
  const at = {
    path: join(box.repo, ".worktrees", "trees", label),
    branch: `copse/${label}`,
    base: box.git(["rev-parse", "HEAD"]).trim(),
    mark: `copse task ${id}`,
  };
  const file = eventsOf(box, id);
  const seq = readFileSync(file, "utf8").trim().split("\n").length;
  const now = new Date().toISOString();
  const facts = [{ type: "slot-taken" }, { type: "worktree-planned", path: at.path, branch: at.branch, base: at.base, baseRef: "HEAD" }];
  writeFileSync(file, facts.map((fact, i) => `${JSON.stringify({ seq: seq + 1 + i, at: now, epoch: 1, ...fact })}\n`).join(""), {
    flag: "a",
  });
  leave(at);
  writeFileSync(gate, "");
  await settled(box, `${label}-blocker`);
  return await settled(box, label);
}

function assertNoOrphans(box: Sandbox, labels: readonly string[]): void {
  const trees = readdirSync(join(box.repo, ".worktrees", "trees")).sort();
  assert.equal(trees, [...labels].sort(), "one folder a task");
  const listed = box.git(["worktree", "list", "--porcelain"]);
  assert.equal(
    listed
      .split("\n")
      .filter((row) => row.startsWith("worktree "))
      .slice(1)
      .map((row) => row.split("/").at(-1))
      .sort(),
    [...labels].sort(),
    "one registration a task",
  );
  assert.not.match(listed, /prunable|locked/, listed);
  assert.equal(
    box.git(["for-each-ref", "--format=%(refname:short)", "refs/heads/copse"]).trim().split("\n").sort(),
    labels.map((label) => `copse/${label}`).sort(),
    "one branch a task",
  );
}

type At = Parameters<Parameters<typeof planned>[2]>[0];

test("a start that was cut short is mended, wherever it was", async () => {
  const box = await sandbox({ "a.txt": "a\n", "b/c.txt": "c\n" });
  try {
    settings(box, { limit: 1 });
    const branch = (at: At) => box.git(["update-ref", "--create-reflog", "-m", at.mark, `refs/heads/${at.branch}`, at.base]);
    const register = (at: At, reason = at.mark) => {
      branch(at);
      box.git(["worktree", "add", "-q", "--no-checkout", "--lock", "--reason", reason, at.path, at.branch]);
    };
    const admin = (at: At) => join(box.repo, ".git", "worktrees", at.path.split("/").at(-1) as string);
    const cases: Record<string, (at: At) => void> = {
      nothing: () => {},
      "branch-only": branch,
      registered: register,
      "registered-initializing": (at) => register(at, "initializing"),
      "registered-without-dotgit": (at) => {
        register(at);
        rmSync(join(at.path, ".git"));
      },
      "registered-without-folder": (at) => {
        register(at);
        rmSync(at.path, { recursive: true });
      },
      "registered-without-head": (at) => {
        register(at, "initializing");
        rmSync(join(admin(at), "HEAD"));
      },
      "folder-without-registration": (at) => {
        register(at);
        rmSync(admin(at), { recursive: true });
      },
      "empty-folder": (at) => mkdirSync(at.path, { recursive: true }),
      "half-checked-out": (at) => {
        register(at);
        box.git(["reset", "-q", "--hard"], at.path);
        rmSync(join(at.path, "a.txt"));
        writeFileSync(join(admin(at), "index.lock"), "");
      },
      "half-an-index": (at) => {
        register(at);
        writeFileSync(join(admin(at), "index.lock"), "DIRC");
      },
    };
    const labels: string[] = [];
    for (const [label, leave] of Object.entries(cases)) {
      const task = await planned(box, label, leave);
      labels.push(label, `${label}-blocker`);
      assert.is(task.state, "completed", `${label}: ${JSON.stringify(task.failure)}`);
      assert.is(task.attempt, 1);
      assert.is(
        readFileSync(join(task.worktree, "status.txt"), "utf8").replace("?? status.txt\n", ""),
        "",
        `${label}: every file was there`,
      );
      assert.is(readFileSync(join(task.worktree, "head.txt"), "utf8").trim(), task.base);
      assertUntouched(box);
    }
    assertNoOrphans(box, labels);
  } finally {
    await box.close();
  }
});

test("what carries no mark of the task is the person's: the start fails and says so, and it stays as it is", async () => {
  const box = await sandbox();
  try {
    settings(box, { limit: 1 });
    const commit = () => box.git(["commit-tree", "-m", "mine", "HEAD^{tree}", "-p", "HEAD"]).trim();
    const cases: Record<string, [(at: At) => () => void, RegExp]> = {
      "branch-at-base": [
        (at) => {
          box.git(["branch", at.branch, at.base]);
          return () => assert.is(box.git(["reflog", "-1", "--format=%gs", at.branch]), `branch: Created from ${at.base}\n`);
        },
        /exists already/,
      ],
      "branch-ahead": [
        (at) => {
          const sha = commit();
          box.git(["update-ref", `refs/heads/${at.branch}`, sha]);
          return () => assert.is(box.git(["rev-parse", at.branch]).trim(), sha);
        },
        /exists already/,
      ],
      "branch-in-a-worktree": [
        (at) => {
          box.git(["worktree", "add", "-q", "-b", at.branch, "../mine"]);
          return () => assert.is(box.git(["symbolic-ref", "HEAD"], join(box.dir, "mine")).trim(), `refs/heads/${at.branch}`);
        },
        /is checked out in .*mine/,
      ],
      folder: [
        (at) => {
          mkdirSync(at.path, { recursive: true });
          writeFileSync(join(at.path, "note.txt"), "mine\n");
          return () => {
            assert.equal(readdirSync(at.path), ["note.txt"]);
            assert.is(readFileSync(join(at.path, "note.txt"), "utf8"), "mine\n");
          };
        },
        /exists already and is not a worktree of this task/,
      ],
      file: [
        (at) => {
          mkdirSync(join(at.path, ".."), { recursive: true });
          writeFileSync(at.path, "mine\n");
          return () => assert.is(readFileSync(at.path, "utf8"), "mine\n");
        },
        /exists already/,
      ],
      worktree: [
        (at) => {
          box.git(["worktree", "add", "-q", "-b", "mine-too", at.path]);
          writeFileSync(join(at.path, "note.txt"), "mine\n");
          return () => {
            assert.is(readFileSync(join(at.path, "note.txt"), "utf8"), "mine\n");
            assert.is(box.git(["symbolic-ref", "HEAD"], at.path).trim(), "refs/heads/mine-too");
          };
        },
        /exists already/,
      ],
      "worktree-away": [
        (at) => {
          box.git(["worktree", "add", "-q", "--detach", at.path]);
          rmSync(at.path, { recursive: true });
          return () => assert.match(box.git(["worktree", "list", "--porcelain"]), `worktree ${at.path}\n`);
        },
        /exists already/,
      ],
      clone: [
        (at) => {
          box.git(["clone", "-q", box.repo, at.path]);
          return () => assert.ok(existsSync(join(at.path, ".git", "HEAD")));
        },
        /exists already/,
      ],
    };
    for (const [label, [leave, why]] of Object.entries(cases)) {
      let same = () => {};
      const task = await planned(box, label, (at) => {
        same = leave(at);
      });
      assert.is(task.state, "failed", label);
      assert.is(task.failure.stage, "prepare");
      assert.match(task.failure.message, why, label);
      assert.ok(task.failure.hint);
      assert.is(task.attempt, 0);
      same();
      assertUntouched(box);
      if (!label.startsWith("branch"))
        assert.throws(() => box.git(["rev-parse", "--verify", "-q", `refs/heads/copse/${label}`]), /./, `${label}: no stray branch`);
    }
  } finally {
    await box.close();
  }
});

test("a branch or folder in the way is refused at submission with exit code 4, one that comes later fails the start; both stay", async () => {
  const box = await sandbox();
  try {
    settings(box, { limit: 1 });
    box.git(["branch", "copse/taken"]);
    box.git(["branch", "copse/deeper/one"]);
    box.git(["pack-refs", "--all"]);
    const trees = join(box.repo, ".worktrees", "trees");
    mkdirSync(join(trees, "folder"), { recursive: true });
    writeFileSync(join(trees, "folder", "x"), "mine\n");
    for (const label of ["taken", "deeper", "folder"]) {
      const refused = await box.copse(["run", "-b", "--json", "-l", label, "--exec", "--", "true"]);
      assert.is(refused.code, 4, label);
      assert.is(errorOf(refused).code, "BRANCH_TAKEN");
      assert.ok(errorOf(refused).hint);
    }
    assert.is(readFileSync(join(trees, "folder", "x"), "utf8"), "mine\n");
    const gate = join(box.dir, "gate");
    await submit(box, "blocker", `until test -e '${gate}'; do sleep 0.05; done`);
    await submit(box, "later-branch", "true");
    await submit(box, "later-folder", "true");
    box.git(["branch", "copse/later-branch"]);
    mkdirSync(join(trees, "later-folder"), { recursive: true });
    writeFileSync(join(trees, "later-folder", "x"), "mine\n");
    writeFileSync(gate, "");
    for (const [label, code] of [
      ["later-branch", "BRANCH_TAKEN"],
      ["later-folder", "EXISTS"],
    ] as const) {
      const task = await settled(box, label);
      assert.is(task.state, "failed");
      assert.is(task.failure.code, code);
    }
    assert.is(readFileSync(join(trees, "later-folder", "x"), "utf8"), "mine\n");
    assert.throws(() => box.git(["rev-parse", "--verify", "-q", "refs/heads/copse/later-folder"]));
    // With the thing out of the way, a retry goes through.
    rmSync(join(trees, "later-folder"), { recursive: true });
    assert.is((await box.copse(["retry", "later-folder"])).code, 0);
    assert.is((await settled(box, "later-folder")).state, "completed");
  } finally {
    await box.close();
  }
});

test("a worktree deleted, moved, switched or replaced by hand before a retry", async () => {
  const box = await sandbox({ ".gitignore": ".env\n", ".worktreeinclude": ".env\n", "a.txt": "a\n" });
  try {
    writeFileSync(join(box.repo, ".env"), "E\n");
    const script = 'pwd -P >> where.txt; ls -A > ls.txt; test "$COPSE_ATTEMPT" -gt 1';
    const where = (label: string) => join(box.repo, ".worktrees", "trees", label);
    const retry = async (label: string) => {
      assert.is((await box.copse(["retry", label])).code, 0);
      return await settled(box, label);
    };
    for (const [label, remove] of [
      ["deleted", () => rmSync(where("deleted"), { recursive: true })],
      ["removed", () => box.git(["worktree", "remove", where("removed")])],
      [
        "pruned",
        () => {
          rmSync(where("pruned"), { recursive: true });
          box.git(["worktree", "prune"]);
        },
      ],
    ] as const) {
      const first = await run(box, label, script);
      assert.is(first.state, "failed");
      assert.is(first.result.commits, 1);
      remove();
      const again = await retry(label);
      assert.is(again.state, "completed", JSON.stringify(again.failure));
      assert.match(again.notes.join("\n"), /was gone; it is made again from copse\//);
      assert.is(
        readFileSync(join(where(label), "where.txt"), "utf8"),
        `${where(label)}\n`.repeat(2),
        "on top of what the first attempt left",
      );
      assert.match(readFileSync(join(where(label), "ls.txt"), "utf8"), /\.env/, "with what is carried along");
      assert.is(again.base, first.base);
    }
    await run(box, "moved", script);
    box.git(["worktree", "move", where("moved"), "../elsewhere"]);
    const moved = await retry("moved");
    assert.is(moved.state, "failed");
    assert.match(moved.failure.message, /checked out in .*elsewhere/);
    assert.match(moved.failure.hint, /git worktree move/);
    assert.is(readFileSync(join(box.dir, "elsewhere", "where.txt"), "utf8"), `${where("moved")}\n`, "nobody was let in there");

    await run(box, "switched", script);
    box.git(["checkout", "-q", "-b", "my-own"], where("switched"));
    const switched = await retry("switched");
    assert.is(switched.state, "failed");
    assert.match(switched.failure.message, /is on my-own \(expected copse\/switched\)/);
    assert.is(readFileSync(join(where("switched"), "where.txt"), "utf8").split("\n").length, 2);

    await run(box, "stripped", script);
    rmSync(join(where("stripped"), ".git"));
    writeFileSync(join(box.repo, "a.txt"), "the person's work\n");
    box.git(["add", "a.txt"]);
    const head = box.git(["rev-parse", "HEAD"]);
    const stripped = await retry("stripped");
    assert.is(stripped.state, "failed");
    assert.match(stripped.failure.message, /belongs to|is gone or is no git worktree/);
    assert.is(box.git(["rev-parse", "HEAD"]), head);
    assert.is(box.git(["diff", "--cached", "--name-only"]), "a.txt\n", "the person's index is as it was");
    box.git(["reset", "-q", "--hard"]);

    await run(box, "replaced", script);
    rmSync(where("replaced"), { recursive: true });
    box.git(["clone", "-q", box.repo, where("replaced")]);
    const replaced = await retry("replaced");
    assert.is(replaced.state, "failed");
    assert.match(replaced.failure.message, /belongs to another repository/);
    assert.not(existsSync(join(where("replaced"), "where.txt")));

    await run(box, "all-gone", script);
    box.git(["worktree", "remove", where("all-gone")]);
    box.git(["branch", "-D", "copse/all-gone"]);
    const gone = await retry("all-gone");
    assert.is(gone.state, "failed");
    assert.match(gone.failure.message, /its worktree .* and its branch .* are gone/);
    assertUntouched(box);
  } finally {
    await box.close();
  }
});

test("an agent that destroys its own worktree does not make Copse commit elsewhere", async () => {
  const box = await sandbox();
  try {
    writeFileSync(join(box.repo, "a.txt"), "the person's work\n");
    box.git(["add", "a.txt"]);
    const head = box.git(["rev-parse", "HEAD"]);
    for (const [label, script] of [
      ["no-dotgit", "echo x > x.txt; rm .git"],
      ["own-repo", "echo x > x.txt; rm .git; git init -q"],
      ["no-folder", 'cd / && rm -rf "$COPSE_WORKTREE"'],
      ["no-branch", 'git checkout -q --detach && git branch -qD copse/no-branch && cd / && rm -rf "$COPSE_WORKTREE"'],
    ] as const) {
      const task = await run(box, label, script);
      const text = `${label}: ${JSON.stringify(task.failure)}`;
      if (label === "no-folder") {
        assert.is(task.state, "completed", text);
        assert.is(task.result.outcome, "no-changes");
      } else {
        assert.is(task.state, "failed", text);
        assert.is(task.failure.stage, "deliver");
        assert.is(task.failure.code, "WORKTREE_WRONG");
      }
      assert.is(box.git(["rev-parse", "HEAD"]), head, label);
      assert.is(box.git(["diff", "--cached", "--name-only"]), "a.txt\n", label);
      assert.is(readFileSync(join(box.repo, "a.txt"), "utf8"), "the person's work\n");
      if (label !== "no-folder" && label !== "no-branch")
        assert.ok(existsSync(join(box.repo, ".worktrees", "trees", label, "x.txt")), "its files are still there");
    }
  } finally {
    await box.close();
  }
});

test("the runner killed with its git processes at any moment of preparing and delivering: every task ends, nothing is left over", async () => {
  const files = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`d${i % 20}/f${i}.txt`, `${i}\n`.repeat(50)]));
  const box = await sandbox(files);
  try {
    const labels: string[] = [];
    for (let round = 0; round < 6; round++) {
      const batch = [0, 1, 2].map((i) => `k${round}-${i}`);
      for (const label of batch) {
        labels.push(label);
        await submit(box, label, "echo $COPSE_ATTEMPT >> work.txt; git status --porcelain --untracked-files=no > dirt.txt");
      }
      for (let n = 0; n < 3; n++) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
        await killRunner(box);
        await box.copse(["wait", "--timeout", "0.01s"]);
      }
      await box.copse(["wait", "--timeout", "60s"]);
    }
    for (const label of labels) {
      const task = await box.task(label);
      assert.is(task.state, "completed", `${label}: ${JSON.stringify(task.failure)}`);
      assert.is(
        box
          .git(["show", `copse/${label}:work.txt`])
          .trim()
          .split("\n").length,
        1,
        "its agent ran once",
      );
      assert.is(box.git(["show", `copse/${label}:dirt.txt`]), "", "in a whole worktree");
      assert.is(task.result.commits, 1);
    }
    assertNoOrphans(box, labels);
    assertUntouched(box);
    assert.is(box.git(["fsck", "--no-dangling", "--no-progress"]).trim(), "");
    assert.equal(
      readdirSync(join(box.repo, ".git", "worktrees"))
        .flatMap((name) => readdirSync(join(box.repo, ".git", "worktrees", name)))
        .filter((name) => name.endsWith(".lock") || name.startsWith("copse-index")),
      [],
    );
  } finally {
    await box.close();
  }
});

test("a folder that was moved by hand with mv is made anew beside it, and what stood in it stays", async () => {
  const box = await sandbox();
  try {
    const task = await run(box, "mv", "echo x >> x.txt; false");
    renameSync(task.worktree, join(box.dir, "moved"));
    writeFileSync(join(box.dir, "moved", "later.txt"), "mine\n");
    assert.is((await box.copse(["retry", "mv"])).code, 0);
    const again = await settled(box, "mv");
    assert.is(readFileSync(join(again.worktree, "x.txt"), "utf8"), "x\nx\n");
    assert.is(readFileSync(join(box.dir, "moved", "later.txt"), "utf8"), "mine\n");
    assert.is(readFileSync(join(box.dir, "moved", "x.txt"), "utf8"), "x\n");
  } finally {
    await box.close();
  }
});

test.run();
