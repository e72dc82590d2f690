/** Worktrees of sessions as a hook of Claude Code makes them, for tests. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { startOf } from "../../src/system/identity.ts";
import { kill, type Ran, type Sandbox, waitFor } from "./sandbox.ts";

export const tree = (box: Sandbox, slug: string): string => join(box.repo, ".worktrees", "trees", slug);

export function create(box: Sandbox, name: string, pid = process.pid, cwd = box.repo): Promise<Ran> {
  const event = { hook_event_name: "WorktreeCreate", session_id: "s1", cwd, name };
  return box.copse(["hooks", "worktree"], { cwd, input: JSON.stringify(event), env: { CLAUDE_PID: String(pid) } });
}

/** Nothing of a call that failed. */
export function nothingOf(box: Sandbox, slug: string, before: string): void {
  assert.is(existsSync(tree(box, slug)), false, "no folder");
  assert.is(box.git(["branch", "--list", `copse/${slug}`]), "", "no branch");
  assert.is(box.git(["worktree", "list", "--porcelain"]), before, "no registration");
  const own = join(box.state, "repos");
  for (const repo of existsSync(own) ? readdirSync(own) : [])
    if (existsSync(join(own, repo, "sessions"))) assert.equal(readdirSync(join(own, repo, "sessions")), []);
}

export function refusedAsHook(ran: Ran, why: RegExp): void {
  assert.equal([ran.code, ran.stdout], [1, ""], ran.stderr);
  assert.match(ran.stderr, why);
  assert.match(ran.stderr, /^copse: .*\n {2}\S/s, "with the next step");
}

/** As Claude Code does: from inside. */
export function remove(box: Sandbox, path: string, pid = process.pid): Promise<Ran> {
  const event = { hook_event_name: "WorktreeRemove", session_id: "s1", cwd: path, worktree_path: path };
  const cwd = existsSync(path) ? path : box.repo;
  return box.copse(["hooks", "worktree"], { cwd, input: JSON.stringify(event), env: { CLAUDE_PID: String(pid) } });
}

/** A session's process; `cwd`: where it works. It is nobody's child, as another session's is not ours. */
export async function withSession(work: (pid: number) => Promise<void>, cwd = "/"): Promise<void> {
  const pid = Number(execFileSync("sh", ["-c", "sleep 100 > /dev/null 2>&1 & echo $!"], { cwd, encoding: "utf8" }));
  try {
    await work(pid);
  } finally {
    kill(pid);
    await waitFor(() => startOf(pid) === undefined, "the session's process to be gone");
  }
}
