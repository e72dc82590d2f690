/** A worktree that may go or stays, as one line. */
import { relative } from "node:path";
import type { Cleaned } from "../../cleanup/clean.ts";
import type { Orphan } from "../../cleanup/orphans.ts";
import { safeLine } from "../../core/safe.ts";
import type { Paint } from "./paint.ts";

export function cleanText(
  { task, verdict, removed, error, sight }: Cleaned,
  bytes: number | null,
  paint: Paint,
  showRepo: boolean,
): string {
  const word = error !== null ? "failed " : removed ? "removed" : verdict.remove ? "remove " : "keep   ";
  const colour = error !== null ? "red" : verdict.remove ? "green" : "dim";
  const where = showRepo ? `${paint.dim(safeLine(task.repo.split("/").at(-1) ?? "", 24).padEnd(16))} ` : "";
  const size = bytes === null ? "" : `${megabytes(bytes).padStart(8)}  `;
  const goes =
    verdict.remove && sight.ignored.disposable.length > 0 ? `; without a rescue: ${sight.ignored.disposable.slice(0, 3).join(", ")}` : "";
  return paint.fit(
    `${paint[colour](word)}  ${safeLine(task.label, 40).padEnd(20)} ${where}${size}${safeLine(error ?? verdict.why, 300)}${safeLine(goes, 120)}`,
  );
}

/** Worktrees without a task, below the others; "" when there are none. */
export function orphansText(orphans: readonly Orphan[], cwd: string): string {
  if (orphans.length === 0) return "";
  const rows = orphans.map(({ path, branch, why, adoptable }) => {
    const name = relative(cwd, path).startsWith("../..") ? path : relative(cwd, path);
    const next = adoptable ? `: copse adopt ${name}` : "";
    return `  ${safeLine(name, 200)}${branch === null ? "" : ` (${safeLine(branch, 100)})`}  ${safeLine(`${why}${next}`, 400)}\n`;
  });
  return `\nWithout a task, and left alone:\n${rows.join("")}`;
}

export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
