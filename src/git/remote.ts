/** Remotes: which one counts, and pushing to it. */
import { CopseError } from "../core/errors.ts";
import { git, gitMaybe } from "./git.ts";

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

/** Pushes one branch under its own name, without writing tracking settings. */
export async function pushBranch(dir: string, remote: string, branch: string): Promise<void> {
  const ref = `refs/heads/${branch}`;
  await git(dir, ["push", "--porcelain", "--no-verify", "--end-of-options", remote, `${ref}:${ref}`]);
}
