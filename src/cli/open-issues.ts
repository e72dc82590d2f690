/** `--open-issues DIR`: what may stand there, and whether there is a forge to open issues on. */
import { posix } from "node:path";
import { CopseError } from "../core/errors.ts";
import type { Request } from "../core/task.ts";
import { type ForgeSetting, forgeOf } from "../forge/address.ts";
import { baseRemoteOf, pushRemoteOf, pushUrlOf } from "../git/remote.ts";
import type { Repository } from "../git/repository.ts";

/** @throws CopseError USAGE */
export function openIssuesIn(asked: string | null, worktree: boolean): Pick<Request, "openIssues"> {
  if (asked === null || asked.trim() === "") return {};
  const folder = posix.normalize(asked).replace(/\/+$/, "");
  if (folder === "." || folder.startsWith("/") || /^\.\.(?:\/|$)/.test(folder) || /^\.git(?:\/|$)/.test(folder))
    throw new CopseError("USAGE", `--open-issues: "${asked}" is no folder inside the worktree`, {
      hint: "Name one for nothing else: --open-issues issue-drafts",
    });
  if (!worktree)
    throw new CopseError("USAGE", "--open-issues takes files out of the task's own worktree, and --no-worktree gives it none", {
      hint: "Leave one of them out.",
    });
  return { openIssues: folder };
}

/** So that nobody finds out when the work is done. */
export async function warnOfNoForge({ root }: Repository, forges: Readonly<Record<string, ForgeSetting>>): Promise<string[]> {
  const url = await baseRemoteOf(root)
    .then(async (remote) => await pushUrlOf(root, remote ?? (await pushRemoteOf(root))))
    .catch(() => "");
  return forgeOf(url, forges, process.env) === undefined
    ? [
        "no forge is known by this repository's remote, so no issues will be opened; what would stand in them is kept (see `forges` in your configuration)",
      ]
    : [];
}
