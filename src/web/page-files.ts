/** The files of the page: a fixed list, read from the bundle once. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface PageFile {
  readonly type: string;
  readonly data: Buffer;
}

const names: Readonly<Record<string, readonly [string, string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/style.css": ["style.css", "text/css; charset=utf-8"],
};

/** By path. Empty where this build has no page. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const here = import.meta.dirname;
  for (const dir of [join(here, "..", "ui"), join(here, "..", "..", "dist", "ui")]) {
    try {
      return new Map(Object.entries(names).map(([path, [name, type]]) => [path, { type, data: readFileSync(join(dir, name)) }]));
    } catch {
      // Elsewhere, or not at all.
    }
  }
  return new Map();
}
