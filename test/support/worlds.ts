/** Ended tasks with worktrees, made without a runner: for tests of what becomes of worktrees afterwards. */
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Fact } from "../../src/core/events.ts";
import { slugOf } from "../../src/core/label.ts";
import type { Task } from "../../src/core/task.ts";
import { findRepository } from "../../src/git/repository.ts";
import { append } from "../../src/store/append.ts";
import { taskDir } from "../../src/store/paths.ts";
import { createTask, readTask } from "../../src/store/tasks.ts";
import { request } from "./task-made.ts";

export interface Place {
  readonly dir: string;
  readonly state: string;
  readonly repo: string;
  git(args: readonly string[], cwd?: string, input?: string | Buffer): string;
  /** Makes a worktree and the record of a task that has it; ended unless `open`. */
  task(label: string, options?: { open?: boolean }): Promise<Task>;
  fresh(task: Task): Task;
  remove(): void;
}

/** A repository with one commit of these files on `main`. */
export function place(files: Readonly<Record<string, string>> = { "a.txt": "a\nb\nc\n" }): Place {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "copse-test-")));
  const [state, repo] = [join(dir, "state"), join(dir, "repo")];
  mkdirSync(repo);
  const config = join(dir, "gitconfig");
  writeFileSync(
    config,
    "[user]\n\tname = Test\n\temail = test@example.com\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n",
  );
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: dir,
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ALLOW_PROTOCOL: "file",
    GIT_EDITOR: "true",
  };
  Object.assign(process.env, { GIT_CONFIG_GLOBAL: config, GIT_CONFIG_NOSYSTEM: "1" });
  const git: Place["git"] = (args, cwd = repo, input) =>
    execFileSync("git", args, {
      cwd,
      env,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      maxBuffer: 1 << 28,
      ...(input === undefined ? {} : { input }),
    });
  git(["init", "-q"]);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repo, name)), { recursive: true });
    writeFileSync(join(repo, name), text);
  }
  git(["add", "-A"]);
  git(["commit", "-q", "--allow-empty", "-m", "start"]);
  const fresh = (task: Task) => readTask(taskDir(state, task.repoId, task.id)).task;
  return {
    dir,
    state,
    repo,
    git,
    fresh,
    async task(label, { open = false } = {}) {
      const { id: repoId, commonDir } = findRepository(repo);
      const path = join(repo, ".worktrees", "trees", label);
      const branch = `copse/${label}`;
      const wanted = {
        label,
        madeLabel: label,
        slugOf,
        repo,
        repoId,
        commonDir,
        cwd: repo,
        prompt: "a prompt",
        env: {},
        taken: () => undefined,
        alsoClaim: undefined,
      };
      const made = createTask(state, { ...wanted, request: () => request({ branchName: branch, place: path, exec: null }) }, new Date());
      const base = git(["rev-parse", "HEAD"]).trim();
      git(["worktree", "add", "-q", "--no-track", "-b", branch, path, base]);
      const result = {
        outcome: "changes",
        summary: null,
        commits: 0,
        diff: { files: 0, insertions: 0, deletions: 0 },
        pr: null,
        report: "",
      } as const;
      const facts: Fact[] = [
        { type: "worktree-planned", path, branch, base, baseRef: "HEAD" },
        { type: "worktree-made", path, branch, base },
        open ? { type: "slot-taken" } : { type: "delivered", result, failure: null },
      ];
      await append(state, repoId, made.id, 0, () => facts);
      return fresh(made);
    },
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Every file below `root` as its kind, permission bits and bytes; `without`: names of folders left out. */
export function filesOf(root: string, without: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (below: string): void => {
    for (const name of readdirSync(join(root, below))) {
      const path = below === "" ? name : `${below}/${name}`;
      const stat = lstatSync(join(root, path));
      if (path === ".git" || without.includes(name)) continue;
      if (stat.isDirectory()) walk(path);
      else if (stat.isSymbolicLink()) found[path] = `link ${readlinkSync(join(root, path), { encoding: "latin1" as BufferEncoding })}`;
      else found[path] = `${(statSync(join(root, path)).mode & 0o777).toString(8)} ${readFileSync(join(root, path)).toString("latin1")}`;
    }
  };
  walk("");
  return found;
}
