/** What stands at a path inside a folder, never seen through a symbolic link on the way to it. */
import { lstatSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";

/** undefined: nothing, also where a file or a link stands in the place of one of its folders. */
export function statInside(root: string, path: string): Stats | undefined {
  for (let above = dirname(path); above !== "."; above = dirname(above)) if (!lstat(join(root, above))?.isDirectory()) return undefined;
  return lstat(join(root, path));
}

/** Node throws where a file stands in the way, and says undefined where nothing does. */
function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}
