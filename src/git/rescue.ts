/**
 * A worktree as one commit, so that removing it loses nothing: what git cannot give back by itself (changed, untracked and chosen ignored files as the bytes they are, the index,
 * the state of an unfinished operation) is its tree, what the worktree alone keeps alive (HEAD, its branch, its reflog) are its parents. Written by one git-fast-import(1).
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { git, gitBytes, gitLine, gitMaybe } from "./git.ts";
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
  /** Permission bits of files, other than 644 and 755, in octal. */
  readonly modes: Readonly<Record<string, string>>;
  /** `head`: as HEAD has it. `tree`: the tree `index/`. `entries`: `git ls-files --stage -z` in the file `entries`, its blobs in `blobs/`. */
  readonly index: "head" | "tree" | "entries";
}

export interface Rescue {
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

/** @returns the commit the ref names. Nothing in the worktree is changed. @throws CopseError GIT_FAILED */
export async function saveWorktree(worktree: string, rescue: Rescue): Promise<string> {
  const { status, branch } = rescue;
  const { gitDir } = findRepository(worktree);
  const admin = adminFiles(gitDir);
  const index = await indexOf(worktree, status);
  const files = [...status.changed, ...status.untracked, ...rescue.ignored];
  const modes: Record<string, string> = {};
  const deleted: string[] = [];
  const body: (string | Uint8Array)[] = [];
  const put = (mode: string, path: string, bytes: Uint8Array) =>
    body.push(`M ${mode} inline ${quoted(path)}\ndata ${bytes.length}\n`, bytes, "\n");
  for (const path of files) {
    const stat = lstatSync(join(worktree, path), { throwIfNoEntry: false });
    if (stat === undefined || stat.isDirectory()) deleted.push(path);
    else if (stat.isSymbolicLink()) put("120000", `files/${path}`, readlinkSync(join(worktree, path), { encoding: "buffer" }));
    else {
      const bits = (stat.mode & 0o7777).toString(8);
      if (bits !== "644" && bits !== "755") modes[path] = bits;
      put("100644", `files/${path}`, readFileSync(join(worktree, path)));
      if (bits === "755") modes[path] = bits;
    }
  }
  for (const [path, bytes] of admin) put("100644", `admin/${path}`, bytes);
  const parents = await commitsIn(worktree, [status.head, branch?.sha ?? null], admin);
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
  put("100644", "meta.json", Buffer.from(`${JSON.stringify(meta, null, 1)}\n`));
  body.push(...index.body);
  const message = `Rescue of ${rescue.label}\n\nThe worktree ${worktree} as it was when it was removed. copse restore ${rescue.id} brings it back.\n`;
  const head = [
    "feature done\n",
    `commit ${rescue.ref}\n`,
    `committer Copse <copse@localhost> ${Math.floor(Date.now() / 1000)} +0000\n`,
    `data ${Buffer.byteLength(message)}\n${message}\n`,
    ...parents.map((sha, i) => `${i === 0 ? "from" : "merge"} ${sha}\n`),
    "deleteall\n",
  ];
  const input = Buffer.concat([...head, ...body, "done\n"].map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  await git(worktree, ["fast-import", "--quiet"], { input });
  const commit = await gitMaybe(worktree, ["rev-parse", "--verify", "--quiet", rescue.ref]);
  if (commit === undefined) throw new CopseError("GIT_FAILED", `git fast-import made no ${rescue.ref}`);
  return commit;
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

/** `first`, and every other commit these files name that those do not lead to. */
async function commitsIn(worktree: string, first: readonly (string | null)[], admin: readonly [string, Buffer][]): Promise<string[]> {
  const own = [...new Set(first.filter((sha) => sha !== null))];
  const named = new Set(admin.flatMap(([, bytes]) => bytes.toString("latin1").match(/\b(?:[0-9a-f]{40}|[0-9a-f]{64})\b/g) ?? []));
  const others = [...named].filter((sha) => !own.includes(sha) && !/^0+$/.test(sha));
  if (others.length === 0) return own;
  const checked = await git(worktree, ["cat-file", "--batch-check=%(objecttype) %(objectname)"], { input: `${others.join("\n")}\n` });
  const commits = checked.split("\n").flatMap((row) => (row.startsWith("commit ") ? [row.slice(7)] : []));
  if (commits.length === 0) return own;
  const input = [...commits, ...own.map((sha) => `^${sha}`), ""].join("\n");
  const lone = (await git(worktree, ["rev-list", "--stdin", "--not", "--branches", "--tags", "--remotes"], { input })).split("\n");
  return [...own, ...commits.filter((sha) => lone.includes(sha))];
}

/** C-style where it must be; see the section on paths in git-fast-import(1). */
const quoted = (path: string): string => (/["\\\n]/.test(path) ? `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"` : path);

/** @throws CopseError when the ref is no rescue */
export async function readRescue(repo: string, ref: string): Promise<RescueMeta> {
  const text = await gitMaybe(repo, ["cat-file", "blob", `${ref}:meta.json`]);
  if (text === undefined) throw new CopseError("TASK_NOT_FOUND", `${ref} is no rescue of Copse's, or is gone`);
  return JSON.parse(text) as RescueMeta;
}

export interface RescuedFile {
  readonly path: string;
  readonly link: boolean;
  readonly bytes: Buffer;
}

const batchBytes = 64 * 1024 * 1024;

/** The files below `folder` of a rescue, some at a time. */
export async function* rescuedFiles(repo: string, ref: string, folder: "files" | "admin"): AsyncGenerator<RescuedFile[]> {
  const rows = (await git(repo, ["ls-tree", "-r", "-l", "-z", "--full-tree", `${ref}:`, "--", folder]))
    .split("\0")
    .filter((row) => row !== "");
  const entries = rows.map((row) => {
    const [, mode = "", sha = "", size = "", path = ""] = /^(\d+) blob (\w+) +(\d+)\t([\s\S]*)$/.exec(row) ?? [];
    return { link: mode === "120000", sha, size: Number(size), path: path.slice(folder.length + 1) };
  });
  for (let from = 0; from < entries.length; ) {
    let bytes = 0;
    let to = from;
    while (to < entries.length && (to === from || bytes + (entries[to]?.size ?? 0) < batchBytes)) bytes += entries[to++]?.size ?? 0;
    const batch = entries.slice(from, to);
    const out = await gitBytes(repo, ["cat-file", "--batch"], { input: `${batch.map(({ sha }) => sha).join("\n")}\n` });
    let at = 0;
    yield batch.map(({ path, link, size }) => {
      at = out.indexOf(10, at) + 1;
      const file = { path, link, bytes: out.subarray(at, at + size) };
      at += size + 1;
      return file;
    });
    from = to;
  }
}
