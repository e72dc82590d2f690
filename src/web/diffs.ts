/** The difference a task makes, file by file. One look at a worktree at a time: an index of ours lies beside its own meanwhile. */
import { CopseError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { endsOf } from "../git/ends.ts";
import { gitLine } from "../git/git.ts";
import { changedFiles, patchOf } from "../git/patch.ts";
import type { Diff, DiffFile, FileDiff } from "./api.ts";

const underWay = new Map<string, Promise<Diff>>();

/** Who asks while somebody else has is given the same. @throws CopseError WRONG_STATE, WORKTREE_WRONG, GIT_FAILED */
export function diffOf(task: Task): Promise<Diff> {
  const known = underWay.get(task.id);
  if (known !== undefined) return known;
  const looking = look(task).finally(() => underWay.delete(task.id));
  underWay.set(task.id, looking);
  return looking;
}

async function look(task: Task): Promise<Diff> {
  const { dir, base, to, tip } = await endsOf(task);
  const { files, truncated } = await changedFiles(dir, base, to);
  const commits = Number(await gitLine(dir, ["rev-list", "--count", "--end-of-options", `${base}..${tip}`]));
  const sum = (pick: (file: DiffFile) => number | null) => files.reduce((total, file) => total + (pick(file) ?? 0), 0);
  return { base, to, commits, insertions: sum((one) => one.insertions), deletions: sum((one) => one.deletions), files, truncated };
}

/** Of the two ends and the paths that `Diff` named. @throws CopseError USAGE, GIT_FAILED */
export async function fileDiffOf(task: Task, query: URLSearchParams): Promise<FileDiff> {
  const [base, to, path] = [query.get("base") ?? "", query.get("to") ?? "", query.get("path") ?? ""];
  const isId = (text: string) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
  if (!isId(base) || !isId(to)) throw new CopseError("USAGE", "base and to are commits or trees, as the list of files names them");
  // The objects of a worktree are those of its repository.
  const { files } = await changedFiles(task.repo, base, to);
  const file = files.find((one) => one.path === path);
  if (file === undefined)
    throw new CopseError("FILE_NOT_FOUND", `${path} is not among the files that have changed`, { hint: "See copse diff" });
  return { ...file, ...(await patchOf(task.repo, base, to, file)) };
}
