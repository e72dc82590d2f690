/** Keeps Copse's worktrees out of `git status` of the main checkout without touching a file of the repository: a line in `info/exclude`. */
import { dirname, relative } from "node:path";
import { exclude } from "../git/exclude.ts";
import { findRepository } from "../git/repository.ts";

/** Adds the folder that holds `place` (or `place` itself, when that is the checkout) to the common `info/exclude`, once, when it lies inside the checkout. */
export function excludeTrees(root: string, place: string): void {
  const parent = relative(root, dirname(place));
  const inside = parent === "" ? relative(root, place) : parent;
  if (!inside.startsWith("..")) exclude(findRepository(root).commonDir, `${inside}/`);
}
