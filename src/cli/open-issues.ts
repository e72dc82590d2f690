/** `--open-issues DIR`: what may stand there. */
import { posix } from "node:path";
import { CopseError } from "../core/errors.ts";
import type { Request } from "../core/task.ts";

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
