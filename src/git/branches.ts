/** Branches of a repository, all in one process. */
import { git } from "./git.ts";

/** The commit of each local branch, by its short name. */
export async function branchTips(repo: string): Promise<Map<string, string>> {
  const out = await git(repo, ["for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"]);
  const rows = out.split("\n").filter((row) => row !== "");
  return new Map(rows.map((row) => [row.slice(row.indexOf(" ") + 1), row.slice(0, row.indexOf(" "))]));
}

export interface Branch {
  readonly name: string;
  readonly sha: string;
}

/**
 * Deletes those that still point where they are said to; one that has moved since, or is gone, is nobody's to delete here.
 * @returns by name, why one of the others could not be deleted
 */
export async function deleteBranches(repo: string, branches: readonly Branch[]): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>();
  const drop = (some: readonly Branch[]) =>
    git(repo, ["update-ref", "--stdin"], { input: some.map(({ name, sha }) => `delete refs/heads/${name} ${sha}\n`).join("") });
  if (branches.length === 0) return failed;
  // All or none.
  await drop(branches).catch(async () => {
    const tips = await branchTips(repo);
    for (const branch of branches)
      if (tips.get(branch.name) === branch.sha) await drop([branch]).catch((error: unknown) => failed.set(branch.name, error));
  });
  return failed;
}
