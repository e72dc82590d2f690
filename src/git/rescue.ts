/**
 * A worktree as one commit, so that removing it loses nothing: what git cannot give back by itself (changed, untracked and chosen ignored files as the bytes they are, the index,
 * the state of an unfinished operation) is its tree, what the worktree alone keeps alive (HEAD, its branch, its reflog) are its parents. Written by git-fast-import(1), those of many worktrees at once.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { statInside } from "../system/stat-inside.ts";
import { git, gitBytes, gitLine } from "./git.ts";
import { findRepository } from "./repository.ts";
import type { Status } from "./status.ts";

/** What a rescue commit says of itself, in `meta.json` at the top of its tree. */
export interface RescueMeta {
  readonly format: 1;
  readonly id: string;
  readonly label: string;
  readonly path: string;
  readonly head: string | null;
  /** Short name of the branch that was checked out; null when detached. */
  readonly checkedOut: string | null;
  /** The task's own branch, as it stood. */
  readonly branch: { readonly name: string; readonly sha: string } | null;
  /** Tracked files that were not there. */
  readonly deleted: readonly string[];
  /** Permission bits of files, other than 644, in octal. */
  readonly modes: Readonly<Record<string, string>>;
  /** `head`: as HEAD has it. `tree`: the tree `index/`. `entries`: `git ls-files --stage -z` in the file `entries`, its blobs in `blobs/`. */
  readonly index: "head" | "tree" | "entries";
}

export interface Rescue {
  readonly worktree: string;
  readonly ref: string;
  readonly id: string;
  readonly label: string;
  readonly branch: { readonly name: string; readonly sha: string } | null;
  readonly status: Status;
  /** Ignored files to keep. */
  readonly ignored: readonly string[];
}

/** Of a worktree's own git directory: made anew with the next one, or of no use to it. */
const notKept = ["HEAD", "commondir", "gitdir", "index", "locked", "index.lock", "HEAD.lock", "fsmonitor--daemon"];
const mostAdminBytes = 4 * 1024 * 1024;

/** What a worktree gives to its rescue, read but not written yet. */
interface Gathered {
  readonly rescue: Rescue;
  readonly own: readonly string[];
  /** Other commits its own files speak of. */
  readonly named: readonly string[];
  readonly meta: RescueMeta;
  /** The tree, as git-fast-import(1) takes it, without `meta.json`. */
  readonly body: readonly (string | Uint8Array)[];
}

/**
 * All of one repository, in three git processes where nothing is staged. Nothing in the worktrees is changed.
 * @returns for each ref that could not be made, why; every other one is there.
 */
export async function saveWorktrees(repo: string, rescues: readonly Rescue[]): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>();
  const gathered: Gathered[] = [];
  for (const rescue of rescues) {
    try {
      gathered.push(await gather(rescue));
    } catch (error) {
      failed.set(rescue.ref, error);
    }
  }
  const lone = await loneCommits(repo, gathered);
  await write(repo, gathered, lone).catch(async (error: unknown) => {
    if (gathered.length === 1) return void failed.set((gathered[0] as Gathered).rescue.ref, error);
    // One of them stops the rest: each by itself.
    for (const one of gathered) await write(repo, [one], lone).catch((why: unknown) => failed.set(one.rescue.ref, why));
  });
  return failed;
}

async function gather(rescue: Rescue): Promise<Gathered> {
  const { status, branch, worktree } = rescue;
  const admin = adminFiles(findRepository(worktree).gitDir);
  const index = await indexOf(worktree, status);
  const modes: Record<string, string> = {};
  const deleted: string[] = [];
  const body: (string | Uint8Array)[] = [];
  for (const path of [...status.changed, ...status.untracked, ...rescue.ignored]) {
    const stat = statInside(worktree, path);
    if (stat === undefined || stat.isDirectory()) deleted.push(path);
    else if (stat.isSymbolicLink())
      body.push(...file("120000", `files/${path}`, readlinkSync(join(worktree, path), { encoding: "buffer" })));
    // Reading a pipe waits for somebody to write.
    else if (!stat.isFile()) throw new CopseError("WRONG_STATE", `${path} is no regular file, and no rescue could hold it`);
    else {
      const bits = (stat.mode & 0o7777).toString(8);
      if (bits !== "644") modes[path] = bits;
      body.push(...file("100644", `files/${path}`, readFileSync(join(worktree, path))));
    }
  }
  for (const [path, bytes] of admin) body.push(...file("100644", `admin/${path}`, bytes));
  const meta: RescueMeta = {
    format: 1,
    id: rescue.id,
    label: rescue.label,
    path: worktree,
    head: status.head,
    checkedOut: status.branch,
    branch,
    deleted,
    modes,
    index: index.kind,
  };
  const own = [...new Set([status.head, branch?.sha ?? null].filter((sha) => sha !== null))];
  return { rescue, own, named: commitsNamed(admin).filter((sha) => !own.includes(sha)), meta, body: [...body, ...index.body] };
}

const file = (mode: string, path: string, bytes: Uint8Array): (string | Uint8Array)[] => [
  `M ${mode} inline ${quoted(path)}\ndata ${bytes.length}\n`,
  bytes,
  "\n",
];

/** @throws CopseError GIT_FAILED; then none of the refs that are not there yet was made */
async function write(repo: string, gathered: readonly Gathered[], lone: ReadonlySet<string>): Promise<void> {
  if (gathered.length === 0) return;
  const commits = gathered.flatMap(({ rescue, own, named, meta, body }) => {
    const message = `Rescue of ${rescue.label}\n\nThe worktree ${rescue.worktree} as it was when it was removed. copse restore ${rescue.id} brings it back.\n`;
    return [
      `commit ${rescue.ref}\n`,
      `committer Copse <copse@localhost> ${Math.floor(Date.now() / 1000)} +0000\n`,
      `data ${Buffer.byteLength(message)}\n${message}\n`,
      ...[...own, ...named.filter((sha) => lone.has(sha))].map((sha, i) => `${i === 0 ? "from" : "merge"} ${sha}\n`),
      "deleteall\n",
      ...body,
      ...file("100644", "meta.json", Buffer.from(`${JSON.stringify(meta, null, 1)}\n`)),
    ];
  });
  const input = Buffer.concat(
    ["feature done\n", ...commits, "done\n"].map((part) => (typeof part === "string" ? Buffer.from(part) : part)),
  );
  // A ref of this name is there already only when a call before this one got as far as that.
  await git(repo, ["fast-import", "--quiet", "--force"], { input });
  const made = new Set((await git(repo, ["for-each-ref", "--format=%(refname)", "refs/copse/rescue"])).split("\n"));
  const missing = gathered.find(({ rescue }) => !made.has(rescue.ref));
  if (missing !== undefined) throw new CopseError("GIT_FAILED", `git fast-import made no ${missing.rescue.ref}`);
}

interface Index {
  readonly kind: RescueMeta["index"];
  readonly body: readonly (string | Uint8Array)[];
}

async function indexOf(worktree: string, status: Status): Promise<Index> {
  if (!status.staged) return { kind: "head", body: [] };
  if (!status.conflicts) return { kind: "tree", body: [`M 040000 ${await gitLine(worktree, ["write-tree"])} index\n`] };
  const entries = await gitBytes(worktree, ["ls-files", "--stage", "-z"]);
  const blobs = new Set(
    [...entries.toString("latin1").matchAll(/(?:^|\0)(?:100|120)\d{3} ([0-9a-f]{40,64}) [1-3]\t/g)].map((row) => row[1]),
  );
  const kept = [...blobs].map((sha) => `M 100644 ${sha} blobs/${sha}\n`);
  return { kind: "entries", body: [`M 100644 inline entries\ndata ${entries.length}\n`, entries, "\n", ...kept] };
}

/** Small files of the worktree's own git directory, by their path in it: operations under way, its own refs, its reflog. */
function adminFiles(gitDir: string): [string, Buffer][] {
  const found: [string, Buffer][] = [];
  for (const name of readdirSync(gitDir, { recursive: true, encoding: "utf8" })) {
    if (notKept.includes(name) || name.startsWith("modules/") || name.startsWith("copse-index.")) continue;
    const stat = lstatSync(join(gitDir, name), { throwIfNoEntry: false });
    if (stat?.isFile() && stat.size <= mostAdminBytes) found.push([name, readFileSync(join(gitDir, name))]);
  }
  return found;
}

const commitsNamed = (admin: readonly [string, Buffer][]): string[] => {
  const named = admin.flatMap(([, bytes]) => bytes.toString("latin1").match(/\b(?:[0-9a-f]{40}|[0-9a-f]{64})\b/g) ?? []);
  return [...new Set(named)].filter((sha) => !/^0+$/.test(sha));
};

/** Of the commits the worktrees' own files name those that nothing but they keep alive. */
async function loneCommits(repo: string, gathered: readonly Gathered[]): Promise<Set<string>> {
  const named = [...new Set(gathered.flatMap((one) => one.named))];
  if (named.length === 0) return new Set();
  const checked = await git(repo, ["cat-file", "--batch-check=%(objecttype) %(objectname)"], { input: `${named.join("\n")}\n` });
  const commits = checked.split("\n").flatMap((row) => (row.startsWith("commit ") ? [row.slice(7)] : []));
  if (commits.length === 0) return new Set();
  const own = [...new Set(gathered.flatMap((one) => one.own))];
  const input = [...commits, ...own.map((sha) => `^${sha}`), ""].join("\n");
  const lone = await git(repo, ["rev-list", "--stdin", "--not", "--branches", "--tags", "--remotes"], { input });
  return new Set(lone.split("\n").filter((sha) => commits.includes(sha)));
}

/** C-style where it must be; see the section on paths in git-fast-import(1). */
const quoted = (path: string): string => (/["\\\n]/.test(path) ? `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"` : path);
