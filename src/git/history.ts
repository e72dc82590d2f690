/** The commits that tasks and the branches they might have arrived in have made since they parted: who led to whom, and which paths each changed. One git-log(1) for all. */
import { type GitOptions, git, gitMaybe } from "./git.ts";

export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** As git writes them (special ones quoted); of a merge, against its first parent. */
  readonly paths: readonly string[];
}

export interface Tip {
  readonly sha: string;
  /** The commit it came from; null when nobody knows. */
  readonly base: string | null;
}

/** By commit id. What lies further back, or was not asked for, is not there: a commit that is missing says nothing. */
export type History = ReadonlyMap<string, Commit>;

/** Further back nothing is looked at: what has moved on for longer cannot be told apart from what never arrived. */
const mostCommits = 5000;

/** Of `tips`, back to `bases`. Commits that are gone are passed over. */
export async function historyOf(repo: string, tips: readonly string[], bases: readonly string[]): Promise<History> {
  // A path is written in quotes where it holds a control character, so none can pass for a commit.
  const log = ["log", "--ignore-missing", "--stdin", "--format=%x01%H %T %P", "--name-only", "--no-renames", "--diff-merges=first-parent"];
  const input = [...tips, ...bases.map((sha) => `^${sha}`), ""].join("\n");
  return parseHistory(await git(repo, [...log, `--max-count=${mostCommits}`], { input }));
}

/** Pure. */
export function parseHistory(out: string): History {
  const history = new Map<string, Commit>();
  let paths: string[] = [];
  for (const row of out.split("\n")) {
    if (row.startsWith("\x01")) {
      const [sha = "", tree = "", ...parents] = row.slice(1).trimEnd().split(" ");
      paths = [];
      history.set(sha, { tree, parents, paths });
    } else if (row !== "") paths.push(row);
  }
  return history;
}

/** Every commit of the history that leads to `tip`, itself included, and is not in `without`. */
export function leadingTo(history: History, tip: string, without: ReadonlySet<string> = new Set()): Set<string> {
  const seen = new Set<string>();
  const next = [tip];
  for (let sha = next.pop(); sha !== undefined; sha = next.pop()) {
    const commit = history.get(sha);
    if (commit === undefined || seen.has(sha) || without.has(sha)) continue;
    seen.add(sha);
    next.push(...commit.parents);
  }
  return seen;
}

export const pathsOf = (history: History, commits: Iterable<string>): Set<string> =>
  new Set([...commits].flatMap((sha) => history.get(sha)?.paths ?? []));

/** Of each tip the paths in which it differs from its base; none where the base is gone. One process, where none is. */
export async function pathsChanged(repo: string, tips: readonly Tip[], options: GitOptions = {}): Promise<Map<string, readonly string[]>> {
  if (tips.length === 0) return new Map();
  // "commit parent": the difference between the two, below a line with the commit's own id; nothing at all where there is none.
  const input = tips.map(({ sha, base }) => `${sha} ${base}\n`).join("");
  const out = await gitMaybe(repo, ["diff-tree", "--stdin", "--format=%x01%H", "-r", "--name-only", "--no-renames"], { ...options, input });
  if (out === undefined)
    return tips.length === 1
      ? new Map()
      : new Map((await Promise.all(tips.map((tip) => pathsChanged(repo, [tip], options)))).flatMap((one) => [...one]));
  const changed = parseHistory(out);
  return new Map(tips.map(({ sha }) => [sha, changed.get(sha)?.paths ?? []]));
}
