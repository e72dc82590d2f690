/** A difference file by file, as a page shows it: which files, and git's own hunks of one of them. Sizes are capped; nothing of the repository's own (drivers, filters of text) is run. */
import { git, gitLine, gitMaybe } from "./git.ts";

export interface ChangedFile {
  readonly path: string;
  readonly oldPath: string | null;
  readonly status: "added" | "modified" | "deleted" | "renamed" | "copied" | "type";
  readonly binary: boolean;
  /** null for a binary file. */
  readonly insertions: number | null;
  readonly deletions: number | null;
}

const mostFiles = 3000;
const mostLines = 20_000;
const mostChars = 1_000_000;
const mostBlobBytes = 4 * 1024 * 1024;

const flags = ["--find-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none"];
const words: Readonly<Record<string, ChangedFile["status"]>> = {
  A: "added",
  D: "deleted",
  R: "renamed",
  C: "copied",
  T: "type",
};

/** From `base` to `to`, commits or trees. */
export async function changedFiles(dir: string, base: string, to: string): Promise<{ files: ChangedFile[]; truncated: boolean }> {
  const [status, numbers] = await Promise.all([
    git(dir, ["diff", "--name-status", "-z", ...flags, "--end-of-options", base, to]),
    git(dir, ["diff", "--numstat", "-z", ...flags, "--end-of-options", base, to]),
  ]);
  const counted = countsOf(numbers.split("\0"));
  const files: ChangedFile[] = [];
  const parts = status.split("\0");
  for (let i = 0; i + 1 < parts.length; ) {
    const letter = (parts[i++] as string).slice(0, 1);
    const two = letter === "R" || letter === "C";
    const oldPath = two ? (parts[i++] as string) : null;
    const path = parts[i++] as string;
    const [insertions, deletions] = counted.get(path) ?? [null, null];
    files.push({ path, oldPath, status: words[letter] ?? "modified", binary: insertions === null, insertions, deletions });
  }
  return { files: files.slice(0, mostFiles), truncated: files.length > mostFiles };
}

/** With `-z` a rename has an empty path, and both of its own behind it. */
function countsOf(parts: readonly string[]): Map<string, [number | null, number | null]> {
  const counted = new Map<string, [number | null, number | null]>();
  for (let i = 0; i < parts.length; i++) {
    const [plus, minus, ...rest] = (parts[i] as string).split("\t");
    if (minus === undefined) continue;
    let path = rest.join("\t");
    if (path === "") {
      path = parts[i + 2] ?? "";
      i += 2;
    }
    counted.set(path, plus === "-" ? [null, null] : [Number(plus), Number(minus)]);
  }
  return counted;
}

/** git's hunks of one of these files, from the first `@@` on; "" for one that is binary, only renamed, or too large to be shown. */
export async function patchOf(dir: string, base: string, to: string, file: ChangedFile): Promise<{ patch: string; truncated: boolean }> {
  if (file.binary || (file.insertions === 0 && file.deletions === 0)) return { patch: "", truncated: false };
  const lines = (file.insertions ?? 0) + (file.deletions ?? 0);
  const sizes = await Promise.all([sizeOf(dir, base, file.oldPath ?? file.path), sizeOf(dir, to, file.path)]);
  if (lines > mostLines || Math.max(...sizes) > mostBlobBytes) return { patch: "", truncated: true };
  const paths = [file.path, ...(file.oldPath === null ? [] : [file.oldPath])].map((path) => `:(top,literal)${path}`);
  const text = await git(dir, ["diff", ...flags, "--end-of-options", base, to, "--", ...paths]);
  const at = text.search(/^@@/m);
  const patch = at < 0 ? "" : text.slice(at);
  if (patch.length <= mostChars) return { patch, truncated: false };
  return { patch: patch.slice(0, patch.lastIndexOf("\n", mostChars) + 1), truncated: true };
}

/** Bytes; 0 where there is no such file. */
async function sizeOf(dir: string, treeish: string, path: string): Promise<number> {
  const sha = await gitMaybe(dir, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${treeish}:${path}`]);
  return sha === undefined ? 0 : Number(await gitLine(dir, ["cat-file", "-s", sha]).catch(() => "0"));
}
