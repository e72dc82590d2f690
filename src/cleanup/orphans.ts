/** Worktrees that no task knows of: left by Claude Code's own `-w`, or by tasks whose record is gone. Found and told of; what becomes of them is for a person to say (`copse adopt`). */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Task } from "../core/task.ts";
import { isDeadLock, lockHolder } from "../git/lock-holder.ts";
import { listWorktrees, type WorktreeEntry } from "../git/worktrees.ts";
import { occupantsOf, workingDirectories } from "./look.ts";
import { trashName } from "./trash.ts";

export interface Orphan {
  readonly path: string;
  readonly branch: string | null;
  /** `folder`: git does not know it; `claude`: of a Claude Code session; `copse`: of a task that is gone. */
  readonly kind: "claude" | "copse" | "folder";
  readonly why: string;
  /** Can `copse adopt` make a task of it? */
  readonly adoptable: boolean;
}

/** Of these repositories. `tasks`: all of theirs; `template`: where worktrees of tasks are put (`worktrees` of the configuration). A repository that cannot be asked has none to tell of. */
export async function listOrphans(repos: readonly string[], tasks: readonly Task[], template: string): Promise<Orphan[]> {
  const paths = tasks.flatMap((task) => (task.worktreeState === "removed" ? [] : [task.worktree, task.planned?.path ?? null]));
  const known = new Set(paths.flatMap((path) => (path === null ? [] : [path, realOf(path)])));
  const found: Orphan[] = [];
  const atWork = workingDirectories();
  for (const repo of new Set(repos)) {
    const trees = dirname(resolve(repo, template.replaceAll("{label}", "x").replaceAll("{repo}", basename(repo))));
    found.push(...findOrphans(await listWorktrees(repo).catch(() => []), known, trees, atWork));
  }
  return found;
}

/** As git names it; a path that leads nowhere stays as it is. */
export function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** `entries`: all worktrees of a repository, the main one first. `known`: paths of worktrees that tasks have. `trees`: the folder worktrees of tasks are put into. */
function findOrphans(
  entries: readonly WorktreeEntry[],
  known: ReadonlySet<string>,
  trees: string,
  atWork: ReadonlyMap<number, string>,
): Orphan[] {
  const others = entries.slice(1).filter((entry) => !known.has(entry.path));
  const registered = others.flatMap((entry) => {
    const kind = kindOf(entry, trees);
    return kind === undefined ? [] : [{ ...entry, kind, ...judge(entry, kind, occupantsOf(entry.path, atWork)) }];
  });
  const taken = new Set([...known, ...entries.map((entry) => entry.path)]);
  const folders = (existsSync(trees) ? readdirSync(trees, { withFileTypes: true }) : [])
    .filter((one) => one.isDirectory() && one.name !== trashName && !taken.has(join(trees, one.name)))
    // A label with a slash is a folder in a folder.
    .filter((one) => ![...taken].some((path) => path.startsWith(`${join(trees, one.name)}/`)))
    .map((one): Orphan => {
      const why = "git does not know this folder; look into it, and delete it yourself";
      return { path: join(trees, one.name), branch: null, kind: "folder", why, adoptable: false };
    });
  return [...registered.map(({ path, branch, kind, why, adoptable }) => ({ path, branch, kind, why, adoptable })), ...folders];
}

function kindOf({ path, locked }: WorktreeEntry, trees: string): "claude" | "copse" | undefined {
  if (locked?.startsWith("claude ") || dirname(path).endsWith(join(".claude", "worktrees"))) return "claude";
  return locked?.startsWith("copse ") || dirname(path) === trees ? "copse" : undefined;
}

const madeFor = (path: string): string =>
  dirname(path).endsWith(join(".claude", "worktrees")) ? "Claude Code made it" : "it was made for a session of Claude Code";

function judge(
  { path, branch, locked, head }: WorktreeEntry,
  kind: "claude" | "copse",
  occupants: readonly number[],
): { why: string; adoptable: boolean } {
  const no = (why: string) => ({ why, adoptable: false });
  const whose = kind === "claude" ? madeFor(path) : "the task it was made for is not recorded any more";
  if (!existsSync(path)) return no(`${whose}; its folder is gone: git worktree prune`);
  const holder = locked === null ? null : lockHolder(locked);
  if (locked !== null && !isDeadLock(locked)) return no(holder === null ? `it is locked: ${locked}` : `process ${holder} works in it`);
  // A session that was resumed holds no lock.
  if (occupants.length > 0) return no(`process ${occupants[0]} works in it`);
  if (branch === null || head === null) return no(`${whose}; it is on no branch`);
  return { why: holder === null ? whose : `${whose}, and the process that locked it (${holder}) has ended`, adoptable: true };
}
