/** Changes that git was told not to look for (`update-index --assume-unchanged`, `--skip-worktree`): no status names them, so they would go with the worktree. */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { statInside } from "../system/stat-inside.ts";
import { git } from "./git.ts";
import { findRepository } from "./repository.ts";

/** Paths of files that are there, are marked so, and differ from the index. Nothing is changed, the marks neither. */
export async function hiddenChanges(worktree: string): Promise<string[]> {
  const rows = (await git(worktree, ["ls-files", "-v", "-z"])).split("\0");
  const marked = rows.filter((row) => /^[Sa-z] /.test(row)).map((row) => row.slice(2));
  const paths = marked.filter((path) => statInside(worktree, path) !== undefined);
  if (paths.length === 0) return [];
  const { gitDir } = findRepository(worktree);
  const index = join(gitDir, `copse-index.${process.pid}`);
  const options = { env: { GIT_INDEX_FILE: index }, input: `${paths.join("\0")}\0` };
  try {
    copyFileSync(join(gitDir, "index"), index);
    // One mark a call: git takes the last of them only.
    for (const mark of ["--no-assume-unchanged", "--no-skip-worktree"])
      await git(worktree, ["update-index", mark, "-z", "--stdin"], options);
    const out = await git(worktree, ["diff-files", "--name-only", "-z", "--no-ext-diff"], { env: options.env });
    const differing = new Set(out.split("\0"));
    return paths.filter((path) => differing.has(path));
  } finally {
    for (const file of [index, `${index}.lock`]) rmSync(file, { force: true });
  }
}
