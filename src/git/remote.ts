/** Remotes: which one counts, and pushing to it. */
import { CopseError } from "../core/errors.ts";
import { git, gitLine, gitMaybe } from "./git.ts";

/** `origin`, or the only remote, or undefined. */
export async function remoteOf(dir: string): Promise<string | undefined> {
  const names = await remotes(dir);
  return names.includes("origin") ? "origin" : names.length === 1 ? names[0] : undefined;
}

/** Where a branch is pushed to: what the person set as `remote.pushDefault`, else `remoteOf`. @throws CopseError GIT_FAILED when there is none, or no saying which */
export async function pushRemoteOf(dir: string): Promise<string> {
  const remote = (await gitMaybe(dir, ["config", "--get", "remote.pushDefault"])) ?? (await remoteOf(dir));
  if (remote !== undefined) return remote;
  const names = await remotes(dir);
  if (names.length === 0)
    throw new CopseError("GIT_FAILED", "there is no remote to push the branch to", {
      hint: "Add one: git remote add origin <url>, then copse retry.",
    });
  throw new CopseError("GIT_FAILED", `none of the remotes (${names.join(", ")}) is named origin, so there is no saying where to push`, {
    hint: `Choose one: git config remote.pushDefault ${names[0]}, then copse retry.`,
  });
}

async function remotes(dir: string): Promise<string[]> {
  return (await git(dir, ["remote"])).split("\n").filter((name) => name !== "");
}

/**
 * Pushes one branch under its own name, without writing tracking settings. What is there already is moved only when it is the task's own: it lies in the branch's history, or is what was pushed
 * before (`last`), and is still that when the push arrives (--force-with-lease). @throws CopseError BRANCH_TAKEN when it holds something else
 */
export async function pushBranch(dir: string, remote: string, branch: string, tip: string, last: string | null): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const look = async () => (await tipAt(dir, remote, branch)) ?? "";
  const old = await look();
  if (old === tip) return;
  if (old !== "" && old !== last && (await gitMaybe(dir, ["merge-base", "--is-ancestor", old, tip])) === undefined)
    throw new CopseError("BRANCH_TAKEN", `${branch} on ${remote} holds commits (${old.slice(0, 12)}) that the task does not have`, {
      hint: `Look at them: git fetch ${remote} ${branch}; then merge them in its worktree, and deliver again with copse retry.`,
    });
  try {
    await git(dir, ["push", "--porcelain", "--no-verify", `--force-with-lease=${ref}:${old}`, "--end-of-options", remote, `${tip}:${ref}`]);
  } catch (error) {
    // Somebody else may have pushed the very same in between.
    if ((await look().catch(() => "")) !== tip) throw error;
  }
}

/** Where a branch of the remote is now; undefined: it has none of that name. @throws CopseError GIT_FAILED */
export async function tipAt(dir: string, remote: string, branch: string): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const row = (await git(dir, ["ls-remote", "--end-of-options", remote, ref])).split("\n").find((one) => one.endsWith(`\t${ref}`));
  return row?.split("\t")[0];
}

/** Where pushes to the remote go, `insteadOf` of the configuration applied. */
export async function pushUrlOf(dir: string, remote: string): Promise<string> {
  return await gitLine(dir, ["remote", "get-url", "--push", "--end-of-options", remote]);
}

/** The remote whose branches one branches from: `upstream` beside a fork, else `remoteOf`. */
export async function baseRemoteOf(dir: string): Promise<string | undefined> {
  return (await remotes(dir)).includes("upstream") ? "upstream" : await remoteOf(dir);
}
