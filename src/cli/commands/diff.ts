/** `copse diff`: what a task changed against its base, with the person's own git settings and pager; a running one as its files are now. */

import { differenceOf } from "../../git/changes.ts";
import { endsOf } from "../../git/ends.ts";
import { giveTerminal } from "../../system/command.ts";
import { isTty, out } from "../../system/output.ts";
import { findTask } from "../find.ts";

export interface DiffOptions {
  readonly stat: boolean;
  readonly nameOnly: boolean;
  readonly web: boolean;
  readonly json: boolean;
}

export async function diff(name: string, options: DiffOptions): Promise<number> {
  const { task } = findTask(name);
  if (options.web) {
    const { ui } = await import("./ui.ts");
    return await ui({ port: null, open: true, json: options.json, at: `/task/${task.id}/diff` });
  }
  const { dir, base, to } = await endsOf(task);
  if (options.json) {
    const { commits, files, insertions, deletions, paths } = await differenceOf(dir, base, to);
    out(`${JSON.stringify({ task: task.id, label: task.label, base, to, commits, diff: { files, insertions, deletions }, paths })}\n`);
    return 0;
  }
  const how = [...(options.stat ? ["--stat"] : []), ...(options.nameOnly ? ["--name-only"] : [])];
  return await giveTerminal("git", [...(isTty(1) ? [] : ["--no-pager"]), "diff", ...how, "--end-of-options", base, to], {
    cwd: dir,
    env: ownGit(process.env),
  });
}

/** What would send git elsewhere is left out; pager, colours and configuration are the person's. */
function ownGit(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const elsewhere = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"];
  return Object.fromEntries(
    Object.entries(env).filter((one): one is [string, string] => one[1] !== undefined && !elsewhere.includes(one[0])),
  );
}
