/** Merges that touch no files: what would come of them, and where they would conflict. See git-merge-tree(1); git 2.39 and later answer over a conflict as well. */
import { type GitOptions, git } from "./git.ts";

export interface Tried {
  /** Of the result; with conflicts, with their markers in the files. */
  readonly tree: string;
  /** Paths. */
  readonly conflicts: readonly string[];
}

/** All in one process, in the order of `pairs`. `unrelated`: also of histories without a common commit, which else end it all. @throws CopseError GIT_FAILED */
export async function tryMerges(
  repo: string,
  pairs: readonly (readonly [ours: string, theirs: string])[],
  { unrelated = false, ...options }: GitOptions & { readonly unrelated?: boolean } = {},
): Promise<Tried[]> {
  if (pairs.length === 0) return [];
  const input = pairs.map(([ours, theirs]) => `${ours} ${theirs}\n`).join("");
  const merge = [
    "merge-tree",
    "--write-tree",
    "--stdin",
    ...(unrelated ? ["--allow-unrelated-histories"] : []),
    "--no-messages",
    "--name-only",
  ];
  const out = await git(repo, merge, { ...options, input });
  return parseTried(out);
}

/** Pure. One answer a merge: `1 NUL tree NUL NUL`, or `0 NUL tree NUL path NUL … NUL NUL` for a conflict. */
export function parseTried(out: string): Tried[] {
  const tried: Tried[] = [];
  const rows = out.split("\0");
  for (let i = 0; rows[i] === "0" || rows[i] === "1"; ) {
    const clean = rows[i] === "1";
    const tree = rows[i + 1] ?? "";
    const conflicts: string[] = [];
    for (i += 2; rows[i] !== "" && rows[i] !== undefined; i++) conflicts.push(rows[i] as string);
    tried.push({ tree, conflicts: clean ? [] : conflicts });
    i++;
  }
  return tried;
}
