/** Keeps Copse's worktrees out of `git status` of the main checkout without touching a file of the repository: a line in `info/exclude`. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { findRepository } from "../git/repository.ts";
import { readMaybe } from "../store/files.ts";

/** Adds the folder that holds `place` (or `place` itself, when that is the checkout) to the common `info/exclude`, once, when it lies inside the checkout. */
export function excludeTrees(root: string, place: string): void {
  const parent = relative(root, dirname(place));
  const inside = parent === "" ? relative(root, place) : parent;
  if (inside.startsWith("..")) return;
  const file = join(findRepository(root).commonDir, "info", "exclude");
  const rule = `/${inside.replace(/[\\*?[\] ]/g, "\\$&")}/`;
  const text = readMaybe(file) ?? "";
  if (text.split("\n").includes(rule)) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}${rule}\n`);
}
