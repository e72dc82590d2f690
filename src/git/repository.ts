/** Finds the repository around a folder by looking at files only: no process is started, so that submitting a task stays fast. Git has the last word when the task starts. */
import { existsSync, type lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CopseError, systemCode } from "../core/errors.ts";
import { readMaybe } from "../store/files.ts";
import { repoIdOf } from "../store/repo-ids.ts";

export interface Repository {
  /** First 16 hex digits of sha256(real path of the common git directory): one for all worktrees of a repository. */
  readonly id: string;
  readonly commonDir: string;
  /** This checkout's own git directory. */
  readonly gitDir: string;
  /** Top of the checkout we stand in; the repository itself when it is bare and we stand in it. */
  readonly top: string;
  /** Root of the main checkout, or the common directory where there is none. Worktrees are made under it. */
  readonly root: string;
  readonly bare: boolean;
}

/** @throws CopseError NO_REPOSITORY */
export function findRepository(from: string): Repository {
  for (let dir = realOf(from); ; dir = dirname(dir)) {
    const gitDir = gitDirAt(dir);
    if (gitDir !== undefined) return describe(dir, gitDir, false);
    if (looksLikeGitDir(dir)) return describe(dir, dir, true);
    if (dirname(dir) === dir) break;
  }
  throw new CopseError("NO_REPOSITORY", `${from} is not inside a git repository`, {
    hint: "Go into one, or make one: git init && git commit --allow-empty -m start",
  });
}

/** A path that is not valid UTF-8 reaches us with replacement characters in it, and names nothing then. */
function realOf(from: string): string {
  try {
    return realpathSync(from);
  } catch (error) {
    throw new CopseError("NO_REPOSITORY", `${from} cannot be opened (${systemCode(error)})`, {
      hint: from.includes("\ufffd")
        ? "Its path is not valid UTF-8, which Copse cannot work with; rename the folder, or clone into another one."
        : "Go into a folder that is there.",
      cause: error,
    });
  }
}

function gitDirAt(dir: string): string | undefined {
  const dotGit = join(dir, ".git");
  let stat: ReturnType<typeof lstatSync>;
  try {
    stat = statSync(dotGit);
  } catch {
    return undefined;
  }
  if (stat.isDirectory()) return looksLikeGitDir(dotGit) ? realpathSync(dotGit) : undefined;
  // git takes everything behind "gitdir: " up to the last newline: paths may hold newlines themselves.
  const [, target] = /^gitdir: ([\s\S]*?)\n*$/.exec(readFileSync(dotGit, "utf8")) ?? [];
  if (target !== undefined && existsSync(resolve(dir, target))) return realpathSync(resolve(dir, target));
  // As git does: never on to the repository that may lie around a broken one.
  throw new CopseError(
    "NO_REPOSITORY",
    `${dotGit} does not lead to a git directory${target === undefined ? "" : `: ${target} is not there`}`,
    {
      hint: "A worktree whose repository was moved is mended by git worktree repair, run in the repository.",
    },
  );
}

function looksLikeGitDir(dir: string): boolean {
  return (
    existsSync(join(dir, "HEAD")) &&
    (existsSync(join(dir, "commondir")) || (existsSync(join(dir, "objects")) && existsSync(join(dir, "refs"))))
  );
}

function describe(dir: string, gitDir: string, insideGitDir: boolean): Repository {
  const link = readMaybe(join(gitDir, "commondir"));
  const commonDir = link === undefined ? gitDir : realpathSync(resolve(gitDir, link.replace(/\n+$/, "")));
  const bare = insideGitDir && basename(commonDir) !== ".git";
  const id = repoIdOf(commonDir);
  if (insideGitDir) return { id, commonDir, gitDir, top: basename(dir) === ".git" ? dirname(dir) : dir, root: rootOf(commonDir), bare };
  return { id, commonDir, gitDir, top: dir, root: link === undefined ? dir : rootOf(commonDir), bare };
}

/** `<root>/.git` is the rule; a separate git directory or a submodule says its worktree in `core.worktree`; else there is no main checkout. */
function rootOf(commonDir: string): string {
  if (basename(commonDir) === ".git") return dirname(commonDir);
  const [, worktree] = /^\s*worktree\s*=\s*(.+?)\s*$/m.exec(readMaybe(join(commonDir, "config")) ?? "") ?? [];
  const root = worktree === undefined ? undefined : resolve(commonDir, worktree.replace(/^"|"$/g, ""));
  return root !== undefined && existsSync(root) ? realpathSync(root) : commonDir;
}

/** Does the full ref name exist, as far as files tell? undefined when the repository keeps its refs otherwise (reftable). */
export function refExists(repo: Repository, ref: string): boolean | undefined {
  if (existsSync(join(repo.commonDir, "reftable"))) return undefined;
  if (isFile(join(repo.commonDir, ref))) return true;
  return (readMaybe(join(repo.commonDir, "packed-refs")) ?? "").includes(` ${ref}\n`);
}

/** @throws CopseError NO_COMMITS when there is surely no commit to start from. */
export function requireCommits(repo: Repository): void {
  const [, ref] = /^ref: (.+)\n/.exec(readMaybe(join(repo.gitDir, "HEAD")) ?? "") ?? [];
  if (ref === undefined || refExists(repo, ref) !== false) return;
  if (existsSync(join(repo.commonDir, "packed-refs")) || ["heads", "remotes"].some((kind) => hasFiles(join(repo.commonDir, "refs", kind))))
    return;
  throw new CopseError("NO_COMMITS", `${repo.top} has no commit yet, so there is nothing a worktree could start from`, {
    hint: "Make the first one: git commit --allow-empty -m start",
  });
}

/** What stands in the way of a new branch `name`: the branch itself, a branch that is named like one of its folders, or branches below it. */
export function branchInTheWay(repo: Repository, name: string): string | undefined {
  if (refExists(repo, `refs/heads/${name}`)) return `the branch ${name} exists already`;
  const parts = name.split("/");
  for (let n = 1; n < parts.length; n++) {
    const parent = parts.slice(0, n).join("/");
    if (refExists(repo, `refs/heads/${parent}`)) return `a branch named ${parent} exists, so there can be none named ${name}`;
  }
  const below = ` refs/heads/${name}/`;
  if (hasFiles(join(repo.commonDir, "refs", "heads", name)) || (readMaybe(join(repo.commonDir, "packed-refs")) ?? "").includes(below))
    return `there are branches named ${name}/…, so there can be none named ${name}`;
  return undefined;
}

/** Is there any file in the folder or below? git leaves empty folders behind. */
function hasFiles(dir: string): boolean {
  try {
    return readdirSync(dir, { withFileTypes: true }).some((entry) => !entry.isDirectory() || hasFiles(join(dir, entry.name)));
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
