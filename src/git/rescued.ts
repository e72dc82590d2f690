/** Reads a rescue: what it says of itself, and its files. See `rescue.ts` for how one is made. */
import { CopseError } from "../core/errors.ts";
import { git, gitBytes, gitMaybe } from "./git.ts";
import type { RescueMeta } from "./rescue.ts";

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
